public import Decoders
public import Retrieval

/// A question and how it is to be answered.
public struct AnswerRequest: Sendable {
    /// Where the passages come from.
    public enum Source: Sendable {
        /// Retrieval over a collection.
        case collection(String)
        /// A text given with the question, such as an evaluation's context.
        case text(String)
    }

    /// The fewest, usual and most passages.
    public static let topKRange = 1...50
    /// The most bytes of a question.
    public static let maximumQuestionBytes = 8_192

    /// The question.
    public var question: String
    /// Where to look.
    public var source: Source
    /// What was said before, oldest first.
    public var conversation: [ChatMessage] = []
    /// How many passages to answer from, 1 to 50.
    ///
    /// Default 6.
    public var topK = 6
    /// Which chunks may be used.
    public var filter: MetadataFilter?
    /// How to retrieve.
    public var mode: SearchMode = .hybrid
    /// Whether chunks that say the same are one passage, with the others among its duplicates.
    public var collapseDuplicates = true
    /// What of its document a passage takes in beside the chunk that was found; nil for nothing.
    public var context: ContextRequest?
    /// The generator: `auto`, `extractive`, `local` or `remote`.
    public var generator = "auto"
    /// A model to use instead of the generator's own.
    public var model: String?
    /// How to sample.
    public var sampling: SamplingParameters
    /// What happens to sentences that no passage bears out.
    public var unsupportedSentences: UnsupportedPolicy = .drop

    /// A request with defaults.
    public init(question: String, source: Source, sampling: SamplingParameters = SamplingParameters()) {
        self.question = question
        self.source = source
        self.sampling = sampling
    }

    /// Checks every range.
    /// - Throws: `GenerationError.invalidRequest` for the first value that is out of range.
    public func validate() throws(GenerationError) {
        if question.allSatisfy(\.isWhitespace) {
            throw .invalidRequest(reason: "the question is empty: ask something")
        }
        if question.utf8.count > Self.maximumQuestionBytes {
            throw .invalidRequest(
                reason: "the question has \(question.utf8.count) bytes and the limit is \(Self.maximumQuestionBytes)")
        }
        if !Self.topKRange.contains(topK) {
            throw .invalidRequest(
                reason: "top_k is \(topK) and must be from \(Self.topKRange.lowerBound) to \(Self.topKRange.upperBound)"
            )
        }
        do throws(RetrievalError) {
            try context?.validate()
        } catch {
            throw .invalidRequest(reason: "\(error)")
        }
        do {
            try sampling.validate()
        } catch {
            throw .invalidRequest(reason: "\(error)")
        }
    }
}

/// What happens to a sentence that no passage bears out.
public enum UnsupportedPolicy: String, Sendable, CaseIterable, Codable {
    /// It is left out; text is released sentence by sentence, once checked.
    case drop
    /// It stays and is marked in `supported`; text is released as it is written.
    case mark
}
