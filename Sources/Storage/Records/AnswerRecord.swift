public import Foundation

/// An answer as it was given, kept so that feedback can point at it.
public struct AnswerRecord: Sendable, Equatable, Identifiable {
    /// The id the API gave it.
    public var id: String
    /// The collection it was answered from.
    public var collectionID: Int64
    /// The question.
    public var question: String
    /// The answer as JSON, as the API gave it.
    public var answer: JSONValue
    /// When it was given.
    public var createdAt: Date
    /// What was said about it, oldest first.
    public var feedback: [FeedbackRecord]
}

/// What somebody said about an answer.
public struct FeedbackRecord: Sendable, Equatable, Codable {
    /// Thumbs.
    public enum Rating: String, Sendable, Codable {
        /// It helped.
        case up
        /// It did not.
        case down
    }

    /// Whether the answer helped.
    public var rating: Rating
    /// Why, in the user's words; at most 10,000 bytes.
    public var comment: String?
    /// The document that has the right answer.
    public var correctDocumentID: String?
    /// When it was said; set by the store.
    public var createdAt: Date?

    /// Describes feedback.
    public init(rating: Rating, comment: String? = nil, correctDocumentID: String? = nil) {
        self.rating = rating
        self.comment = comment
        self.correctDocumentID = correctDocumentID
    }

    private enum CodingKeys: String, CodingKey {
        case rating, comment
        case correctDocumentID = "correct_document_id"
        case createdAt = "created_at"
    }
}

/// A stored evaluation.
public struct EvaluationRecord: Sendable, Equatable, Identifiable {
    /// The row id.
    public var id: Int64
    /// What was evaluated: `retrieval` or `answers`.
    public var kind: String
    /// Where it stands.
    public var state: JobState
    /// What was asked for.
    public var request: JSONValue
    /// The measures, once there are any.
    public var result: JSONValue?
    /// Why it failed.
    public var error: String?
    /// When it was asked for.
    public var createdAt: Date
    /// When it ended.
    public var finishedAt: Date?
}

extension EvaluationRecord: Encodable {
    private enum CodingKeys: String, CodingKey {
        case id, kind, state, request, result, error
        case createdAt = "created_at"
        case finishedAt = "finished_at"
    }
}
