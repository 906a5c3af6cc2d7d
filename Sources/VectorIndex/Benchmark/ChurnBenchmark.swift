public import Kernels

/// What ten rounds of removing and inserting left of an index, as `docent bench index --churn --json` prints it.
public struct ChurnReport: Sendable, Encodable {
    /// The index beside which the churned one is held: as many vectors, never changed.
    public struct State: Sendable, Encodable {
        /// Rounds of removing and inserting so far.
        public var round: Int
        /// The share of the ten nearest that were found, on average.
        public var recallAt10: Double
        /// Bytes of vectors, links and ids in memory.
        public var bytes: Int
        /// Slots with memory behind them.
        public var slots: Int

        enum CodingKeys: String, CodingKey {
            case round, bytes, slots
            case recallAt10 = "recall_at_10"
        }
    }

    /// Vectors in the index at every round's end.
    public var vectors: Int
    /// The share of them that each round replaces.
    public var share: Double
    /// Candidates kept by the searches.
    public var efSearch: Int
    /// After each round; the first one is the index as built.
    public var rounds: [State]
    /// An index built anew over the vectors of the last round.
    public var fresh: State
    /// How far recall fell below that of the fresh index.
    public var recallLoss: Double
    /// Bytes of the churned index over those of the fresh one.
    public var byteRatio: Double

    enum CodingKeys: String, CodingKey {
        case vectors, share, rounds, fresh
        case efSearch = "ef_search"
        case recallLoss = "recall_loss"
        case byteRatio = "byte_ratio"
    }
}

/// Measures what removing and inserting again and again does to recall and memory.
public struct ChurnBenchmark: Sendable {
    /// How vectors are compared.
    public var metric: Metric
    /// What shapes the graph.
    public var parameters: HNSWParameters
    /// Rounds of removing and inserting.
    public var roundCount = 10
    /// The share of the vectors that each round replaces.
    public var share = 0.2

    /// Creates a benchmark of ten rounds that replace a fifth each.
    public init(metric: Metric = .cosine, parameters: HNSWParameters = HNSWParameters()) {
        self.metric = metric
        self.parameters = parameters
    }

    /// Runs the benchmark: the first rows make the index, the others come in over the rounds.
    ///
    /// - Throws: `VectorIndexError`; `invalidParameter` when there are too few rows to replace any.
    public func run(
        vectors: VectorMatrix, queries: VectorMatrix, pool: ThreadPool, progress: (String) -> Void = { _ in }
    ) throws(VectorIndexError) -> ChurnReport {
        let count = Int(Double(vectors.rowCount) / (1 + Double(roundCount) * share))
        let replaced = Int(Double(count) * share)
        try VectorRules.check("vectors", vectors.rowCount, in: 100...Int(Int32.max))
        func make() throws(VectorIndexError) -> HNSWIndex {
            try HNSWIndex(dimension: vectors.dimension, metric: metric, parameters: parameters, pool: pool)
        }
        func insert(_ ids: [Int64], into index: HNSWIndex) throws(VectorIndexError) {
            try index.insert(ids, vectors: ids.flatMap { vectors.row(Int($0)) })
        }
        func state(_ index: HNSWIndex, _ ids: [Int64], round: Int) throws(VectorIndexError) -> ChurnReport.State {
            let exact = try FlatIndex(dimension: vectors.dimension, metric: metric, pool: pool)
            try exact.insert(ids, vectors: ids.flatMap { vectors.row(Int($0)) })
            var (found, wanted) = (0, 0)
            for row in 0..<queries.rowCount {
                let query = queries.row(row)
                let truth = Set(try exact.search(query, topK: 10).map(\.id))
                found += try index.search(query, topK: 10).count { truth.contains($0.id) }
                wanted += truth.count
            }
            let statistics = index.statistics
            return .init(
                round: round, recallAt10: Double(found) / Double(max(wanted, 1)), bytes: statistics.residentByteCount,
                slots: statistics.slotCount)
        }
        var held = vectors.ids.prefix(count).map { $0 }
        let index = try make()
        progress("building over \(count) vectors")
        try insert(held, into: index)
        var rounds = [try state(index, held, round: 0)]
        var random = SplitMix64(seed: parameters.seed)
        for round in 1...roundCount {
            progress("round \(round): \(replaced) vectors out, as many in")
            held.shuffle(using: &random)
            index.remove(Array(held.prefix(replaced)))
            let first = Int64(count + (round - 1) * replaced)
            let new = (first..<first + Int64(replaced)).map { $0 }
            try insert(new, into: index)
            held = held.dropFirst(replaced) + new
            rounds.append(try state(index, held, round: round))
        }
        let anew = try make()
        try insert(held.sorted(), into: anew)
        let fresh = try state(anew, held, round: 0)
        let last = rounds[rounds.count - 1]
        return ChurnReport(
            vectors: count, share: share, efSearch: parameters.efSearch, rounds: rounds, fresh: fresh,
            recallLoss: fresh.recallAt10 - last.recallAt10, byteRatio: Double(last.bytes) / Double(max(fresh.bytes, 1)))
    }
}
