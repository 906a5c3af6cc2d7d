/// The name of who made a picture, at the end of its caption.
///
/// Such as "A ship in the harbour. Photo: Jane Doe".
///
/// The caption says something of the subject, the credit doesn't.
enum PictureCredit {
    /// Longer text isn't a caption, in bytes.
    private static let longestCaption = 600
    /// A longer end of a text says more than a name, in bytes.
    private static let longestCredit = 90

    /// Cuts the credit off a text; nothing may be left of one that is all credit.
    static func cut(_ text: inout [UInt8]) {
        guard text.count < longestCaption else { return }
        let first = max(0, text.count - longestCredit)
        let tail = PhraseTable.lowercased(Array(text[first...]))
        for at in tail.indices where isCredit(tail, at: at, isStart: first + at == 0) {
            text.removeSubrange((first + at)...)
            trim(&text)
            return
        }
    }

    private static func isCredit(_ tail: [UInt8], at: Int, isStart: Bool) -> Bool {
        let byte = tail[at]
        if byte == 0xC2, at + 1 < tail.count, tail[at + 1] == 0xA9 {
            return !isStart && !endsWithCopyright(tail[..<at])
        }
        guard byte &- 0x61 < 26 || byte >= 0xC3, let before = tail[..<at].last(where: { $0 != 0x20 }) else {
            return false
        }
        // "module.Image:" is no end of a sentence.
        if ".?!".utf8.contains(before), tail[at - 1] == before { return false }
        guard isBoundary(before), AsidePhrases.credits.matches(tail, at: at) else { return false }
        // In brackets, the credit is what they hold: text goes on after it.
        guard before == UInt8(ascii: "(") || before == UInt8(ascii: "[") else { return true }
        let close: UInt8 = before == UInt8(ascii: "(") ? UInt8(ascii: ")") : UInt8(ascii: "]")
        guard let end = tail[at...].firstIndex(of: close) else { return true }
        return tail.count - end <= 2
    }

    /// Whether the sign belongs to the word before it: "Portions Copyright © 1996".
    private static func endsWithCopyright(_ text: ArraySlice<UInt8>) -> Bool {
        var text = text
        while text.last == 0x20 { text.removeLast() }
        return text.suffix(9).elementsEqual("copyright".utf8)
    }

    /// What ends the text before a credit: the end of a sentence, a bracket, a dash, a line.
    private static func isBoundary(_ byte: UInt8) -> Bool {
        "([.!?|/-\"\n".utf8.contains(byte) || byte == 0x93 || byte == 0x94 || byte == 0x9D || byte == 0xBB
    }

    private static func trim(_ text: inout [UInt8]) {
        while let last = text.last {
            if " ([-|/\n,".utf8.contains(last) {
                text.removeLast()
            } else if text.count >= 3, text[text.count - 3] == 0xE2, text[text.count - 2] == 0x80,
                last == 0x93 || last == 0x94
            {
                text.removeLast(3)
            } else {
                return
            }
        }
    }
}
