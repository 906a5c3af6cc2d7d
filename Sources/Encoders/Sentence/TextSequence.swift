import Tokenizers

/// A text as the encoder reads it: `[CLS] … [SEP]`, cut to the model's limit.
struct TextSequence: Sendable {
    /// At most the model's limit, special tokens included.
    var ids: [Int32]
    /// Tokens before truncation, special tokens included.
    var tokenCount: Int

    /// Whether the text's end is missing from `ids`.
    var isTruncated: Bool { tokenCount > ids.count }
}

/// Makes sequences of texts.
///
/// A text of any length takes little memory: long ones are tokenised a piece at a time.
struct SequenceMaker: Sendable {
    let tokenizer: any Tokenizer
    let first: TokenID
    let last: TokenID
    let maxTokenCount: Int

    /// UTF-8 bytes of a piece, up to the next white space.
    ///
    /// BERT's tokenizers split at white space before anything else, so that pieces have the tokens of the whole.
    private static let pieceBytes = 1 << 16

    /// The sequence of `text`.
    func sequence(of text: String) -> TextSequence {
        var ids: [Int32] = [first]
        var count = 2
        Self.forEachPiece(of: text) { piece in
            let tokens = tokenizer.encode(piece, addSpecialTokens: false)
            count += tokens.count
            ids += tokens.prefix(maxTokenCount - 1 - ids.count)
        }
        ids.append(last)
        return TextSequence(ids: ids, tokenCount: count)
    }

    /// How many tokens `text` has, special tokens not included.
    func tokenCount(of text: String) -> Int {
        var count = 0
        Self.forEachPiece(of: text) { count += tokenizer.tokenCount(of: $0) }
        return count
    }

    private static func forEachPiece(of text: String, _ body: (String) -> Void) {
        let bytes = text.utf8
        guard bytes.count > pieceBytes else { return body(text) }
        var start = bytes.startIndex
        while start < bytes.endIndex {
            var end = bytes.index(start, offsetBy: pieceBytes, limitedBy: bytes.endIndex) ?? bytes.endIndex
            while end < bytes.endIndex, bytes[end] != UInt8(ascii: " "), bytes[end] != UInt8(ascii: "\n") {
                end = bytes.index(after: end)
            }
            body(String(text[start..<end]))
            start = end
        }
    }
}
