import Foundation

/// Lines of a file or of standard input, read as they are needed.
enum InputLines {
    /// How much is read at a time.
    private static let blockBytes = 1 << 16

    private struct TextLine: Decodable {
        var text: String
    }

    /// Calls `body` with each line, without its line end, and its number from 1.
    /// - Throws: `CommandFailure` when the file can't be read; what `body` throws.
    static func read(_ path: String?, _ body: (String, Int) throws -> Void) throws {
        let handle: FileHandle
        if let path, path != "-" {
            guard let file = FileHandle(forReadingAtPath: path) else {
                throw CommandFailure(message: "can't read '\(path)': check the path and its permissions")
            }
            handle = file
        } else {
            handle = .standardInput
        }
        defer { try? handle.close() }
        var pending: [UInt8] = []
        var number = 0
        while let block = try handle.read(upToCount: blockBytes), !block.isEmpty {
            var start = block.startIndex
            while let end = block[start...].firstIndex(of: 0x0A) {
                pending += block[start..<end]
                number += 1
                try body(text(&pending), number)
                start = end + 1
            }
            pending += block[start...]
        }
        if !pending.isEmpty { try body(text(&pending), number + 1) }
    }

    /// The texts of a file: its lines, or the `text` fields of a .jsonl file.
    /// - Throws: `CommandFailure` that names the line that can't be used.
    static func texts(_ path: String?) throws -> [String] {
        let isJSONLines = path?.lowercased().hasSuffix(".jsonl") ?? false
        var texts: [String] = []
        try read(path) { line, number in
            guard isJSONLines else { return texts.append(line) }
            if line.allSatisfy(\.isWhitespace) { return }
            guard let value = try? JSONDecoder().decode(TextLine.self, from: Data(line.utf8)) else {
                throw CommandFailure(
                    message: "\(path ?? "input"), line \(number): not a JSON object with a \"text\" field")
            }
            texts.append(value.text)
        }
        return texts
    }

    private static func text(_ bytes: inout [UInt8]) -> String {
        if bytes.last == 0x0D { bytes.removeLast() }
        defer { bytes.removeAll(keepingCapacity: true) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
