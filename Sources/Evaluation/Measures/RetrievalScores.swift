/// The measures of one run: per query and on average.
public struct RetrievalScores: Sendable, Equatable {
    /// What was measured.
    public let measures: [RetrievalMeasure]
    /// The queries that count, in ascending order of their ids.
    public let queryIDs: [String]
    /// Values by measure, in the order of `queryIDs`.
    public let perQuery: [RetrievalMeasure: [Double]]

    /// Measures a run.
    ///
    /// As in trec_eval, queries without judgements are left out of everything.
    /// - Parameters:
    ///   - run: what a system returned.
    ///   - qrels: what is relevant.
    ///   - measures: what to measure.
    ///   - countsMissingQueries: whether a judged query that the run doesn't name counts as 0 (trec_eval's `-c`)
    ///     rather than not at all (its default). Counting is the honest mean where the run is one's own.
    public init(
        run: Run, qrels: Qrels, measures: [RetrievalMeasure] = RetrievalMeasure.standard,
        countsMissingQueries: Bool = false
    ) {
        self.measures = measures
        queryIDs = qrels.queryIDs.filter { countsMissingQueries || run.results[$0] != nil }
        var perQuery: [RetrievalMeasure: [Double]] = [:]
        for query in queryIDs {
            let ranking = run.ranking(of: query)
            let judgements = qrels.judgements[query] ?? [:]
            for measure in Set(measures) {
                perQuery[measure, default: []].append(measure.value(ranking: ranking, judgements: judgements))
            }
        }
        self.perQuery = perQuery
    }

    /// The mean over the queries that count; 0 when there are none.
    public func mean(_ measure: RetrievalMeasure) -> Double {
        Statistics.mean(perQuery[measure] ?? [])
    }

    /// One query's value; nil when the query doesn't count.
    public func value(_ measure: RetrievalMeasure, query: String) -> Double? {
        guard let index = queryIDs.firstIndex(of: query), let values = perQuery[measure] else { return nil }
        return values[index]
    }
}
