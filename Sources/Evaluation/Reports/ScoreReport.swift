/// The result of `docent eval score`: trec_eval's measures of one run file, as one JSON object.
public struct ScoreReport: Sendable, Encodable {
    /// What is reported.
    public static let measures: [RetrievalMeasure] = [
        .averagePrecision, .rPrecision, .bpref, .reciprocalRank(nil), .reciprocalRank(10), .rankBiasedPrecision,
        .ndcg(nil), .ndcg(5), .ndcg(10), .ndcg(20), .ndcg(100), .precision(1), .precision(5), .precision(10),
        .precision(20), .precision(100), .recall(5), .recall(10), .recall(20), .recall(100), .recall(1000),
        .success(1), .success(5), .success(10),
    ]

    /// The run's name.
    public let run: String
    /// The measures, means and per query.
    public let scores: RetrievalScores
    /// Whether per-query values are written too.
    public var includesQueries = false

    /// Measures a run with `measures`.
    /// - Parameters:
    ///   - run: any TREC run.
    ///   - qrels: what is relevant.
    ///   - countsMissingQueries: as in `RetrievalScores`; trec_eval's default is no.
    public init(run: Run, qrels: Qrels, countsMissingQueries: Bool = false) {
        self.run = run.tag
        scores = RetrievalScores(
            run: run, qrels: qrels, measures: Self.measures, countsMissingQueries: countsMissingQueries)
    }

    /// Writes `run`, `queries`, every measure by its name, and `per_query` if asked for.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: JSONKey.self)
        try container.encode(run, forKey: JSONKey("run"))
        try container.encode(scores.queryIDs.count, forKey: JSONKey("queries"))
        for measure in scores.measures { try container.encode(scores.mean(measure), forKey: JSONKey(measure.name)) }
        guard includesQueries else { return }
        var queries = container.nestedContainer(keyedBy: JSONKey.self, forKey: JSONKey("per_query"))
        for (index, query) in scores.queryIDs.enumerated() {
            var values: [String: Double] = [:]
            for (measure, list) in scores.perQuery { values[measure.name] = list[index] }
            try queries.encode(values, forKey: JSONKey(query))
        }
    }
}
