/// What a text is embedded for; some models tell the two apart.
public enum TextKind: String, Sendable, Codable {
    /// A question to search with.
    case query
    /// A text to be found.
    case passage
}

/// Turns texts into vectors whose dot products say how close their meanings are.
public protocol TextEmbedding: Sendable {
    /// The model's name in the catalog.
    var modelName: String { get }

    /// Identifies configuration, tokenizer and weights, and the precision if it isn't f32: see `matches(_:)`.
    var fingerprint: String { get }

    /// D: the length of a vector.
    var dimension: Int { get }

    /// The most tokens of a text that are read, special tokens included.
    var maxTokenCount: Int { get }

    /// How many tokens `text` has, special tokens not included.
    func tokenCount(of text: String) -> Int

    /// Embeds texts. Synchronous and CPU-bound: call it off the event loops. Safe to call from several threads.
    ///
    /// A text's vector doesn't depend on the texts it is embedded with.
    /// - Parameters:
    ///   - texts: any texts, the empty one included; what is beyond `maxTokenCount` is left out and reported.
    ///   - kind: what they are embedded for.
    /// - Returns: one row for each text, in the order of `texts`.
    /// - Throws: `EncoderError.notFinite` when the weights are damaged.
    func embed(_ texts: [String], kind: TextKind) throws(EncoderError) -> Embeddings
}

extension TextEmbedding {
    /// Whether vectors that an encoder of `fingerprint` made can be compared with this one's.
    ///
    /// They can when configuration, tokenizer and weights are the same. What follows a `+` is the precision: it is on
    /// record, but vectors of different precisions of one model are close enough to be searched together.
    public func matches(_ fingerprint: String) -> Bool {
        fingerprint.prefix { $0 != "+" } == self.fingerprint.prefix { $0 != "+" }
    }
}
