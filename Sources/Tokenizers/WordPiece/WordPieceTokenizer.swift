/// BERT's tokenizer: text → normaliser → words → word pieces → [CLS] … [SEP].
///
/// | stage | where |
/// |---|---|
/// | special tokens in the text | `AddedTokens` |
/// | clean text, CJK, accents, lower case; classes of characters | `BertNormalizer` |
/// | longest piece first | `WordPieceModel` |
/// | [CLS] and [SEP] around the text | here |
///
/// Ids are those of the Hugging Face `tokenizers` library. The truncation and padding blocks of a tokenizer.json are
/// ignored: the encoder truncates, and says so. A text of n bytes costs O(n).
public struct WordPieceTokenizer: Tokenizer {
    /// The special tokens of the model.
    public let specialTokens: SpecialTokens
    /// V: one more than the greatest id.
    public var vocabularySize: Int { vocabulary.count }

    let vocabulary: Vocabulary
    let normalizer: BertNormalizer
    let model: WordPieceModel
    /// Looked for in the text as given.
    let rawTokens: AddedTokens
    /// Looked for in the normalised text; rarely any.
    let normalizedTokens: AddedTokens
    let specialIDs: Set<TokenID>
    /// What encoding puts before and after a whole text.
    let prefix: [TokenID]
    let suffix: [TokenID]
    let cleansUpOnDecode: Bool

    /// Puts the stages together; files are read by `TokenizerLoader`.
    init(_ parts: WordPieceParts, path: String) throws(TokenizerError) {
        vocabulary = parts.vocabulary
        normalizer = BertNormalizer(options: parts.normalizer)
        model = try WordPieceModel(vocabulary: parts.vocabulary, options: parts.model, path: path)
        rawTokens = AddedTokens(parts.addedTokens.filter { !$0.isNormalized })
        normalizedTokens = AddedTokens(parts.addedTokens.filter(\.isNormalized))
        specialIDs = Set(parts.addedTokens.filter(\.isSpecial).map(\.id))
        prefix = parts.prefix
        suffix = parts.suffix
        cleansUpOnDecode = parts.cleansUpOnDecode
        specialTokens = parts.specialTokens
    }

    /// The ids of `text`, with [CLS] and [SEP] around it if asked for; [SEP] in the text is the token it names.
    public func encode(_ text: String, addSpecialTokens: Bool) -> [TokenID] {
        encode(text, addSpecialTokens: addSpecialTokens, parseSpecial: true)
    }

    /// The ids of `text`.
    /// - Parameters:
    ///   - text: any text, of any length.
    ///   - addSpecialTokens: whether to put [CLS] and [SEP] around it.
    ///   - parseSpecial: whether [SEP] and its like in the text are the tokens they name, as in the library.
    /// - Returns: token ids in reading order.
    public func encode(_ text: String, addSpecialTokens: Bool, parseSpecial: Bool) -> [TokenID] {
        let bytes = text.utf8.span
        var ids: [TokenID] = []
        ids.reserveCapacity(bytes.count / 4 + 2)
        if addSpecialTokens { ids += prefix }
        let segments =
            parseSpecial
            ? rawTokens.segments(of: bytes, in: 0..<bytes.count) : [.text(0..<bytes.count)]
        for segment in segments {
            switch segment {
            case .token(let id): ids.append(id)
            case .text(let range) where normalizedTokens.isEmpty || !parseSpecial:
                appendWords(of: bytes, in: range, to: &ids)
            case .text(let range): appendNormalized(bytes, in: range, to: &ids)
            }
        }
        if addSpecialTokens { ids += suffix }
        return ids
    }

    /// Normalises, classifies and looks words up in one pass, so that no intermediate text is kept.
    private func appendWords(of text: Span<UInt8>, in range: Range<Int>, to ids: inout [TokenID]) {
        var word: [UInt8] = []
        word.reserveCapacity(64)
        var scalarCount = 0
        var position = range.lowerBound
        while position < range.upperBound {
            let (scalar, length) = text.scalar(at: position)
            position += length
            normalizer.forEachPiece(of: scalar) { piece in
                if piece.bits < 0x20_0000 {
                    scalarCount += 1
                    // What is past the limit can't change the word's id any more: keep the buffer small.
                    if scalarCount <= model.options.maxScalarsPerWord { word.append(scalar: piece.scalar) }
                    return
                }
                if scalarCount > 0 {
                    model.append(word: word, scalarCount: scalarCount, to: &ids)
                    word.removeAll(keepingCapacity: true)
                    scalarCount = 0
                }
                if piece.isIsolated {
                    word.append(scalar: piece.scalar)
                    model.append(word: word, scalarCount: 1, to: &ids)
                    word.removeAll(keepingCapacity: true)
                }
            }
        }
        if scalarCount > 0 { model.append(word: word, scalarCount: scalarCount, to: &ids) }
    }

    /// The long way round: normalised text is written out, searched for added tokens, then cut into words.
    ///
    /// Normalising twice is the same as once.
    private func appendNormalized(_ text: Span<UInt8>, in range: Range<Int>, to ids: inout [TokenID]) {
        var normalized: [UInt8] = []
        var position = range.lowerBound
        while position < range.upperBound {
            let (scalar, length) = text.scalar(at: position)
            position += length
            normalizer.forEachPiece(of: scalar) { piece in
                normalized.append(scalar: piece.isSeparator ? 0x20 : piece.scalar)
            }
        }
        for segment in normalizedTokens.segments(of: normalized.span, in: 0..<normalized.count) {
            switch segment {
            case .token(let id): ids.append(id)
            case .text(let range): appendWords(of: normalized.span, in: range, to: &ids)
            }
        }
    }
}

/// What a tokenizer.json or a vocab.txt says a WordPiece tokenizer is made of.
struct WordPieceParts {
    var vocabulary: Vocabulary
    var normalizer = BertNormalizer.Options()
    var model = WordPieceModel.Options()
    var addedTokens: [AddedToken] = []
    var specialTokens = SpecialTokens()
    var prefix: [TokenID] = []
    var suffix: [TokenID] = []
    var cleansUpOnDecode = true
}
