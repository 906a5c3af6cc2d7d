import LexicalIndex

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// How likely it is that the passages answer the question at all, and what that rests on.
public struct Evidence: Sendable, Equatable, Encodable {
    /// The highest cosine between the question and a sentence of the passages, -1 to 1.
    public var sentenceCosine: Float
    /// The share of the question's content words that the best sentence with its headings has, 0 to 1.
    public var coverage: Float
    /// The share of the question's content words that no passage has, 0 to 1.
    public var unseenShare: Float
    /// The estimate itself, 0 to 1.
    public var answerability: Float

    private enum CodingKeys: String, CodingKey {
        case sentenceCosine = "sentence_cosine"
        case coverage
        case unseenShare = "unseen_share"
        case answerability
    }
}

/// Estimates from three figures whether an answer can be found, so that a question the documents don't answer is
/// refused before anything is written.
///
/// A logistic model; its weights were fitted once, by a script, on one half of the sample evaluation set and measured
/// on the other (`docs/decisions/0005-refusal.md`).
public struct EvidenceAssessor: Sendable {
    /// The model's weights and the threshold.
    public struct Parameters: Sendable, Equatable {
        /// The constant term.
        public var bias: Float = -3.77
        /// The weight of the best sentence's cosine.
        public var sentenceCosine: Float = 7.29
        /// The weight of the word coverage.
        public var coverage: Float = 1.48
        /// The weight of the share of unseen words.
        public var unseenShare: Float = -3.74
        /// The least answerability that is answered, 0 to 1.
        ///
        /// The weights count both kinds of question alike; most questions do have an answer, so the threshold is lower
        /// than a half.
        public var threshold: Float = 0.3

        /// The defaults.
        public init() {}
    }

    /// The weights in use.
    public let parameters: Parameters

    /// Sets up an assessor.
    public init(parameters: Parameters = Parameters()) {
        self.parameters = parameters
    }

    /// The evidence that `sentences` (ranked) of `passages` give for `question`.
    func assess(
        _ question: String, _ sentences: [RankedSentence], _ passages: [Passage], analyzer: TextAnalyzer
    ) -> Evidence {
        let p = parameters
        let sentenceCosine = sentences.map(\.cosine).max() ?? 0
        let coverage = sentences.map(\.coverage).max() ?? 0
        let unseenShare = QuestionTerms(analyzer: analyzer).unseenShare(of: question, in: passages)
        let logit =
            p.bias + p.sentenceCosine * sentenceCosine + p.coverage * coverage + p.unseenShare * unseenShare
        return Evidence(
            sentenceCosine: sentenceCosine, coverage: coverage,
            unseenShare: unseenShare, answerability: 1 / (1 + exp(-logit)))
    }
}
