/// A pattern over the path and query of an address: `*` stands for anything, a final `$` for the end.
///
/// Without `$` it is about how addresses begin. Both sides are compared in one form of percent-encoding.
/// Source: RFC 9309 section 2.2.3.
package struct PathPattern: Sendable, Equatable {
    private let parts: [[UInt8]]
    private let isAnchored: Bool
    /// The bytes of the pattern, by which the most specific rule is told.
    let length: Int

    /// The longest pattern; a longer one is cut.
    private static let maximumBytes = 2_048

    /// A pattern as robots.txt writes it.
    package init(_ text: some StringProtocol) {
        var pattern = String(decoding: PageURL.encoded(text).utf8.prefix(Self.maximumBytes), as: UTF8.self)
        length = pattern.utf8.count
        isAnchored = pattern.hasSuffix("$")
        if isAnchored { pattern.removeLast() }
        parts = pattern.utf8.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false).map { Array($0) }
    }

    /// Whether `target`, a path with its query, is meant.
    ///
    /// O(target × pattern) at worst.
    package func matches(_ target: String) -> Bool {
        let bytes = Array(target.utf8)
        guard bytes.starts(with: parts[0]) else { return false }
        var position = parts[0].count
        for (number, part) in parts.dropFirst().enumerated() {
            let isLast = number == parts.count - 2
            if isLast, isAnchored {
                let start = bytes.count - part.count
                return start >= position && bytes[start...].elementsEqual(part)
            }
            guard let found = Self.find(part, in: bytes, from: position) else { return false }
            position = found + part.count
        }
        return !isAnchored || position == bytes.count
    }

    private static func find(_ part: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
        guard !part.isEmpty else { return start }
        var index = start
        while index + part.count <= bytes.count {
            if bytes[index] == part[0], bytes[index..<index + part.count].elementsEqual(part) { return index }
            index += 1
        }
        return nil
    }
}
