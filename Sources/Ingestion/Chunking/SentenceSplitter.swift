/// Finds the sentences of a text by punctuation and a few rules, for any language that ends them with `. ! ? …` or
/// `。！？`.
///
/// A full stop ends no sentence after an abbreviation, an initial or the number of a list item, inside a number or name
/// (`3.5`, `docs.html`), or before a lower-case word. Closing quotes and brackets belong to the sentence before them. An
/// empty line, and a line that starts a list item, begin a new sentence. O(bytes).
///
/// ```swift
/// SentenceSplitter().sentences(in: "It costs 3.5 kr. Dr. Berg agrees.")  // two ranges
/// ```
public struct SentenceSplitter: Sendable {
    /// Creates a splitter.
    public init() {}

    /// The sentences of `text` as UTF-8 byte ranges: in order, not empty, without the white space around them; all text
    /// that isn't white space is in one of them.
    public func sentences(in text: String) -> [Range<Int>] {
        sentences(in: Array(text.utf8))
    }

    /// The sentences of valid UTF-8, as ``sentences(in:)-(String)``.
    public func sentences(in bytes: [UInt8]) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var start = 0
        var index = 0
        func add(_ end: Int) {
            var first = start
            var last = end
            while first < last, bytes[first] <= 0x20 { first += 1 }
            while last > first, bytes[last - 1] <= 0x20 { last -= 1 }
            if first < last { ranges.append(first..<last) }
            start = end
        }
        while index < bytes.count {
            let byte = bytes[index]
            if byte == 0x0A {
                if startsBlock(bytes, after: index) { add(index) }
                index += 1
                continue
            }
            let mark = terminator(bytes, at: index)
            guard mark.length > 0 else {
                index += 1
                continue
            }
            var end = index + mark.length
            while end < bytes.count, case let next = terminator(bytes, at: end), next.length > 0 { end += next.length }
            while end < bytes.count, case let length = closer(bytes, at: end), length > 0 { end += length }
            if mark.isWide || endsSentence(bytes, sentenceStart: start, mark: index, end: end) { add(end) }
            index = end
        }
        add(bytes.count)
        return ranges
    }

    /// A line end that separates: followed by an empty line or by a list item's marker.
    private func startsBlock(_ bytes: [UInt8], after newline: Int) -> Bool {
        var at = newline + 1
        while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x09 { at += 1 }
        guard at < bytes.count else { return true }
        if bytes[at] == 0x0A { return true }
        if at + 1 < bytes.count, bytes[at + 1] == 0x20, [0x2D, 0x2A, 0x2B].contains(bytes[at]) { return true }
        var digits = at
        while digits < bytes.count, (0x30...0x39).contains(bytes[digits]) { digits += 1 }
        guard digits > at, digits - at <= 3, digits + 1 < bytes.count else { return false }
        return (bytes[digits] == 0x2E || bytes[digits] == 0x29) && bytes[digits + 1] == 0x20
    }

    /// The length of a sentence's end mark, 0 if there is none; wide ones need no space after them.
    private func terminator(_ bytes: [UInt8], at index: Int) -> (length: Int, isWide: Bool) {
        switch bytes[index] {
        case 0x2E, 0x21, 0x3F: return (1, false)
        case 0xE2 where matches(bytes, index, 0x80, 0xA6): return (3, false)  // …
        case 0xE3 where matches(bytes, index, 0x80, 0x82): return (3, true)  // 。
        case 0xEF where matches(bytes, index, 0xBC, 0x81): return (3, true)  // ！
        case 0xEF where matches(bytes, index, 0xBC, 0x9F): return (3, true)  // ？
        case 0xEF where matches(bytes, index, 0xBD, 0xA1): return (3, true)  // ｡
        case 0xE0 where matches(bytes, index, 0xA5, 0xA4): return (3, true)  // danda
        default: return (0, false)
        }
    }

    /// The length of a closing quote or bracket, 0 if there is none.
    private func closer(_ bytes: [UInt8], at index: Int) -> Int {
        switch bytes[index] {
        case 0x29, 0x5D, 0x22, 0x27, 0x7D: return 1
        case 0xC2 where index + 1 < bytes.count && bytes[index + 1] == 0xBB: return 2  // »
        case 0xE2 where matches(bytes, index, 0x80, 0x99) || matches(bytes, index, 0x80, 0x9D): return 3  // ’ ”
        case 0xE3 where matches(bytes, index, 0x80, 0x8D) || matches(bytes, index, 0x80, 0x8F): return 3  // 」 』
        case 0xEF where matches(bytes, index, 0xBC, 0x89): return 3  // ）
        default: return 0
        }
    }

    private func matches(_ bytes: [UInt8], _ index: Int, _ second: UInt8, _ third: UInt8) -> Bool {
        index + 2 < bytes.count && bytes[index + 1] == second && bytes[index + 2] == third
    }

    private func endsSentence(_ bytes: [UInt8], sentenceStart: Int, mark: Int, end: Int) -> Bool {
        guard end < bytes.count else { return true }
        guard bytes[end] <= 0x20 else { return false }
        var next = end
        while next < bytes.count, bytes[next] <= 0x20 || bytes[next] == 0x22 || bytes[next] == 0x28 { next += 1 }
        guard next < bytes.count else { return true }
        let isFullStop = bytes[mark] == 0x2E && (mark + 1 >= end || bytes[mark + 1] != 0x2E)
        // A lower-case word goes on with the sentence, after "etc." as after "he said!".
        if (0x61...0x7A).contains(bytes[next]) { return false }
        guard isFullStop else { return true }
        return !isAbbreviation(bytes, sentenceStart: sentenceStart, mark: mark)
    }

    private func isAbbreviation(_ bytes: [UInt8], sentenceStart: Int, mark: Int) -> Bool {
        var start = mark
        while start > sentenceStart, bytes[start - 1] > 0x20, mark - start < 24 { start -= 1 }
        while start < mark, [0x28, 0x22, 0x27, 0x5B].contains(bytes[start]) { start += 1 }
        let word = bytes[start..<mark]
        guard let first = word.first else { return false }
        let isLetters = word.allSatisfy { (0x41...0x5A).contains($0 & 0xDF) }
        // An initial; "I." may end a sentence but mostly doesn't.
        if word.count == 1, (0x41...0x5A).contains(first) { return true }
        // The number of a list item at the start of its text.
        if word.allSatisfy({ (0x30...0x39).contains($0) }), !bytes[sentenceStart..<start].contains(where: { $0 > 0x20 })
        {
            return true
        }
        // Letters with full stops between them: e.g, i.e, U.S, p.m.
        let parts = word.split(separator: 0x2E)
        if parts.count >= 2, parts.allSatisfy({ $0.count == 1 && (0x41...0x5A).contains(($0.first ?? 0) & 0xDF) }) {
            return true
        }
        guard isLetters, word.count <= 7 else { return false }
        return Self.abbreviations.contains(String(decoding: word, as: UTF8.self).lowercased())
    }

    private static let abbreviations = Set(
        """
        mr mrs ms mx dr prof sr jr st rev gen col capt lt sgt hon gov sen rep pres vs etc eg ie cf al approx appx dept
        est fig figs eq eqs sec ch chap vol vols no nos nr pp ed eds ref refs tab art min max tel ext ca inc ltd co corp
        bros assn univ jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed thu thur fri sat sun ave blvd
        rd bzw usw zb dh evtl ggf inkl bspw vgl abb str hr fr tsd mio mrd resp cie mme mlle env ej sra srta
        """
        .split(whereSeparator: \.isWhitespace).map(String.init))
}
