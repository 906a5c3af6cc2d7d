/// The number of a vocabulary entry, 0..<V.
public typealias TokenID = Int32

/// Text to token ids and back, exactly as the model was trained to see it.
///
/// Every tokenizer here is a value made once from a model's files and shared by any number of threads; encoding
/// never fails, because each family has an answer for every text (`[UNK]`, or bytes).
public protocol Tokenizer: Sendable {
    /// V: one more than the greatest id.
    var vocabularySize: Int { get }

    /// The ids of the tokens with a meaning of their own, where the model has them.
    var specialTokens: SpecialTokens { get }

    /// The ids of `text`.
    /// - Parameters:
    ///   - text: any text, of any length; it is not truncated.
    ///   - addSpecialTokens: whether to put around it what the model expects around a whole text ([CLS] … [SEP], BOS).
    /// - Returns: token ids in reading order.
    func encode(_ text: String, addSpecialTokens: Bool) -> [TokenID]

    /// The ids of `text`, with a say on special tokens in it.
    /// - Parameters:
    ///   - text: any text, of any length; it is not truncated.
    ///   - addSpecialTokens: as above.
    ///   - parseSpecial: whether `<|im_end|>` or `[SEP]` in the text become the tokens they name. Encoders do so as
    ///     their library does; for a decoder ask for it only where a chat template wrote the text, since a document or
    ///     a user could steer the model.
    /// - Returns: token ids in reading order.
    func encode(_ text: String, addSpecialTokens: Bool, parseSpecial: Bool) -> [TokenID]

    /// How many tokens `text` has, special tokens around it not counted.
    func tokenCount(of text: String) -> Int

    /// Whether this token steers the model ([CLS], `<|im_end|>`) rather than standing for text.
    func isSpecial(_ id: TokenID) -> Bool

    /// The text that `ids` stand for.
    ///
    /// Bytes that are no UTF-8 (half of a character) become U+FFFD; an id outside of the vocabulary stands for nothing.
    /// - Parameters:
    ///   - ids: token ids in reading order.
    ///   - skipSpecialTokens: whether to leave special tokens out.
    /// - Returns: well-formed text.
    func decode(_ ids: [TokenID], skipSpecialTokens: Bool) -> String

    /// The bytes a generated token stands for: what a stream is put together from.
    ///
    /// One token may hold part of a character. An id outside of the vocabulary has none.
    func bytes(of id: TokenID) -> [UInt8]

    /// The id of a vocabulary entry as it is written in the model's files (`##ing`, `Ġthe`).
    func id(of token: String) -> TokenID?

    /// The vocabulary entry with this id, as it is written in the model's files.
    func token(of id: TokenID) -> String?
}

extension Tokenizer {
    /// How many tokens `text` has, special tokens around it not counted.
    public func tokenCount(of text: String) -> Int {
        encode(text, addSpecialTokens: false).count
    }
}

/// The ids of a vocabulary's tokens with a meaning of their own; nil where the model has none.
public struct SpecialTokens: Sendable, Equatable {
    /// Beginning of sequence.
    public var bos: TokenID?
    /// End of sequence: where a decoder stops.
    public var eos: TokenID?
    /// Filler of shorter rows.
    public var pad: TokenID?
    /// What stands for a word the vocabulary cannot spell.
    public var unk: TokenID?
    /// First token of a text in BERT-like encoders.
    public var cls: TokenID?
    /// Last token of a text in BERT-like encoders.
    public var sep: TokenID?
    /// The blank of masked language models.
    public var mask: TokenID?

    /// Names the special tokens; all are optional.
    public init(
        bos: TokenID? = nil, eos: TokenID? = nil, pad: TokenID? = nil, unk: TokenID? = nil, cls: TokenID? = nil,
        sep: TokenID? = nil, mask: TokenID? = nil
    ) {
        self.bos = bos
        self.eos = eos
        self.pad = pad
        self.unk = unk
        self.cls = cls
        self.sep = sep
        self.mask = mask
    }
}
