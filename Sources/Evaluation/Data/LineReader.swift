import Foundation

/// Reads a file line by line in blocks, so that a corpus of any size needs the memory of its longest line.
///
/// Lines end in LF or CRLF; a byte order mark at the start is skipped.
struct LineReader {
    /// The longest line that is read; a longer one is an error, not a memory problem.
    static let longestLineBytes = 64 << 20
    private static let blockBytes = 1 << 20

    let path: String
    private let handle: FileHandle
    private var buffer: [UInt8] = []
    private var position = 0
    private var isAtEnd = false
    /// The number of the line last returned, from 1.
    private(set) var lineNumber = 0

    /// - Throws: `notFound`, `unreadable`.
    init(path: String) throws(EvaluationError) {
        guard FileManager.default.fileExists(atPath: path) else { throw .notFound(path: path) }
        do {
            handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        } catch {
            throw .unreadable(path: path, reason: error.localizedDescription)
        }
        self.path = path
        try fill()
        if buffer.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    /// The next line without its end; nil after the last one.
    mutating func next() throws(EvaluationError) -> ArraySlice<UInt8>? {
        var searchStart = position
        while true {
            if let end = buffer[searchStart...].firstIndex(of: 0x0A) {
                defer { position = end + 1 }
                lineNumber += 1
                return trimmed(position..<end)
            }
            if isAtEnd {
                guard position < buffer.count else { return nil }
                defer { position = buffer.count }
                lineNumber += 1
                return trimmed(position..<buffer.count)
            }
            guard buffer.count - position <= Self.longestLineBytes else {
                throw .malformed(
                    path: path, line: lineNumber + 1, reason: "the line is longer than \(Self.longestLineBytes) bytes")
            }
            let pending = buffer.count - position
            try fill()
            searchStart = position + pending
        }
    }

    private func trimmed(_ range: Range<Int>) -> ArraySlice<UInt8> {
        let line = buffer[range]
        return line.last == 0x0D ? line.dropLast() : line
    }

    /// Drops what has been read and adds a block.
    private mutating func fill() throws(EvaluationError) {
        do {
            let block = try handle.read(upToCount: Self.blockBytes) ?? Data()
            isAtEnd = block.isEmpty
            buffer.removeSubrange(..<position)
            position = 0
            buffer.append(contentsOf: block)
        } catch {
            throw .unreadable(path: path, reason: error.localizedDescription)
        }
    }
}

extension ArraySlice<UInt8> {
    /// The fields of a line that spaces and tabs separate, as trec_eval reads it.
    var fields: [ArraySlice<UInt8>] {
        split { $0 == 0x20 || $0 == 0x09 }
    }

    var text: String { String(decoding: self, as: UTF8.self) }

    /// Whether there is nothing in the line, or only a comment.
    var isBlankOrComment: Bool {
        guard let first = first(where: { $0 != 0x20 && $0 != 0x09 }) else { return true }
        return first == UInt8(ascii: "#")
    }
}
