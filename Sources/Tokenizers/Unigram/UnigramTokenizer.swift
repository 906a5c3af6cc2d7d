/// SentencePiece's Unigram tokenizer as XLM-RoBERTa's family uses it: text → normaliser → words → pieces → `<s>` … `</s>`.
///
/// | stage | where |
/// |---|---|
/// | special tokens in the text | `AddedTokens` |
/// | SentencePiece's character map, Unicode composition, spaces | `SentencePieceNormalizer` |
/// | words, each with `▁` before it | `Metaspace` |
/// | the likeliest pieces | `UnigramModel` |
/// | what stands around a text | here |
///
/// Ids are those of the Hugging Face `tokenizers` library. Truncation and padding blocks are ignored. A text of n bytes
/// costs O(n · longest entry).
public struct UnigramTokenizer: Tokenizer {
    /// The special tokens of the model; `<s>` and `</s>` are `cls` and `sep` too.
    public let specialTokens: SpecialTokens
    /// V: one more than the greatest id.
    public var vocabularySize: Int { model.vocabulary.count }

    let normalizer: SentencePieceNormalizer
    let metaspace: Metaspace
    let model: UnigramModel
    /// Looked for in the text as given.
    let rawTokens: AddedTokens
    /// Looked for in the normalised text.
    let normalizedTokens: AddedTokens
    let specialIDs: Set<TokenID>
    /// What encoding puts before and after a whole text.
    let prefix: [TokenID]
    let suffix: [TokenID]

    /// Puts the stages together; files are read by `TokenizerLoader`.
    init(_ parts: UnigramParts) {
        specialIDs = Set(parts.addedTokens.filter(\.isSpecial).map(\.id))
        normalizer = parts.normalizer
        metaspace = parts.metaspace
        model = UnigramModel(
            vocabulary: parts.vocabulary, scores: parts.scores, unknownID: parts.unknownID,
            usesBytes: parts.usesBytes, specialIDs: specialIDs)
        rawTokens = AddedTokens(parts.addedTokens.filter { !$0.isNormalized })
        normalizedTokens = AddedTokens(parts.addedTokens.filter(\.isNormalized))
        prefix = parts.prefix
        suffix = parts.suffix
        specialTokens = parts.specialTokens
    }

    /// The ids of `text`, with `<s>` and `</s>` around it if asked for; `</s>` in the text is the token it names.
    public func encode(_ text: String, addSpecialTokens: Bool) -> [TokenID] {
        encode(text, addSpecialTokens: addSpecialTokens, parseSpecial: true)
    }

    /// The ids of `text`.
    /// - Parameters:
    ///   - text: any text, of any length.
    ///   - addSpecialTokens: whether to put `<s>` and `</s>` around it.
    ///   - parseSpecial: whether `</s>` and its like in the text are the tokens they name, as in the library.
    /// - Returns: token ids in reading order.
    public func encode(_ text: String, addSpecialTokens: Bool, parseSpecial: Bool) -> [TokenID] {
        let bytes = text.utf8.span
        var ids: [TokenID] = []
        ids.reserveCapacity(bytes.count / 4 + 2)
        if addSpecialTokens { ids += prefix }
        var workspace = UnigramModel.Workspace()
        let whole = 0..<bytes.count
        for segment in parseSpecial ? rawTokens.segments(of: bytes, in: whole) : [.text(whole)] {
            switch segment {
            case .token(let id): ids.append(id)
            case .text(let range):
                let normalized = normalizer.normalized(bytes, in: range)
                append(
                    normalized.span, isFirst: range.lowerBound == 0, parseSpecial: parseSpecial, to: &ids, &workspace)
            }
        }
        if addSpecialTokens { ids += suffix }
        return ids
    }

    private func append(
        _ text: Span<UInt8>, isFirst: Bool, parseSpecial: Bool, to ids: inout [TokenID],
        _ workspace: inout UnigramModel.Workspace
    ) {
        let whole = 0..<text.count
        let isSearched = parseSpecial && !normalizedTokens.isEmpty
        for segment in isSearched ? normalizedTokens.segments(of: text, in: whole) : [.text(whole)] {
            switch segment {
            case .token(let id): ids.append(id)
            case .text(let range):
                metaspace.forEachWord(of: text, in: range, isFirst: isFirst && range.lowerBound == 0) { word in
                    model.append(word: word.span, parseSpecial: parseSpecial, to: &ids, workspace: &workspace)
                }
            }
        }
    }
}

/// What a tokenizer.json says a Unigram tokenizer is made of.
struct UnigramParts {
    var vocabulary: Vocabulary
    var scores: [Double]
    var unknownID: TokenID
    var usesBytes = false
    var normalizer = SentencePieceNormalizer(steps: [])
    var metaspace = Metaspace()
    var addedTokens: [AddedToken] = []
    var specialTokens = SpecialTokens()
    var prefix: [TokenID] = []
    var suffix: [TokenID] = []
}
