public import Kernels
import Synchronization

/// The measurements of one filter, as `docent bench index --filters --json` prints them.
public struct FilterPoint: Sendable, Encodable {
    /// How what a filter allows lies to the query.
    public enum Correlation: String, Sendable, Encodable, CaseIterable {
        /// A random choice, the same for every query.
        case none
        /// A random half of the nearest vectors, twice as many as are allowed.
        case near
        /// A topic: the vectors nearest to one of them that was chosen at random.
        case topic
        /// The vectors farthest from the query.
        case far
    }

    /// The share of the vectors that is allowed.
    public var selectivity: Double
    /// How they lie to the query.
    public var correlation: Correlation
    /// Vectors allowed.
    public var matches: Int
    /// The share of the ten nearest allowed that were found, on average.
    public var recallAt10: Double
    /// Queries that got fewer than ten hits, or fewer than are allowed.
    public var short: Int
    /// Microseconds of one query on one thread, on average.
    public var meanUS: Double
    /// The same without the filter.
    public var unfilteredUS: Double
    /// The same of an exact scan of what is allowed, in f32.
    public var scanUS: Double
    /// `meanUS` over the lesser of the two others.
    public var ratio: Double
    /// Queries that a scan answered.
    public var scans: Int

    enum CodingKeys: String, CodingKey {
        case selectivity, correlation, matches, short, ratio, scans
        case recallAt10 = "recall_at_10"
        case meanUS = "mean_us"
        case unfilteredUS = "unfiltered_us"
        case scanUS = "scan_us"
    }
}

/// Measures filtered searches against the exact answer, and beside a search without a filter and an exact scan.
public struct FilterBenchmark: Sendable {
    /// The shares that are measured.
    public static let selectivities = [0.5, 0.1, 0.02, 0.005, 0.001, 0.0001]

    /// Candidates kept by the searches.
    public var efSearch = HNSWParameters().efSearch
    /// Queries of each point; those of correlated filters have a filter each.
    public var queryCount = 100
    /// Times each measurement is taken; the best counts, as the machine's other work only ever slows it.
    public var repeats = 3

    /// Creates the benchmark with its defaults.
    public init() {}

    /// Runs the benchmark over `vectors`, whose rows have their numbers as ids in `index`.
    /// - Throws: `VectorIndexError`.
    public func run(
        _ index: HNSWIndex, vectors: VectorMatrix, queries: VectorMatrix, pool: ThreadPool,
        progress: (String) -> Void = { _ in }
    ) throws(VectorIndexError) -> [FilterPoint] {
        let flat = try FlatIndex(dimension: vectors.dimension, metric: index.metric)
        try flat.insert(vectors.ids, vectors: vectors.components)
        let asked = (0..<min(queryCount, queries.rowCount)).map { queries.row($0) }
        var points: [FilterPoint] = []
        for selectivity in Self.selectivities {
            for correlation in FilterPoint.Correlation.allCases {
                progress("filters that allow \(selectivity * 100) %, \(correlation.rawValue)")
                let matches = max(1, Int(selectivity * Double(vectors.rowCount)))
                let filters = Filters(correlation, matches: matches, queries: asked, vectors: vectors, flat, pool)
                points.append(try point(index, flat, selectivity, filters, asked))
            }
        }
        return points
    }

    private func point(
        _ index: HNSWIndex, _ flat: FlatIndex, _ selectivity: Double, _ kind: Filters, _ queries: [[Float]]
    ) throws(VectorIndexError) -> FilterPoint {
        let filters = kind.bitmaps
        var (found, wanted, short) = (0, 0, 0)
        let scansBefore = index.statistics.scanCount
        for (query, filter) in zip(queries, filters) {
            let truth = Set(try flat.search(query, topK: 10, allowing: filter).map(\.id))
            let hits = try index.search(query, topK: 10, efSearch: efSearch, allowing: filter)
            found += hits.count { truth.contains($0.id) }
            wanted += truth.count
            short += hits.count < truth.count ? 1 : 0
        }
        let scans = index.statistics.scanCount - scansBefore
        var times = [Double](repeating: .infinity, count: 3)
        func measure(_ kind: Int, _ body: (Int) throws(VectorIndexError) -> Void) throws(VectorIndexError) {
            let start = ContinuousClock.now
            for number in queries.indices { try body(number) }
            times[kind] = min(times[kind], (ContinuousClock.now - start).seconds / Double(queries.count))
        }
        for _ in 0..<max(repeats, 1) {
            try measure(0) { number throws(VectorIndexError) in
                _ = try index.search(queries[number], topK: 10, efSearch: efSearch, allowing: filters[number])
            }
            try measure(1) { number throws(VectorIndexError) in
                _ = try index.search(queries[number], topK: 10, efSearch: efSearch)
            }
            try measure(2) { number throws(VectorIndexError) in
                _ = try flat.search(queries[number], topK: 10, allowing: filters[number])
            }
        }
        return FilterPoint(
            selectivity: selectivity, correlation: kind.correlation, matches: kind.matches,
            recallAt10: wanted == 0 ? 1 : Double(found) / Double(wanted), short: short, meanUS: times[0] * 1e6,
            unfilteredUS: times[1] * 1e6, scanUS: times[2] * 1e6, ratio: times[0] / min(times[1], times[2]),
            scans: scans)
    }
}

/// A filter for each query.
private struct Filters {
    let correlation: FilterPoint.Correlation
    let matches: Int
    let bitmaps: [Bitmap]

    init(
        _ correlation: FilterPoint.Correlation, matches: Int, queries: [[Float]], vectors: VectorMatrix,
        _ flat: FlatIndex, _ pool: ThreadPool
    ) {
        self.correlation = correlation
        self.matches = matches
        let count = vectors.rowCount
        guard correlation != .none else {
            let chosen = Bitmap((0..<Int64(count)).sorted { Self.scrambled($0) < Self.scrambled($1) }.prefix(matches))
            bitmaps = queries.map { _ in chosen }
            return
        }
        let made = Mutex([Bitmap](repeating: Bitmap(), count: queries.count))
        pool.run(taskCount: queries.count) { number in
            let topic = Int(Self.scrambled(Int64(number)) % UInt64(count))
            let ranked = flat.ranked(correlation == .topic ? vectors.row(topic) : queries[number])
            let chosen =
                switch correlation {
                case .far: Array(ranked.suffix(matches))
                case .near: Array(ranked.prefix(2 * matches).sorted { Self.scrambled($0) < Self.scrambled($1) })
                case .none, .topic: ranked
                }
            let bitmap = Bitmap(chosen.prefix(matches))
            made.withLock { $0[number] = bitmap }
        }
        bitmaps = made.withLock { $0 }
    }

    /// A number without a visible relation to `id`: the order of these is a shuffle.
    private static func scrambled(_ id: Int64) -> UInt64 {
        var bits = UInt64(bitPattern: id) &* 0x9E37_79B9_7F4A_7C15
        bits ^= bits >> 29
        return bits &* 0xBF58_476D_1CE4_E5B9 >> 8
    }
}
