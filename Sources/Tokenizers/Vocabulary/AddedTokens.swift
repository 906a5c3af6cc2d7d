/// A token that is found in the text itself, before any other stage looks at it.
///
/// Source: Hugging Face `tokenizers`, `added_tokens` of tokenizer.json.
package struct AddedToken: Sendable, Equatable {
    /// Its id in the vocabulary.
    package var id: TokenID
    /// Its UTF-8 bytes.
    package var content: [UInt8]
    /// Whether decoding may leave it out.
    package var isSpecial = true
    /// Whether it is only found between characters that are not part of a word.
    package var singleWord = false
    /// Whether white space before it belongs to it.
    package var stripsLeft = false
    /// Whether white space after it belongs to it.
    package var stripsRight = false
    /// Whether it is looked for in the normalised text rather than in the text as given.
    package var isNormalized = false
}

/// Finds added tokens in a text: leftmost first, the longest of those that start there.
package struct AddedTokens: Sendable {
    /// One stretch of a text.
    enum Segment: Equatable {
        /// Text for the next stages, as a byte range.
        case text(Range<Int>)
        /// An added token.
        case token(TokenID)
    }

    /// Whether there is nothing to look for.
    var isEmpty: Bool { tokens.isEmpty }
    private let tokens: [AddedToken]
    /// From a token's bytes to its index in `tokens`.
    private let trie: ByteTrie
    /// Whether a token starts with this byte, [256].
    private let starts: [Bool]

    init(_ tokens: [AddedToken]) {
        let usable = tokens.filter { !$0.content.isEmpty }
        self.tokens = usable
        trie = ByteTrie(entries: usable.map(\.content))
        var starts = Array(repeating: false, count: 256)
        for token in usable { starts[Int(token.content[0])] = true }
        self.starts = starts
    }

    /// Cuts `text[range]` at the added tokens in it; empty stretches are left out.
    func segments(of text: Span<UInt8>, in range: Range<Int>) -> [Segment] {
        var segments: [Segment] = []
        var textStart = range.lowerBound
        var position = range.lowerBound
        while position < range.upperBound {
            guard starts[Int(text[position])], let token = token(at: position, of: text, limit: range.upperBound) else {
                position += 1
                continue
            }
            var start = position
            var end = position + token.content.count
            if token.stripsLeft {
                while start > textStart, let before = Self.spaceLength(before: start, of: text) { start -= before }
                start = max(start, textStart)
            }
            if token.stripsRight {
                while end < range.upperBound, let after = Self.spaceLength(at: end, of: text) { end += after }
            }
            if start > textStart { segments.append(.text(textStart..<start)) }
            segments.append(.token(token.id))
            position = end
            textStart = end
        }
        if textStart < range.upperBound { segments.append(.text(textStart..<range.upperBound)) }
        return segments
    }

    private func token(at position: Int, of text: Span<UInt8>, limit: Int) -> AddedToken? {
        var longest: AddedToken?
        var node = trie.root
        var end = position
        while end < limit, let next = trie.child(of: node, byte: text[end]) {
            node = next
            end += 1
            guard node < trie.entryCount else { continue }
            let token = tokens[Int(node)]
            if token.singleWord {
                if position > 0, Self.isWordScalar(Self.scalar(before: position, of: text)) { continue }
                if end < text.count, Self.isWordScalar(text.scalar(at: end).value) { continue }
            }
            longest = token
        }
        return longest
    }

    private static func scalar(before position: Int, of text: Span<UInt8>) -> UInt32 {
        var start = position - 1
        while start > 0, text[start] & 0xC0 == 0x80 { start -= 1 }
        return text.scalar(at: start).value
    }

    private static func spaceLength(at position: Int, of text: Span<UInt8>) -> Int? {
        let scalar = text.scalar(at: position)
        return Unicode.Scalar(scalar.value)?.properties.isWhitespace == true ? scalar.length : nil
    }

    private static func spaceLength(before position: Int, of text: Span<UInt8>) -> Int? {
        guard position > 0, let scalar = Unicode.Scalar(scalar(before: position, of: text)) else { return nil }
        return scalar.properties.isWhitespace ? UTF8.width(scalar) : nil
    }

    private static func isWordScalar(_ value: UInt32) -> Bool {
        guard let scalar = Unicode.Scalar(value) else { return false }
        let properties = scalar.properties
        switch properties.generalCategory {
        case .decimalNumber, .connectorPunctuation, .nonspacingMark, .spacingMark, .enclosingMark: return true
        default: return properties.isAlphabetic || value == 0x200C || value == 0x200D
        }
    }
}
