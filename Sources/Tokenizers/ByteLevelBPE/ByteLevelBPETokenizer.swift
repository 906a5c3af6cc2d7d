import Foundation

/// The byte-level BPE tokenizer of GPT-2, Llama 3, Qwen 2 and SmolLM: text → words → bytes → merged byte pairs.
///
/// Every text has ids, and decoding gives it back byte for byte.
///
/// | stage | where |
/// |---|---|
/// | special tokens in the text, if asked for | `AddedTokens` |
/// | words | `PreTokenizer` |
/// | merges | `BytePairModel` |
/// | BOS and EOS around the text | here |
///
/// Ids are llama.cpp's. A text of n bytes costs O(n), a single word of n bytes O(n log n).
public struct ByteLevelBPETokenizer: Tokenizer {
    /// The special tokens of the model.
    public let specialTokens: SpecialTokens
    /// V: one more than the greatest id.
    public var vocabularySize: Int { vocabulary.count }

    let vocabulary: Vocabulary
    let preTokenizer: PreTokenizer
    let model: BytePairModel
    /// Found in every text.
    private let alwaysParsed: AddedTokens
    /// Those, and the ones that steer a model (`<|im_end|>`): found when asked for.
    private let parsedIfAsked: AddedTokens
    private let specialIDs: Set<TokenID>
    /// Tokens that stand for their own characters rather than for bytes in the byte alphabet.
    private let literalIDs: Set<TokenID>
    private let prefix: [TokenID]
    private let suffix: [TokenID]
    private let addsPrefixSpace: Bool
    private let composesText: Bool

    init(_ parts: ByteLevelBPEParts, path: String) throws(TokenizerError) {
        vocabulary = parts.vocabulary
        preTokenizer = parts.preTokenizer
        model = try BytePairModel(
            vocabulary: parts.vocabulary, merges: parts.merges, takesWholeWords: parts.takesWholeWords, path: path)
        alwaysParsed = AddedTokens(parts.addedTokens.filter { !$0.isSpecial })
        parsedIfAsked = AddedTokens(parts.addedTokens)
        specialIDs = Set(parts.addedTokens.filter(\.isSpecial).map(\.id))
        literalIDs = Set(parts.addedTokens.map(\.id))
        prefix = parts.prefix
        suffix = parts.suffix
        addsPrefixSpace = parts.addsPrefixSpace
        composesText = parts.composesText
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
    ///   - parseSpecial: whether `<|im_end|>` and its like in the text become the tokens they name. Only for text that
    ///     a chat template wrote: a document or a user could steer the model with them.
    /// - Returns: token ids in reading order.
    public func encode(_ text: String, addSpecialTokens: Bool, parseSpecial: Bool) -> [TokenID] {
        // Unicode composition is part of some tokenizer.json files (Qwen 2), never of a GGUF file.
        let text = composesText ? text.precomposedStringWithCanonicalMapping : text
        let bytes = text.utf8.span
        var ids: [TokenID] = []
        ids.reserveCapacity(bytes.count / 3 + 2)
        if addSpecialTokens { ids += prefix }
        var workspace = MergeWorkspace()
        let added = parseSpecial ? parsedIfAsked : alwaysParsed
        for segment in added.segments(of: bytes, in: 0..<bytes.count) {
            switch segment {
            case .token(let id): ids.append(id)
            case .text(let range) where addsPrefixSpace && bytes[range.lowerBound] != 0x20:
                var spaced: [UInt8] = [0x20]
                for position in range { spaced.append(bytes[position]) }
                appendWords(of: spaced.span, in: 0..<spaced.count, to: &ids, workspace: &workspace)
            case .text(let range): appendWords(of: bytes, in: range, to: &ids, workspace: &workspace)
            }
        }
        if addSpecialTokens { ids += suffix }
        return ids
    }

    private func appendWords(
        of text: Span<UInt8>, in range: Range<Int>, to ids: inout [TokenID], workspace: inout MergeWorkspace
    ) {
        preTokenizer.forEachWord(of: text, in: range) { word in
            model.append(word: word, of: text, to: &ids, workspace: &workspace)
        }
    }

    /// Whether this token steers the model rather than standing for text.
    public func isSpecial(_ id: TokenID) -> Bool { specialIDs.contains(id) }

    /// The text that `ids` stand for; bytes that are no UTF-8 become U+FFFD.
    public func decode(_ ids: [TokenID], skipSpecialTokens: Bool) -> String {
        var bytes: [UInt8] = []
        for id in ids where !(skipSpecialTokens && specialIDs.contains(id)) { bytes += self.bytes(of: id) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The bytes a token stands for, maybe part of a character; a special token stands for its name.
    public func bytes(of id: TokenID) -> [UInt8] {
        let entry = Array(vocabulary.bytes(of: id))
        return literalIDs.contains(id) ? entry : ByteAlphabet.decoded(entry)
    }

    /// The id of a vocabulary entry as the model's files write it (`Ġthe`, `<|im_end|>`).
    public func id(of token: String) -> TokenID? { vocabulary.id(of: token.utf8) }

    /// The vocabulary entry with this id.
    public func token(of id: TokenID) -> String? { vocabulary.token(of: id) }
}

/// What a GGUF file or a tokenizer.json says a byte-level BPE tokenizer is made of.
struct ByteLevelBPEParts {
    var vocabulary: Vocabulary
    var merges: [(left: ArraySlice<UInt8>, right: ArraySlice<UInt8>)]
    var preTokenizer: PreTokenizer
    var takesWholeWords = false
    var addsPrefixSpace = false
    var composesText = false
    var addedTokens: [AddedToken] = []
    var specialTokens = SpecialTokens()
    var prefix: [TokenID] = []
    var suffix: [TokenID] = []
}
