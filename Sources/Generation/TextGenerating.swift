public import Decoders

/// Something that writes an answer from a question and its passages: the extract, the local decoder, a remote model.
///
/// A generator only writes; whether its sentences are supported is checked afterwards by ``SupportChecker``, whoever
/// wrote them.
public protocol TextGenerating: Sendable {
    /// The name users select it by and answers report: `extractive`, `local` or `remote`.
    var name: String { get }

    /// Starts writing.
    /// - Parameter request: the question, its passages and the sampling parameters.
    /// - Returns: text as it is written, then one ``GenerationEvent/finished(_:)``. Cancelling the task that reads the
    ///   stream stops the work.
    func generate(_ request: GenerationRequest) -> AsyncThrowingStream<GenerationEvent, any Error>
}

/// What a generator gets: everything, already chosen and cut to budget.
public struct GenerationRequest: Sendable {
    /// The question as the user put it.
    public var question: String
    /// The numbered passages, best first.
    public var passages: [Passage]
    /// How to sample; the extract ignores it.
    public var parameters: SamplingParameters
    /// A model to use instead of the generator's own, where it has a choice.
    public var model: String?
    /// The passages' sentences, best first, where they have been ranked already.
    var sentences: [RankedSentence]?

    /// Bundles a request.
    public init(question: String, passages: [Passage], parameters: SamplingParameters, model: String? = nil) {
        self.question = question
        self.passages = passages
        self.parameters = parameters
        self.model = model
    }
}

/// One step of an answer being written.
public enum GenerationEvent: Sendable, Equatable {
    /// The next piece of text: a true delta, never the whole text again.
    case text(String)
    /// The end, with what it cost.
    ///
    /// Nothing follows.
    case finished(GenerationSummary)
}

/// How a generation ended.
public struct GenerationSummary: Sendable, Equatable {
    /// The generator that really wrote the text, after any fallback.
    public var generator: String
    /// The model behind it, if there is one.
    public var model: String?
    /// Tokens read; 0 where nothing is counted.
    public var promptTokenCount: Int
    /// Tokens of those that were known from an earlier prompt and cost nothing.
    public var cachedTokenCount: Int
    /// Tokens written.
    public var completionTokenCount: Int
    /// Why the text ends where it ends.
    public var finishReason: FinishReason
    /// What a user should know about how it went, such as why another generator stepped in.
    public var notes: [String]

    /// Bundles a summary.
    public init(
        generator: String, model: String? = nil, promptTokenCount: Int = 0, cachedTokenCount: Int = 0,
        completionTokenCount: Int = 0, finishReason: FinishReason = .stop, notes: [String] = []
    ) {
        self.generator = generator
        self.model = model
        self.promptTokenCount = promptTokenCount
        self.cachedTokenCount = cachedTokenCount
        self.completionTokenCount = completionTokenCount
        self.finishReason = finishReason
        self.notes = notes
    }
}
