import Foundation
import Storage

/// Plain text longer than a document may be comes in parts, each a document of its own: `log.txt#1`, `log.txt#2`, ….
///
/// Memory is bounded by a part. A part ends at an empty line, else at a line's end, else at a space, so that the same
/// text is cut at the same places when the file has grown at its end, and only what is new is embedded. A file whose
/// first part has no line's end is no text that somebody wrote, and is refused for its size.
extension ItemExpander {
    /// Bytes of a part: small enough for frequent progress, large enough for few documents.
    static let partBytes = 1 << 20

    /// The path of an item that is plain text by its name and longer than a document may be.
    func path(ofLongText item: NewJobItem) -> String? {
        guard case .path(let path) = item.payload, SourceFile.size(path) > extractor.byteLimit else { return nil }
        let named =
            SourceFormat(mediaType: MediaType(item.contentType).essence)
            ?? SourceFormat(fileExtension: SourceFormat.fileExtension(of: JobItems.fileName(of: item)))
        return named == .text ? path : nil
    }

    /// Calls `found` with an item for each part of a text.
    func parts(
        ofLongText item: NewJobItem, _ path: String, _ found: (NewJobItem) throws(IngestionError) -> Void
    ) throws(IngestionError) {
        let name = JobItems.fileName(of: item) ?? item.externalID
        var reader = TextPartReader(try SourceFile.open(path), partBytes: min(Self.partBytes, extractor.byteLimit))
        defer { reader.close() }
        var count = 0
        while let part = try reader.next() {
            if count == 0 {
                guard !part.prefix(8192).contains(0) else { throw .binary(name: name) }
                guard part.contains(0x0A) else {
                    throw .tooLarge(byteCount: SourceFile.size(path), limit: extractor.byteLimit)
                }
            }
            count += 1
            guard part.contains(where: { $0 > 0x20 }) else { continue }
            try found(
                NewJobItem(
                    externalID: FileCollector.bounded("\(item.externalID)#\(count)"), payload: .bytes(part),
                    contentType: SourceFormat.text.rawValue, fileName: name, title: item.title ?? name, url: item.url,
                    metadata: item.metadata))
        }
    }
}

/// Reads a text file in parts of bounded size.
struct TextPartReader {
    private let handle: FileHandle
    private let partBytes: Int
    private var rest: [UInt8] = []

    /// Parts of at most `partBytes`.
    init(_ handle: FileHandle, partBytes: Int) {
        self.handle = handle
        self.partBytes = partBytes
    }

    /// The next part, nil after the last.
    mutating func next() throws(IngestionError) -> [UInt8]? {
        do {
            while rest.count <= partBytes, let more = try handle.read(upToCount: partBytes), !more.isEmpty {
                rest += more
            }
        } catch {
            throw .unreadable(path: "the file", reason: "it can't be read to its end")
        }
        guard !rest.isEmpty else { return nil }
        guard rest.count > partBytes else {
            defer { rest = [] }
            return rest
        }
        let end = Self.end(in: rest[..<partBytes])
        let part = Array(rest[..<end])
        rest.removeFirst(end)
        return part
    }

    /// Closes the file.
    func close() { try? handle.close() }

    /// After the last empty line in the second half, else after the last line's end, else after the last space or
    /// before the last character.
    private static func end(in bytes: ArraySlice<UInt8>) -> Int {
        let half = bytes.count / 2
        var (line, space, index) = (0, 0, bytes.count - 1)
        while index > half {
            if bytes[index] == 0x0A {
                if bytes[index - 1] == 0x0A { return index + 1 }
                if line == 0 { line = index + 1 }
            } else if space == 0, bytes[index] == 0x20 {
                space = index + 1
            }
            index -= 1
        }
        if line > 0 { return line }
        if space > 0 { return space }
        // Not inside a character of UTF-8.
        return bytes.lastIndex { $0 & 0xC0 != 0x80 } ?? bytes.count
    }
}
