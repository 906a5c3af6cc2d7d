/// The result of `docent eval retrieval`, with the JSON keys of the contract.
///
///     {"dataset", "queries", "modes": {"hybrid": {"ndcg@10", …, "ci95": {"ndcg@10": [low, high]}}},
///      "significance": [{"measure", "a", "b", "difference", "p", "p_holm", "significant"}], "timings": {…}, "gates": […]}
public struct RetrievalReport: Sendable, Encodable {
    /// The number of resamples and rounds, and the seed: equal settings give equal reports.
    public struct Settings: Sendable, Equatable {
        /// Resamples of the bootstrap.
        public var bootstrapResamples = 2000
        /// Rounds of the randomisation test.
        public var randomisationRounds = 10_000
        /// The p-value, corrected, below which a difference is called significant.
        public var significanceLevel = 0.05
        /// Seeds both.
        public var seed: UInt64 = 42

        /// The defaults.
        public init() {}
    }

    /// One mode's measures.
    public struct ModeScores: Sendable, Encodable {
        /// The mode's name.
        public let mode: String
        /// The measures, means and per query.
        public let scores: RetrievalScores
        /// 95 % confidence intervals of the means.
        public let intervals: [RetrievalMeasure: ClosedRange<Double>]

        /// Writes means by measure, and `ci95`.
        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: JSONKey.self)
            for measure in scores.measures { try container.encode(scores.mean(measure), forKey: JSONKey(measure.name)) }
            var nested = container.nestedContainer(keyedBy: JSONKey.self, forKey: JSONKey("ci95"))
            for (measure, interval) in intervals {
                try nested.encode([interval.lowerBound, interval.upperBound], forKey: JSONKey(measure.name))
            }
        }
    }

    /// How two modes differ in one measure.
    public struct Comparison: Sendable, Equatable, Encodable {
        /// The measure's name.
        public let measure: String
        /// The first mode.
        public let a: String
        /// The second mode.
        public let b: String
        /// Mean of a minus mean of b.
        public let difference: Double
        /// The randomisation test's p-value.
        public let p: Double
        /// The same, corrected for the number of pairs that were compared in this measure.
        public let pHolm: Double
        /// Whether `pHolm` is below the significance level.
        public let significant: Bool

        private enum CodingKeys: String, CodingKey {
            case measure
            case a
            case b
            case difference
            case p
            case pHolm = "p_holm"
            case significant
        }
    }

    /// The data set's name.
    public let dataset: String
    /// How many queries count.
    public let queryCount: Int
    /// Each mode's measures, in the order given.
    public let modes: [ModeScores]
    /// Every pair of modes in every measure.
    public let significance: [Comparison]
    /// What took how long: seconds or milliseconds, by a name that ends in `_s` or `_ms`.
    public let timings: [String: Double]
    /// Gates and whether they are met.
    public private(set) var gates: [Gate.Outcome] = []
    /// Query texts by id, for the HTML report; maybe empty.
    public let queryTexts: [String: String]

    /// Measures and compares runs.
    /// - Parameters:
    ///   - dataset: the data set's name.
    ///   - runs: one run per mode, in the order to report them; the tag is the mode's name.
    ///   - qrels: what is relevant.
    ///   - measures: what to measure.
    ///   - countsMissingQueries: as in `RetrievalScores`.
    ///   - queryTexts: query texts by id, shown in the HTML report.
    ///   - timings: taken over as they are.
    ///   - settings: resamples, rounds, seed.
    /// - Throws: `nothingInCommon` when two runs share no judged query, or a run has none.
    public init(
        dataset: String, runs: [Run], qrels: Qrels, measures: [RetrievalMeasure] = RetrievalMeasure.standard,
        countsMissingQueries: Bool = true, queryTexts: [String: String] = [:], timings: [String: Double] = [:],
        settings: Settings = Settings()
    ) throws(EvaluationError) {
        self.dataset = dataset
        self.timings = timings
        self.queryTexts = queryTexts
        var modes: [ModeScores] = []
        for run in runs {
            let scores = RetrievalScores(
                run: run, qrels: qrels, measures: measures, countsMissingQueries: countsMissingQueries)
            guard !scores.queryIDs.isEmpty else { throw .nothingInCommon(first: run.tag, second: dataset) }
            var intervals: [RetrievalMeasure: ClosedRange<Double>] = [:]
            for measure in measures {
                intervals[measure] = Statistics.bootstrapInterval(
                    scores.perQuery[measure] ?? [], resamples: settings.bootstrapResamples, seed: settings.seed)
            }
            modes.append(ModeScores(mode: run.tag, scores: scores, intervals: intervals))
        }
        self.modes = modes
        queryCount = modes.map(\.scores.queryIDs.count).max() ?? 0
        var significance: [Comparison] = []
        for measure in measures { significance += try Self.compare(modes, measure, settings) }
        self.significance = significance
    }

    private static func compare(
        _ modes: [ModeScores], _ measure: RetrievalMeasure, _ settings: Settings
    ) throws(EvaluationError) -> [Comparison] {
        var pairs: [(a: String, b: String, difference: Double, p: Double)] = []
        for (index, first) in modes.enumerated() {
            for second in modes[(index + 1)...] {
                let values = paired(first.scores, second.scores, measure)
                guard !values.isEmpty else { throw .nothingInCommon(first: first.mode, second: second.mode) }
                let (a, b) = (values.map(\.0), values.map(\.1))
                pairs.append(
                    (
                        first.mode, second.mode, Statistics.mean(a) - Statistics.mean(b),
                        Statistics.randomisationTest(a, b, rounds: settings.randomisationRounds, seed: settings.seed)
                    ))
            }
        }
        let corrected = Statistics.holm(pairs.map(\.p))
        return zip(pairs, corrected).map { pair, pHolm in
            Comparison(
                measure: measure.name, a: pair.a, b: pair.b, difference: pair.difference, p: pair.p, pHolm: pHolm,
                significant: pHolm < settings.significanceLevel)
        }
    }

    /// Both values of every query that counts in both.
    private static func paired(
        _ first: RetrievalScores, _ second: RetrievalScores, _ measure: RetrievalMeasure
    ) -> [(Double, Double)] {
        let others = Dictionary(
            zip(second.queryIDs, second.perQuery[measure] ?? []), uniquingKeysWith: { first, _ in first })
        return zip(first.queryIDs, first.perQuery[measure] ?? []).compactMap { query, value in
            others[query].map { (value, $0) }
        }
    }

    /// A mode's mean by the measure's name; nil when it wasn't measured.
    public func value(mode: String?, measure: String) -> Double? {
        guard let scores = (mode == nil && modes.count == 1 ? modes.first : modes.first { $0.mode == mode })?.scores,
            let wanted = scores.measures.first(where: { $0.name == measure })
        else { return nil }
        return scores.mean(wanted)
    }

    /// Holds gates against the report and keeps the outcomes in it.
    /// - Parameter gates: a gate without a mode is about the only mode there is.
    /// - Returns: whether all are met.
    public mutating func apply(_ gates: [Gate]) -> Bool {
        self.gates = gates.map { $0.outcome(for: value(mode: $0.mode, measure: $0.measure)) }
        return self.gates.allSatisfy(\.passed)
    }

    /// Writes the contract's keys; `gates` only where there are any.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: JSONKey.self)
        try container.encode(dataset, forKey: JSONKey("dataset"))
        try container.encode(queryCount, forKey: JSONKey("queries"))
        var nested = container.nestedContainer(keyedBy: JSONKey.self, forKey: JSONKey("modes"))
        for mode in modes { try nested.encode(mode, forKey: JSONKey(mode.mode)) }
        try container.encode(significance, forKey: JSONKey("significance"))
        try container.encode(timings, forKey: JSONKey("timings"))
        if !gates.isEmpty { try container.encode(gates, forKey: JSONKey("gates")) }
    }
}

/// A JSON key that is only known when it is written.
struct JSONKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }

    init?(stringValue: String) { self.stringValue = stringValue }

    init?(intValue: Int) { nil }
}
