import Foundation

/// Reads an mbox file message by message in bounded memory.
///
/// Source: RFC 4155 (mbox); `>From ` inside a message is unquoted as the mboxrd variant says.
struct Mailbox {
    private let next: () throws(IngestionError) -> [UInt8]
    private let messageLimit: Int
    private var buffer: [UInt8] = []
    private var isAtEnd = false

    private static let blockBytes = 1 << 20
    private static let start = Array("From ".utf8)
    private static let boundary = Array("\nFrom ".utf8)

    /// Reads a file from its handle.
    init(_ handle: FileHandle, messageLimit: Int) {
        self.messageLimit = messageLimit
        next = { () throws(IngestionError) in
            do {
                return Array(try handle.read(upToCount: Self.blockBytes) ?? Data())
            } catch {
                throw .unreadable(path: "the mailbox", reason: "it can't be read to its end")
            }
        }
    }

    /// Reads bytes in memory.
    init(_ bytes: [UInt8], messageLimit: Int) {
        self.messageLimit = messageLimit
        buffer = bytes
        isAtEnd = true
        next = { () throws(IngestionError) in [] }
    }

    /// Whether bytes are a mailbox's: a `From ` line, then a header.
    static func matches(_ bytes: [UInt8]) -> Bool {
        guard bytes.starts(with: start), let end = bytes.prefix(1000).firstIndex(of: 0x0A) else { return false }
        let line = bytes[(end + 1)...].prefix(80)
        guard let colon = line.firstIndex(of: 0x3A) else { return false }
        return !line[..<colon].contains { $0 <= 0x20 }
    }

    /// Calls `body` with each message, nil for one over the limit.
    func forEach(_ body: ([UInt8]?) throws(IngestionError) -> Void) throws(IngestionError) {
        var reader = self
        while let message = try reader.message() {
            switch message {
            case .tooLong: try body(nil)
            case .bytes(let bytes): if !bytes.isEmpty { try body(bytes) }
            }
        }
    }

    private enum Message {
        case bytes([UInt8])
        case tooLong
    }

    private mutating func message() throws(IngestionError) -> Message? {
        var searched = 0
        var dropped = false
        while true {
            if let at = Self.find(in: buffer, from: max(0, searched - Self.boundary.count)) {
                let bytes = Array(buffer[..<at])
                buffer.removeFirst(at + 1)
                return dropped ? .tooLong : .bytes(Self.content(bytes))
            }
            if isAtEnd {
                if buffer.isEmpty { return dropped ? .tooLong : nil }
                let bytes = buffer
                buffer = []
                return dropped ? .tooLong : .bytes(Self.content(bytes))
            }
            searched = buffer.count
            if buffer.count > messageLimit {
                buffer.removeFirst(buffer.count - Self.boundary.count)
                searched = 0
                dropped = true
            }
            let block = try next()
            isAtEnd = block.isEmpty
            buffer += block
        }
    }

    private static func find(in buffer: [UInt8], from start: Int) -> Int? {
        var at = start
        while at + boundary.count <= buffer.count {
            if buffer[at] == 0x0A, buffer[at..<(at + boundary.count)].elementsEqual(boundary) { return at }
            at += 1
        }
        return nil
    }

    /// A message without its `From ` line and the quoting of such lines.
    private static func content(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.starts(with: start) else { return bytes }
        guard let end = bytes.firstIndex(of: 0x0A) else { return [] }
        var content: [UInt8] = []
        content.reserveCapacity(bytes.count)
        var at = end + 1
        while at < bytes.count {
            let lineEnd = bytes[at...].firstIndex(of: 0x0A) ?? bytes.count
            let line = bytes[at..<lineEnd]
            let marks = line.prefix { $0 == 0x3E }.count
            content += marks > 0 && line.dropFirst(marks).starts(with: start) ? line.dropFirst() : line
            content.append(0x0A)
            at = lineEnd + 1
        }
        return content
    }
}
