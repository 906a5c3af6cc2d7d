/// One question of an answer data set, a line of JSON:
/// `{"question", "answers": [..] or "unanswerable": true, "documents": [ids]?, "context"?, "id"?}`.
public struct AnswerCase: Sendable, Equatable, Decodable {
    /// Names the question in reports; the line number when the data set has no id.
    public var id: String
    /// What is asked.
    public var question: String
    /// Gold answers, any of which is right; empty for a question that the corpus doesn't answer.
    public var answers: [String]
    /// Whether the right thing to do is to refuse.
    public var isUnanswerable: Bool
    /// The ids of the documents that hold the answer; empty when not known.
    public var documents: [String]
    /// A text to answer from instead of a search.
    public var context: String?

    /// Makes a case from values.
    public init(
        id: String, question: String, answers: [String], isUnanswerable: Bool = false, documents: [String] = [],
        context: String? = nil
    ) {
        self.id = id
        self.question = question
        self.answers = answers
        self.isUnanswerable = isUnanswerable
        self.documents = documents
        self.context = context
    }

    private enum CodingKeys: String, CodingKey {
        case id
        case question
        case answers
        case isUnanswerable = "unanswerable"
        case documents
        case context
    }

    /// Reads one line's object.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decodeIfPresent(String.self, forKey: .id) ?? ""
        question = try container.decode(String.self, forKey: .question)
        answers = try container.decodeIfPresent([String].self, forKey: .answers) ?? []
        isUnanswerable = try container.decodeIfPresent(Bool.self, forKey: .isUnanswerable) ?? false
        documents = try container.decodeIfPresent([String].self, forKey: .documents) ?? []
        context = try container.decodeIfPresent(String.self, forKey: .context)
        guard !answers.isEmpty || isUnanswerable else {
            throw DecodingError.dataCorruptedError(
                forKey: .answers, in: container, debugDescription: "needs \"answers\" or \"unanswerable\": true")
        }
        if isUnanswerable { answers = [] }
    }

    /// Reads a data set, one case per line.
    /// - Parameter path: a JSON Lines file.
    /// - Returns: the cases in the file's order, never none.
    /// - Throws: `notFound`, `malformed` with the line, `empty`.
    public static func read(path: String) throws(EvaluationError) -> [AnswerCase] {
        var cases: [AnswerCase] = []
        try JSONLines.forEach(of: AnswerCase.self, in: path) { value, line throws(EvaluationError) in
            var value = value
            if value.id.isEmpty { value.id = "\(line)" }
            cases.append(value)
        }
        guard !cases.isEmpty else { throw .empty(path: path, what: "questions") }
        return cases
    }
}
