/// The name of who made a picture, at the end of its caption.
///
/// Such as "A ship in the harbour. Photo: Jane Doe". The caption says something of the subject, the credit doesn't.
enum PictureCredit {
    /// Longer text isn't a caption, in bytes.
    private static let longestCaption = 600
    /// A longer end of a text says more than a name, in bytes.
    private static let longestCredit = 90

    /// Cuts the credit off a text; nothing may be left of one that is all credit.
    static func cut(_ text: inout [UInt8]) {
        guard text.count < longestCaption, let start = start(in: text.span) else { return }
        text.removeSubrange(start...)
        trim(&text)
    }

    private static func start(in text: Span<UInt8>) -> Int? {
        var before: UInt8 = 0  // the last byte that is no space
        var index = max(0, text.count - longestCredit)
        if index > 0 { before = text[index - 1] }
        while index < text.count {
            let byte = text[index]
            if byte == 0xC2, index > 0, index + 1 < text.count, text[index + 1] == 0xA9,
                !endsWithCopyright(text, before: index)
            {
                return index
            }
            if isBoundary(before), isCredit(text, at: index, after: before) { return index }
            if byte != 0x20 { before = byte }
            index += 1
        }
        return nil
    }

    private static func isCredit(_ text: Span<UInt8>, at index: Int, after before: UInt8) -> Bool {
        switch before {
        // "module.Image:" is no end of a sentence.
        case UInt8(ascii: "."), UInt8(ascii: "?"), UInt8(ascii: "!"): if text[index - 1] == before { return false }
        default: break
        }
        guard AsidePhrases.credits.matches(text, at: index) else { return false }
        // In brackets, the credit is what they hold: text goes on after it.
        let close: UInt8
        switch before {
        case UInt8(ascii: "("): close = UInt8(ascii: ")")
        case UInt8(ascii: "["): close = UInt8(ascii: "]")
        default: return true
        }
        for end in index..<text.count where text[end] == close { return text.count - end <= 2 }
        return true
    }

    /// Whether the sign belongs to the word before it: "Portions Copyright © 1996".
    private static func endsWithCopyright(_ text: Span<UInt8>, before index: Int) -> Bool {
        var end = index
        while end > 0, text[end - 1] == 0x20 { end -= 1 }
        let word = "copyright".utf8
        guard end >= word.count else { return false }
        return zip(end - word.count..<end, word).allSatisfy { text[$0] | 0x20 == $1 }
    }

    /// What ends the text before a credit: the end of a sentence, a bracket, a dash, a line.
    private static func isBoundary(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "."), UInt8(ascii: "!"), UInt8(ascii: "?"),
            UInt8(ascii: "|"), UInt8(ascii: "/"), UInt8(ascii: "-"), UInt8(ascii: "\""), 0x0A,
            0x93, 0x94, 0x9D, 0xBB:  // the last bytes of –, —, ” and »
            true
        default: false
        }
    }

    private static func trim(_ text: inout [UInt8]) {
        while let last = text.last {
            if " ([-|/\n,".utf8.contains(last) {
                text.removeLast()
            } else if text.suffix(3).elementsEqual("–".utf8) || text.suffix(3).elementsEqual("—".utf8) {
                text.removeLast(3)
            } else {
                return
            }
        }
    }
}
