/// The stage after normalisation: words, their spaces written as `▁` before them.
///
/// Source: Hugging Face `tokenizers`, pre-tokenizers WhitespaceSplit and Metaspace.
struct Metaspace: Sendable, Equatable {
    /// Whether any white space ends a word and is dropped; else only spaces count, and each is kept as `▁`.
    var splitsAtWhitespace = false
    /// Which texts that don't start with `▁` get one.
    enum Prefix: String, Sendable {
        /// Every stretch between special tokens (every word, where white space is dropped).
        case always
        /// What stands at the very beginning.
        case first
        /// None.
        case never
    }

    var prefix = Prefix.always
    /// Whether a `▁` begins a new word; else the words of a text are looked up together.
    var splitsAtMark = true

    /// `▁`, U+2581.
    static let mark: [UInt8] = [0xE2, 0x96, 0x81]

    /// Hands out the words of `text[range]` in order, none empty; `isFirst` tells whether the range begins the text.
    func forEachWord(of text: Span<UInt8>, in range: Range<Int>, isFirst: Bool, _ body: ([UInt8]) -> Void) {
        var word: [UInt8] = []
        word.reserveCapacity(64)
        var position = range.lowerBound
        var isAtStart = true
        func finish() {
            if !word.isEmpty { body(word) }
            word.removeAll(keepingCapacity: true)
        }
        while position < range.upperBound {
            let (scalar, length) = text.scalar(at: position)
            defer { position += length }
            if splitsAtWhitespace, Self.isSpace(scalar) {
                finish()
                isAtStart = true
                continue
            }
            let isMark = scalar == 0x20 || scalar == 0x2581
            if isAtStart, !isMark, prefix == .always || prefix == .first && isFirst && position == range.lowerBound {
                word += Self.mark
            }
            isAtStart = false
            if isMark {
                if splitsAtMark { finish() }
                word += Self.mark
            } else {
                for index in position..<(position + length) { word.append(text[index]) }
            }
        }
        finish()
    }

    @inline(__always)
    private static func isSpace(_ scalar: UInt32) -> Bool {
        if scalar < 0x80 { return scalar == 0x20 || scalar &- 0x09 < 5 }
        return Unicode.Scalar(scalar)?.properties.isWhitespace == true
    }
}
