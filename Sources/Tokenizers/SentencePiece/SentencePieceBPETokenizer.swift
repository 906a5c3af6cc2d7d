/// SentencePiece's BPE tokenizer with byte fallback, of Llama 2, Mistral, TinyLlama, Phi 3 and Gemma: text → spaces as
/// `▁` → characters → merged pairs, and bytes for characters that the vocabulary lacks.
///
/// | stage | where |
/// |---|---|
/// | special tokens in the text, if asked for, and user-defined ones | `AddedTokens` |
/// | `▁` in front and for spaces | `SentencePieceNormalizer` |
/// | words, where a tokenizer.json cuts them | `Metaspace` |
/// | merges | `SentencePieceBPEModel` |
/// | BOS and EOS around the text | here |
///
/// From a GGUF file ids are llama.cpp's, from a tokenizer.json those of the Hugging Face `tokenizers` library. A text of
/// n bytes costs O(n log n).
public struct SentencePieceBPETokenizer: Tokenizer {
    /// The special tokens of the model.
    public let specialTokens: SpecialTokens
    /// V: one more than the greatest id.
    public var vocabularySize: Int { vocabulary.count }

    let vocabulary: Vocabulary
    let model: SentencePieceBPEModel
    let normalizer: SentencePieceNormalizer
    let wordSplit: WordSplit
    let decoding: Decoding
    let specialIDs: Set<TokenID>
    /// Found in every text.
    private let alwaysParsed: Found
    /// Those, and the ones that steer a model (`</s>`): found when asked for.
    private let parsedIfAsked: Found
    private let prefix: [TokenID]
    private let suffix: [TokenID]

    /// How a normalised text is cut before merging.
    enum WordSplit: Sendable, Equatable {
        /// It isn't.
        case none
        /// At `▁`, or only marked with it.
        case metaspace(Metaspace)
        /// Behind each space that is left.
        case afterSpaces
    }

    /// How ids become text.
    struct Decoding: Sendable, Equatable {
        /// So many spaces at the beginning of a text were put there by encoding.
        var leadingSpaces = 0
        /// Whether all `▁` at the beginning of the first token were.
        var dropsMarksOfFirst = false
        /// Tokens that stand for their own characters, `▁` and `<0x41>` too.
        var literalIDs: Set<TokenID> = []
        /// Tokens that stand for nothing.
        var silentIDs: Set<TokenID> = []
        /// Tokens that are looked for in the normalised text stand for what they are there.
        var normalized: [TokenID: [UInt8]] = [:]
        /// Tokens that stand for a byte; nil: those that are written like one.
        var byteIDs: Set<TokenID>?
    }

    /// Tokens looked for in the text as given, and in the normalised one.
    private struct Found {
        let raw: AddedTokens
        let normalized: AddedTokens

        init(_ tokens: [AddedToken], _ normalizer: SentencePieceNormalizer) {
            raw = AddedTokens(tokens.filter { !$0.isNormalized })
            normalized = AddedTokens(
                tokens.filter(\.isNormalized).map { token in
                    var token = token
                    token.content = normalizer.normalized(token.content.span, in: 0..<token.content.count)
                    return token
                })
        }
    }

    init(_ parts: SentencePieceBPEParts) {
        vocabulary = parts.vocabulary
        model = parts.model
        normalizer = parts.normalizer
        wordSplit = parts.wordSplit
        var decoding = parts.decoding
        for token in parts.addedTokens where token.isNormalized {
            let content = token.content
            decoding.normalized[token.id] = parts.normalizer.normalized(content.span, in: 0..<content.count)
        }
        self.decoding = decoding
        specialIDs = Set(parts.addedTokens.filter(\.isSpecial).map(\.id))
        alwaysParsed = Found(parts.addedTokens.filter { !$0.isSpecial }, parts.normalizer)
        parsedIfAsked = Found(parts.addedTokens, parts.normalizer)
        prefix = parts.prefix
        suffix = parts.suffix
        specialTokens = parts.specialTokens
    }

    /// The ids of `text`; what looks like a special token in it is ordinary text.
    public func encode(_ text: String, addSpecialTokens: Bool) -> [TokenID] {
        encode(text, addSpecialTokens: addSpecialTokens, parseSpecial: false)
    }

    /// The ids of `text`.
    /// - Parameters:
    ///   - text: any text, of any length.
    ///   - addSpecialTokens: whether to put BOS and EOS around it, where the model wants them.
    ///   - parseSpecial: whether `</s>` and its like in the text become the tokens they name. Only for text that a chat
    ///     template wrote: a document or a user could steer the model with them.
    /// - Returns: token ids in reading order.
    public func encode(_ text: String, addSpecialTokens: Bool, parseSpecial: Bool) -> [TokenID] {
        let bytes = text.utf8.span
        var ids: [TokenID] = []
        ids.reserveCapacity(bytes.count / 3 + 4)
        if addSpecialTokens { ids += prefix }
        var workspace = MergeWorkspace()
        let found = parseSpecial ? parsedIfAsked : alwaysParsed
        for segment in found.raw.segments(of: bytes, in: 0..<bytes.count) {
            switch segment {
            case .token(let id): ids.append(id)
            case .text(let range):
                let normalized = normalizer.normalized(bytes, in: range)
                append(normalized.span, isFirst: range.lowerBound == 0, found.normalized, to: &ids, &workspace)
            }
        }
        if addSpecialTokens { ids += suffix }
        return ids
    }

    private func append(
        _ text: Span<UInt8>, isFirst: Bool, _ tokens: AddedTokens, to ids: inout [TokenID],
        _ workspace: inout MergeWorkspace
    ) {
        let whole = 0..<text.count
        for segment in tokens.isEmpty ? [.text(whole)] : tokens.segments(of: text, in: whole) {
            switch segment {
            case .token(let id): ids.append(id)
            case .text(let range):
                appendWords(of: text, in: range, isFirst: isFirst && range.lowerBound == 0, to: &ids, &workspace)
            }
        }
    }

    private func appendWords(
        of text: Span<UInt8>, in range: Range<Int>, isFirst: Bool, to ids: inout [TokenID],
        _ workspace: inout MergeWorkspace
    ) {
        switch wordSplit {
        case .none:
            model.append(range, of: text, to: &ids, workspace: &workspace)
        case .metaspace(let metaspace):
            metaspace.forEachWord(of: text, in: range, isFirst: isFirst) { word in
                model.append(0..<word.count, of: word.span, to: &ids, workspace: &workspace)
            }
        case .afterSpaces:
            var start = range.lowerBound
            for position in range where text[position] == 0x20 {
                model.append(start..<position + 1, of: text, to: &ids, workspace: &workspace)
                start = position + 1
            }
            if start < range.upperBound {
                model.append(start..<range.upperBound, of: text, to: &ids, workspace: &workspace)
            }
        }
    }
}

/// What a GGUF file or a tokenizer.json says a SentencePiece BPE tokenizer is made of.
struct SentencePieceBPEParts {
    var vocabulary: Vocabulary
    var model: SentencePieceBPEModel
    var normalizer = SentencePieceNormalizer(steps: [])
    var wordSplit = SentencePieceBPETokenizer.WordSplit.none
    var decoding = SentencePieceBPETokenizer.Decoding()
    var addedTokens: [AddedToken] = []
    var specialTokens = SpecialTokens()
    var prefix: [TokenID] = []
    var suffix: [TokenID] = []
}
