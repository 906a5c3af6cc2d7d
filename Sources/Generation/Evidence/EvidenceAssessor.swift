import Retrieval

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// How likely it is that the passages answer the question at all.
public struct Evidence: Sendable, Equatable {
    /// The highest cosine between the question and a sentence of the passages.
    public var sentenceCosine: Float
    /// The highest cosine between the question and a whole passage; 0 where the dense leg didn't run.
    public var passageCosine: Float
    /// The share of the question's content words that the best passage and its headings have, 0 to 1.
    public var coverage: Float
    /// The estimate itself, 0 to 1.
    public var answerability: Float
}

/// Estimates from three figures whether an answer can be found, so that a question the documents don't answer is
/// refused before anything is written.
///
/// A logistic model: the weights are those that `docent eval answers` fits best on the development half of
/// `corpus/eval` (see `docs/decisions/0005-refusal.md`); a collection can override the threshold.
public struct EvidenceAssessor: Sendable {
    /// The model's weights and the threshold.
    public struct Parameters: Sendable, Equatable {
        /// The constant term.
        public var bias: Float = -6.0
        /// The weight of the best sentence's cosine.
        public var sentenceCosine: Float = 6.0
        /// The weight of the best passage's cosine.
        public var passageCosine: Float = 4.0
        /// The weight of the word coverage.
        public var coverage: Float = 2.5
        /// The least answerability that is answered, 0 to 1.
        ///
        /// Default 0.5.
        public var threshold: Float = 0.5

        /// The defaults.
        public init() {}
    }

    /// The weights in use.
    public let parameters: Parameters

    /// Sets up an assessor.
    public init(parameters: Parameters = Parameters()) {
        self.parameters = parameters
    }

    /// The evidence that `sentences` (ranked) of `passages` give.
    func assess(_ sentences: [RankedSentence], _ passages: [Passage]) -> Evidence {
        let sentenceCosine = sentences.map(\.cosine).max() ?? 0
        let passageCosine = passages.compactMap(\.hit.scores.dense).max() ?? 0
        let coverage = sentences.map(\.coverage).max() ?? 0
        let p = parameters
        let logit =
            p.bias + p.sentenceCosine * sentenceCosine + p.passageCosine * passageCosine + p.coverage * coverage
        return Evidence(
            sentenceCosine: sentenceCosine, passageCosine: passageCosine, coverage: coverage,
            answerability: 1 / (1 + exp(-logit)))
    }
}
