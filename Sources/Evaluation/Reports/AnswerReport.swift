/// What a system did with one question: plain values, however they came about.
public struct AnswerOutcome: Sendable, Equatable {
    /// The answer; ignored for a refusal.
    public var answer: String
    /// Whether the system said that it has no answer.
    public var isRefused: Bool
    /// The ids of the cited documents; repeated ones count once.
    public var citedDocuments: [String]
    /// For each sentence of the answer, whether its passage supports it.
    public var supportedSentences: [Bool]
    /// From question to last word, in milliseconds.
    public var latencyMilliseconds: Double

    /// Makes an outcome from values.
    public init(
        answer: String, isRefused: Bool = false, citedDocuments: [String] = [], supportedSentences: [Bool] = [],
        latencyMilliseconds: Double = 0
    ) {
        self.answer = answer
        self.isRefused = isRefused
        self.citedDocuments = citedDocuments
        self.supportedSentences = supportedSentences
        self.latencyMilliseconds = latencyMilliseconds
    }
}

/// The result of `docent eval answers`, with the JSON keys of the contract.
///
/// | measure | mean over |
/// |---|---|
/// | `exact_match`, `f1` | all questions; a refusal is the empty answer, right where there is no answer (SQuAD 2.0) |
/// | `answerable_exact_match`, `answerable_f1`, `answer_recall` | answerable questions |
/// | `citation_precision` | answers with citations to questions whose documents are known |
/// | `citation_recall` | answerable questions whose documents are known; a refusal recalls nothing |
/// | `supported_rate` | sentences of all answers |
/// | `refusal_precision` | refusals: how many were of unanswerable questions |
/// | `refusal_recall` | unanswerable questions: how many were refused |
///
/// A measure over nothing is null.
public struct AnswerReport: Sendable, Encodable {
    /// One question's values.
    public struct Row: Sendable, Equatable {
        /// The question.
        public let question: AnswerCase
        /// What the system did with it.
        public let outcome: AnswerOutcome
        /// 0 or 1.
        public let exactMatch: Double
        /// 0...1.
        public let f1: Double
        /// 0...1; nil for an unanswerable question.
        public let answerRecall: Double?
        /// 0...1; nil where it isn't defined.
        public let citationPrecision: Double?
        /// 0...1; nil where it isn't defined.
        public let citationRecall: Double?
    }

    /// The data set's name.
    public let dataset: String
    /// The generator's name.
    public let generator: String
    /// One row per question, in the data set's order.
    public let rows: [Row]
    /// The measures by JSON key, in the order to report them; nil is a mean over nothing.
    public let measures: [(key: String, value: Double?)]
    /// Gates and whether they are met.
    public private(set) var gates: [Gate.Outcome] = []

    /// Measures answers.
    /// - Parameters:
    ///   - dataset: the data set's name.
    ///   - generator: the generator's name.
    ///   - answers: each question with what the system did with it.
    public init(dataset: String, generator: String, answers: [(question: AnswerCase, outcome: AnswerOutcome)]) {
        self.dataset = dataset
        self.generator = generator
        let rows = answers.map { Self.row($0.question, $0.outcome) }
        self.rows = rows
        let answerable = rows.filter { !$0.question.isUnanswerable }
        let refused = rows.filter(\.outcome.isRefused)
        let unanswerable = rows.filter(\.question.isUnanswerable)
        let rightlyRefused = Double(refused.count { $0.question.isUnanswerable })
        let sentences = rows.filter { !$0.outcome.isRefused }.flatMap(\.outcome.supportedSentences)
        let latencies = rows.map(\.outcome.latencyMilliseconds)
        func mean(_ values: [Double]) -> Double? { values.isEmpty ? nil : Statistics.mean(values) }
        measures = [
            ("exact_match", mean(rows.map(\.exactMatch))),
            ("f1", mean(rows.map(\.f1))),
            ("answerable_exact_match", mean(answerable.map(\.exactMatch))),
            ("answerable_f1", mean(answerable.map(\.f1))),
            ("answer_recall", mean(rows.compactMap(\.answerRecall))),
            ("citation_precision", mean(rows.compactMap(\.citationPrecision))),
            ("citation_recall", mean(rows.compactMap(\.citationRecall))),
            ("supported_rate", mean(sentences.map { $0 ? 1 : 0 })),
            ("refusal_precision", refused.isEmpty ? nil : rightlyRefused / Double(refused.count)),
            ("refusal_recall", unanswerable.isEmpty ? nil : rightlyRefused / Double(unanswerable.count)),
            ("latency_p50_ms", Statistics.percentile(latencies, 0.5)),
            ("latency_p95_ms", Statistics.percentile(latencies, 0.95)),
            ("latency_p99_ms", Statistics.percentile(latencies, 0.99)),
        ]
    }

    private static func row(_ question: AnswerCase, _ outcome: AnswerOutcome) -> Row {
        let answer = outcome.isRefused ? "" : outcome.answer
        let cited = Set(outcome.isRefused ? [] : outcome.citedDocuments)
        let gold = Set(question.documents)
        let hits = Double(cited.intersection(gold).count)
        let hasGold = !question.isUnanswerable && !gold.isEmpty
        return Row(
            question: question, outcome: outcome,
            exactMatch: AnswerText.exactMatch(answer, golds: question.answers),
            f1: AnswerText.f1(answer, golds: question.answers),
            answerRecall: question.isUnanswerable ? nil : AnswerText.recall(answer, golds: question.answers),
            citationPrecision: hasGold && !cited.isEmpty ? hits / Double(cited.count) : nil,
            citationRecall: hasGold ? hits / Double(gold.count) : nil)
    }

    /// A measure by its JSON key; nil when it is unknown or a mean over nothing.
    public func value(_ key: String) -> Double? {
        measures.first { $0.key == key }?.value
    }

    /// Holds gates against the report and keeps the outcomes in it.
    /// - Parameter gates: the part before a colon, if any, has to be the generator's name.
    /// - Returns: whether all are met.
    public mutating func apply(_ gates: [Gate]) -> Bool {
        self.gates = gates.map { gate in
            gate.outcome(for: gate.mode == nil || gate.mode == generator ? value(gate.measure) : nil)
        }
        return self.gates.allSatisfy(\.passed)
    }

    /// Writes the contract's keys; `gates` only where there are any.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: JSONKey.self)
        try container.encode(dataset, forKey: JSONKey("dataset"))
        try container.encode(generator, forKey: JSONKey("generator"))
        try container.encode(rows.count, forKey: JSONKey("questions"))
        try container.encode(rows.count { $0.question.isUnanswerable }, forKey: JSONKey("unanswerable"))
        try container.encode(rows.count(where: \.outcome.isRefused), forKey: JSONKey("refused"))
        for (key, value) in measures { try container.encode(value, forKey: JSONKey(key)) }
        if !gates.isEmpty { try container.encode(gates, forKey: JSONKey("gates")) }
    }
}
