/// Phrases in lower case, found by their first byte.
///
/// A phrase that ends in `$` is a whole line: nothing but punctuation follows.
struct PhraseTable: Sendable {
    private let byFirst: [[[UInt8]]]

    init(_ phrases: [String]) {
        var byFirst = [[[UInt8]]](repeating: [], count: 256)
        for phrase in phrases.lazy.map({ Array($0.utf8) }) { byFirst[Int(phrase[0])].append(phrase) }
        self.byFirst = byFirst
    }

    /// Whether a phrase stands at `start` of a lower-cased line, whole words of it.
    func matches(_ line: [UInt8], at start: Int) -> Bool {
        byFirst[Int(line[start])].contains { phrase in
            let isWhole = phrase.last == UInt8(ascii: "$")
            let phrase = isWhole ? phrase.dropLast() : phrase[...]
            guard line[start...].starts(with: phrase), let last = phrase.last else { return false }
            let rest = line[(start + phrase.count)...]
            if isWhole { return !rest.contains { Self.isLetter($0) || $0 &- 0x30 < 10 } }
            return !Self.isLetter(last) || !(rest.first.map(Self.isLetter) ?? false)
        }
    }

    /// Whether a phrase stands at the start of any word of a lower-cased line.
    func isHeld(by line: [UInt8]) -> Bool {
        var wordStart = true
        for index in line.indices {
            if wordStart, matches(line, at: index) { return true }
            wordStart = !Self.isLetter(line[index])
        }
        return false
    }

    private static func isLetter(_ byte: UInt8) -> Bool { byte &- 0x61 < 26 || byte >= 0xC3 }

    /// ASCII and the Latin letters of two bytes in lower case.
    static func lowercased(_ line: [UInt8]) -> [UInt8] {
        var lower = line
        for index in lower.indices {
            if (0x41...0x5A).contains(lower[index]) { lower[index] |= 0x20 }
            if index > 0, lower[index - 1] == 0xC3, (0x80...0x9E).contains(lower[index]) { lower[index] |= 0x20 }
        }
        return lower
    }
}
