/// Short lines that page authors put between paragraphs and that say nothing of the subject: dates, credits of pictures,
/// marks of advertisements, calls to read, share or subscribe.
///
/// A line must be short to be judged by its first words (``AsidePhrases``).
enum AsideLine {
    /// What a line is about.
    enum Kind {
        /// Only itself: a date, a credit, a mark.
        case line
        /// Itself, unless it is a heading: where to read on, but for an address that a reader sees.
        case pointer
        /// The part of the page that follows: "related articles".
        case section
    }

    /// Longer lines are text, in characters other than white space.
    static let longest: Int32 = 110
    /// A longer paragraph isn't only about who pays for its links.
    static let longestDisclosure: Int32 = 400
    /// A date and perhaps a name; longer lines say more.
    private static let longestDate = 48

    /// What a line, white space collapsed, is about; nil if it is text.
    static func kind(of line: [UInt8]) -> Kind? {
        let span = line.span
        if let start = line.firstIndex(where: { $0 > 0x20 && !isMark($0) }) {
            if AsidePhrases.sections.matches(span, at: start) { return .section }
            if AsidePhrases.lines.matches(span, at: start) { return .line }
            if AsidePhrases.pointers.matches(span, at: start), !AsidePhrases.addresses.isHeld(by: span) {
                return .pointer
            }
        }
        return isDate(line) || isPictureSource(line) ? .line : nil
    }

    /// Whether a line ends as sentences do.
    static func endsSentence(_ line: [UInt8]) -> Bool {
        guard let last = line.last else { return false }
        if last < 0x80 { return ".?!:;\"')".utf8.contains(last) }
        return ["…", "»", "”", "“", "’", "。"].contains { line.suffix($0.utf8.count).elementsEqual($0.utf8) }
    }

    /// A picture's seller with what sets it off: "Name / Agency"; a caption that says more is text.
    private static func isPictureSource(_ line: [UInt8]) -> Bool {
        let isSetOff = line.contains { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "|") || $0 == 0xA9 }
        guard isSetOff, !endsSentence(line), AsidePhrases.agencies.isHeld(by: line.span) else { return false }
        var caption = line
        PictureCredit.cut(&caption)
        return !endsSentence(caption)
    }

    /// A year or a time of day, few words, no sentence.
    private static func isDate(_ line: [UInt8]) -> Bool {
        guard line.count <= longestDate, let last = line.last, last != 0x2E, last != 0x3F, last != 0x21 else {
            return false
        }
        var digits = 0
        var run = 0
        var hasYear = false
        var hasTime = false
        for (offset, byte) in line.enumerated() {
            if (0x30...0x39).contains(byte) {
                digits += 1
                run += 1
                continue
            }
            if run == 4, isYear(line[(offset - 4)..<offset]) { hasYear = true }
            if byte == 0x3A, run > 0, offset + 1 < line.count, (0x30...0x39).contains(line[offset + 1]) {
                hasTime = true
            }
            run = 0
        }
        if run == 4, isYear(line.suffix(4)) { hasYear = true }
        let words = line.split(separator: 0x20).count
        return hasYear && (digits >= 5 || hasTime) && words <= 7 || hasTime && digits >= 3 && words <= 4
    }

    private static func isYear(_ digits: ArraySlice<UInt8>) -> Bool {
        digits.starts(with: Array("19".utf8)) || digits.starts(with: Array("20".utf8))
    }

    private static func isMark(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "-"), UInt8(ascii: "*"), UInt8(ascii: ">"), UInt8(ascii: "("), UInt8(ascii: "["),
            UInt8(ascii: ":"), UInt8(ascii: "|"), UInt8(ascii: "\""), 0xE2, 0x80, 0xA2:  // and a bullet's three bytes
            true
        default: false
        }
    }
}
