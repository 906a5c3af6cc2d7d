/// Phrases found by their first byte, whatever the case of the text; they are given in lower case.
///
/// A phrase that ends in `$` is a whole line: nothing but punctuation follows.
struct PhraseTable: Sendable {
    /// All phrases, one after the other, in the order of their first bytes.
    private let bytes: [UInt8]
    /// Where each phrase starts in `bytes`, and at last their end.
    private let starts: [Int]
    /// The first phrase of each first byte, and at last their number.
    private let firsts: [Int]

    /// A table of phrases that aren't empty.
    init(_ phrases: [String]) {
        let sorted = phrases.map { Array($0.utf8) }.sorted { $0[0] < $1[0] }
        bytes = Array(sorted.joined())
        starts = sorted.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
        firsts = (0...256).map { byte in sorted.count { Int($0[0]) < byte } }
    }

    /// Whether a phrase stands at `start` of a line, whole words of it.
    func matches(_ line: Span<UInt8>, at start: Int) -> Bool {
        let first = Int(Self.lowercased(line, start))
        for phrase in firsts[first]..<firsts[first + 1] where matches(line, at: start, phrase: phrase) { return true }
        return false
    }

    /// Whether a phrase stands at the start of any word of a text.
    func isHeld(by text: Span<UInt8>) -> Bool {
        var wordStart = true
        for index in text.indices {
            if wordStart, matches(text, at: index) { return true }
            wordStart = !Self.isLetter(text[index])
        }
        return false
    }

    private func matches(_ line: Span<UInt8>, at start: Int, phrase: Int) -> Bool {
        let bytes = bytes.span
        let from = starts[phrase]
        var count = starts[phrase + 1] - from
        let isWhole = bytes[from + count - 1] == UInt8(ascii: "$")
        if isWhole { count -= 1 }
        guard start + count <= line.count else { return false }
        for offset in 0..<count where Self.lowercased(line, start + offset) != bytes[from + offset] { return false }
        let end = start + count
        if isWhole {
            for index in end..<line.count where Self.isLetter(line[index]) || line[index].isAlphanumeric {
                return false
            }
            return true
        }
        return end == line.count || !Self.isLetter(line[end]) || !Self.isLetter(bytes[from + count - 1])
    }

    private static func isLetter(_ byte: UInt8) -> Bool { byte.isLetter || byte >= 0xC3 }

    /// A byte of ASCII or of the Latin letters of two bytes in lower case.
    private static func lowercased(_ line: Span<UInt8>, _ index: Int) -> UInt8 {
        let byte = line[index]
        if byte < 0x80 { return byte.lowercased }
        return index > 0 && line[index - 1] == 0xC3 && byte < 0x9F ? byte | 0x20 : byte
    }
}
