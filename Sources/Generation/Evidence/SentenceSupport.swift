/// Whether one sentence of an answer is borne out by a passage, and where.
public struct SentenceSupport: Sendable, Equatable {
    /// The sentence without its citation marks.
    public var sentence: String
    /// Whether the passages bear it out.
    public var isSupported: Bool
    /// How well, 0 to 1: the share of the sentence's content words that the best place of the best passage has, or the
    /// cosine of their embeddings where that is what carried it.
    public var score: Float
    /// The number of the passage that supports it best; nil when none comes near.
    public var passageNumber: Int?
    /// Where in that passage's text the support stands, as UTF-8 offsets into the chunk's text.
    public var utf8Range: Range<Int>?
    /// Why it isn't supported, in a few words; nil when it is.
    public var reason: String?

    /// Bundles a verdict.
    public init(
        sentence: String, isSupported: Bool, score: Float, passageNumber: Int? = nil, utf8Range: Range<Int>? = nil,
        reason: String? = nil
    ) {
        self.sentence = sentence
        self.isSupported = isSupported
        self.score = score
        self.passageNumber = passageNumber
        self.utf8Range = utf8Range
        self.reason = reason
    }
}
