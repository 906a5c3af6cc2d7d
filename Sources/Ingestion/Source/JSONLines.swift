import Foundation
import Storage

/// JSON Lines: a document a line.
///
/// `{"id"?, "title"?, "text" | "html" | "markdown", "url"?, "metadata"?}`; BEIR's `_id` stands for `id`. A line without
/// an id gets the file's id, `#` and its number. Empty lines are skipped.
struct JSONLines {
    /// A line as it comes out of a file.
    enum Line: Equatable {
        /// A line's bytes and its number, from 1.
        case bytes([UInt8], number: Int)
        /// A line longer than the limit.
        case tooLong(number: Int, byteCount: Int)
    }

    /// The document of a line.
    /// - Parameters:
    ///   - bytes: the line.
    ///   - number: its number, from 1.
    ///   - name: the id of the file, for lines without one.
    ///   - prefix: put before the line's own id.
    /// - Returns: the document, as if it had been uploaded.
    /// - Throws: `IngestionError.badLine`.
    static func document(
        _ bytes: [UInt8], number: Int, name: String, prefix: String
    ) throws(IngestionError) -> SourceDocument {
        let value: JSONValue
        do {
            value = try JSONDecoder().decode(JSONValue.self, from: Data(bytes))
        } catch {
            throw .badLine(line: number, reason: "malformed JSON")
        }
        guard case .object(let fields) = value else {
            throw .badLine(line: number, reason: "expected an object, found \(value.kindName)")
        }
        let bodies = [("text", "text/plain"), ("html", "text/html"), ("markdown", "text/markdown")]
        let present = bodies.filter { fields[$0.0] != nil && fields[$0.0] != .null }
        guard let body = present.first else {
            throw .badLine(line: number, reason: "it has none of \"text\", \"html\" and \"markdown\"")
        }
        guard present.count == 1 else {
            throw .badLine(line: number, reason: "it has more than one of \"text\", \"html\" and \"markdown\"")
        }
        guard case .string(let text) = fields[body.0] else {
            throw .badLine(line: number, reason: "\"\(body.0)\" is not a string")
        }
        var metadata: [String: JSONValue] = [:]
        switch fields["metadata"] ?? .null {
        case .null: break
        case .object(let object): metadata = object
        default: throw .badLine(line: number, reason: "\"metadata\" is not an object")
        }
        let id: String
        switch fields["id"] ?? fields["_id"] ?? .null {
        case .null: id = "\(name)#\(number)"
        case .string(let given) where !given.isEmpty: id = prefix + given
        case .int(let given): id = prefix + String(given)
        default: throw .badLine(line: number, reason: "\"id\" is neither a string nor a whole number")
        }
        guard id.utf8.count <= DocumentStore.maximumExternalIDBytes else {
            throw .badLine(line: number, reason: "\"id\" is longer than \(DocumentStore.maximumExternalIDBytes) bytes")
        }
        return SourceDocument(
            externalID: id, bytes: Array(text.utf8), contentType: body.1 + "; charset=utf-8",
            title: fields["title"]?.stringValue, url: fields["url"]?.stringValue, metadata: metadata)
    }
}

/// Reads a file line by line in bounded memory; a line over the limit is skipped and reported.
struct LineReader {
    private let handle: FileHandle
    private let lineLimit: Int
    private var buffer: [UInt8] = []
    private var at = 0
    private var number = 0
    private var isAtEnd = false

    private static let blockBytes = 1 << 20

    /// Reads `handle` to its end; lines of more than `lineLimit` bytes are not kept.
    init(_ handle: FileHandle, lineLimit: Int) {
        self.handle = handle
        self.lineLimit = lineLimit
    }

    /// Whether the file starts with noise instead of text; asked before the first line.
    /// - Throws: `IngestionError.unreadable`.
    mutating func startsBinary() throws(IngestionError) -> Bool {
        if buffer.isEmpty, !isAtEnd { try fill() }
        return TextEncoding.looksBinary(buffer)
    }

    /// The next line that isn't blank, without its end; nil at the end of the file.
    /// - Throws: `IngestionError.unreadable`.
    mutating func next() throws(IngestionError) -> JSONLines.Line? {
        while true {
            var line: [UInt8] = []
            var length = 0
            var found = false
            while !found {
                if at == buffer.count {
                    if isAtEnd { break }
                    try fill()
                    continue
                }
                let end = buffer[at...].firstIndex(of: 0x0A) ?? buffer.count
                length += end - at
                if length <= lineLimit { line += buffer[at..<end] } else { line = [] }
                found = end < buffer.count
                at = found ? end + 1 : end
            }
            if !found && length == 0 { return nil }
            number += 1
            if length > lineLimit { return .tooLong(number: number, byteCount: length) }
            if number == 1, line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
            if line.contains(where: { $0 > 0x20 }) { return .bytes(line, number: number) }
        }
    }

    private mutating func fill() throws(IngestionError) {
        do {
            let data = try handle.read(upToCount: Self.blockBytes)
            buffer = Array(data ?? Data())
            at = 0
            isAtEnd = buffer.isEmpty
        } catch {
            throw .unreadable(path: "the input", reason: "it can't be read to its end")
        }
    }
}
