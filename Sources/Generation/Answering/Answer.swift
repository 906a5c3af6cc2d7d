public import Retrieval

/// A finished answer, in the shape of `POST /v1/collections/{c}/answer`.
public struct Answer: Sendable, Encodable {
    /// Names the answer for feedback.
    public var id: String
    /// The text with its citation marks, or the refusal.
    public var answer: String
    /// One entry per mark used, in order of their numbers.
    public var citations: [Citation]
    /// Whether the documents don't say.
    public var refused: Bool
    /// Why it was refused.
    public var refusalReason: RefusalReason?
    /// How sure Docent is that the answer is right and borne out, 0 to 1.
    public var confidence: Float
    /// What the decision to answer or to refuse rests on; nil when nothing was retrieved.
    public var evidence: Evidence?
    /// A verdict per sentence, the left-out ones included.
    public var supported: [SentenceVerdict]
    /// The generator that wrote it.
    public var generator: String
    /// The model behind the generator, if there is one.
    public var model: String?
    /// Tokens read and written.
    public var usage: Usage
    /// The nearest passages, the ones a person is handed when the answer is a refusal.
    public var passages: [SearchHit]
    /// What a user should know about how it went (fallbacks, passages that did not fit).
    public var notes: [String]
    /// Milliseconds per stage, in order.
    public var timings: StageTimings

    enum CodingKeys: String, CodingKey {
        case id
        case answer
        case citations
        case refused
        case refusalReason = "refusal_reason"
        case confidence
        case evidence
        case supported
        case generator
        case model
        case usage
        case passages
        case notes
        case timings = "timings_ms"
    }

    /// Token counts.
    public struct Usage: Sendable, Encodable, Equatable {
        /// Tokens of the prompt; 0 for the extract.
        public var promptTokens: Int
        /// Tokens of those that were known from an earlier prompt and cost nothing.
        public var cachedTokens: Int
        /// Tokens written.
        public var completionTokens: Int

        enum CodingKeys: String, CodingKey {
            case promptTokens = "prompt_tokens"
            case cachedTokens = "cached_tokens"
            case completionTokens = "completion_tokens"
        }
    }
}

/// Why there is no answer.
public enum RefusalReason: String, Sendable, Encodable {
    /// Retrieval found nothing.
    case noPassages = "no_passages"
    /// What it found doesn't seem to answer the question.
    case weakEvidence = "weak_evidence"
    /// The model said that the passages don't answer it.
    case modelDeclined = "model_declined"
    /// No sentence written is borne out by a passage.
    case unsupported
}

/// A place in a document that an answer rests on.
public struct Citation: Sendable, Encodable, Equatable {
    /// The number in the answer's `[1]`.
    public var marker: Int
    /// The document's external id.
    public var documentID: String
    /// The chunk.
    public var chunkID: Int64
    /// The document's title.
    public var title: String
    /// Where the document came from.
    public var url: String?
    /// The headings over the quote, outermost first.
    public var headingPath: [String]
    /// The words that bear the sentence out, as they stand in the document's extracted text.
    public var quote: String
    /// Where the quote stands in the document's extracted text, in UTF-8 bytes.
    public var span: Span
    /// Other chunks that say what the passage says; nil when each was to be a passage of its own.
    public var duplicates: [DuplicateSource]?

    /// A half-open range of UTF-8 offsets.
    public struct Span: Sendable, Encodable, Equatable {
        /// The first byte.
        public var start: Int
        /// The byte after the last.
        public var end: Int
    }

    enum CodingKeys: String, CodingKey {
        case marker
        case documentID = "document_id"
        case chunkID = "chunk_id"
        case title
        case url
        case headingPath = "heading_path"
        case quote
        case span
        case duplicates
    }
}

/// The verdict on one sentence of an answer.
public struct SentenceVerdict: Sendable, Encodable, Equatable {
    /// The sentence without marks.
    public var sentence: String
    /// Whether a passage bears it out.
    public var supported: Bool
    /// How well, 0 to 1.
    public var score: Float
    /// The mark of the passage that does.
    public var marker: Int?
    /// Why not.
    public var reason: String?

    init(_ support: SentenceSupport) {
        sentence = support.sentence
        supported = support.isSupported
        score = support.score
        marker = support.isSupported ? support.passageNumber : nil
        reason = support.reason
    }
}

/// One step of an answer, in the order of the Server-Sent Events `passages`, `token`, `citation`, `done`.
public enum AnswerEvent: Sendable {
    /// What the answer will rest on: numbered as in the marks.
    case passages([Passage])
    /// The next piece of the answer's text.
    case token(String)
    /// A mark that has just been used for the first time.
    case citation(Citation)
    /// The end, with the whole answer.
    case done(Answer)
}
