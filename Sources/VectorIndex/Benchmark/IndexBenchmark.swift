public import Kernels
import Tensors

/// The measurements of one index, as `docent bench index --json` prints them.
public struct IndexBenchmarkReport: Sendable, Encodable {
    /// Search effort, what it found and what it cost.
    public struct Point: Sendable, Encodable {
        /// Candidates kept.
        public var ef: Int
        /// The share of the ten nearest that were found, on average.
        public var recallAt10: Double
        /// Queries a second on one thread.
        public var qps1T: Double
        /// Queries a second on all threads.
        public var qpsNT: Double
        /// Median and 99th percentile of one query's time in microseconds, one thread.
        public var p50US: Double
        /// The 99th percentile of one query's time in microseconds, one thread.
        public var p99US: Double
        /// Distances computed for a query, on average.
        public var distancesPerQuery: Double

        enum CodingKeys: String, CodingKey {
            case ef
            case recallAt10 = "recall_at_10"
            case qps1T = "qps_1t"
            case qpsNT = "qps_nt"
            case p50US = "p50_us"
            case p99US = "p99_us"
            case distancesPerQuery = "distances_per_query"
        }
    }

    /// Vectors, components and queries.
    public var vectors: Int
    /// Components of a vector.
    public var dimension: Int
    /// Queries asked.
    public var queries: Int
    /// Threads of the build and of `qps_nt`.
    public var threads: Int
    /// The type the graph is searched on.
    public var precision: Precision
    /// Links of a node, and candidates while building.
    public var m: Int
    /// Candidates kept while building.
    public var efConstruction: Int
    /// Seconds to build.
    public var buildS: Double
    /// Bytes of the snapshot.
    public var bytes: Int
    /// Bytes held in memory by the loaded index: beside int8 and bf16 codes the exact vectors stay in the file's map.
    public var residentBytes: Int
    /// Seconds to load the snapshot.
    public var loadS: Double
    /// Milliseconds an exact search of the same vectors takes on all threads.
    public var exactMS: Double
    /// One for each effort, ascending.
    public var points: [Point]
    /// Filtered searches, if asked for.
    public var filters: [FilterPoint]?

    enum CodingKeys: String, CodingKey {
        case vectors, dimension, queries, threads, precision, m, bytes, points, filters
        case residentBytes = "resident_bytes"
        case efConstruction = "ef_construction"
        case buildS = "build_s"
        case loadS = "load_s"
        case exactMS = "exact_ms"
    }
}

/// Builds an index over given vectors, saves and loads it, and measures searches against the exact answer.
public struct IndexBenchmark: Sendable {
    /// The efforts that are measured unless told otherwise.
    public static let defaultEfs = [10, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512]

    /// How vectors are compared.
    public var metric: Metric
    /// What shapes the graph.
    public var parameters: HNSWParameters
    /// The efforts to measure, each at least 10.
    public var efs: [Int]
    /// Times each measurement is taken; the best counts, as the machine's other work only ever slows it.
    public var repeats: Int
    /// Measures filtered searches as well.
    public var filters: FilterBenchmark?
    /// Where the snapshot is written for `load_s`; removed afterwards by the caller.
    public var snapshotPath: String

    /// Creates a benchmark that writes its snapshot to `snapshotPath`.
    public init(
        metric: Metric = .cosine, parameters: HNSWParameters = HNSWParameters(), efs: [Int] = defaultEfs,
        repeats: Int = 3, snapshotPath: String
    ) {
        self.metric = metric
        self.parameters = parameters
        self.efs = efs
        self.repeats = repeats
        self.snapshotPath = snapshotPath
    }

    /// Runs the benchmark.
    ///
    /// - Parameters:
    ///   - vectors: what to index; row i gets id i.
    ///   - queries: what to ask, of the same dimension.
    ///   - pool: the threads of the build and of `qps_nt`.
    ///   - progress: is told what begins.
    /// - Returns: the measurements, on the loaded snapshot for searches: what a server would run on.
    /// - Throws: `VectorIndexError`.
    public func run(
        vectors: VectorMatrix, queries: VectorMatrix, pool: ThreadPool, progress: (String) -> Void = { _ in }
    ) throws(VectorIndexError) -> IndexBenchmarkReport {
        let clock = ContinuousClock()
        let single = ThreadPool(threadCount: 1)
        progress("exact answers of \(queries.rowCount) queries")
        let flat = try FlatIndex(dimension: vectors.dimension, metric: metric, pool: pool)
        try flat.insert(vectors.ids, vectors: vectors.components)
        var start = clock.now
        var truth: [Set<Int64>] = []
        for row in 0..<queries.rowCount {
            truth.append(Set(try flat.search(queries.row(row), topK: 10).map(\.id)))
        }
        let exact = (clock.now - start).seconds / Double(max(queries.rowCount, 1))
        progress("building over \(vectors.rowCount) vectors on \(pool.threadCount) threads")
        start = clock.now
        let built = try HNSWIndex(dimension: vectors.dimension, metric: metric, parameters: parameters, pool: pool)
        try built.insert(vectors.ids, vectors: vectors.components)
        let buildSeconds = (clock.now - start).seconds
        try built.save(to: snapshotPath, stamp: IndexFile.stamp)
        start = clock.now
        let (index, bytes) = try IndexFile.load(snapshotPath, pool: pool)
        let loadSeconds = (clock.now - start).seconds
        var points: [IndexBenchmarkReport.Point] = []
        for ef in efs.sorted() {
            progress("searching with ef \(ef)")
            points.append(try point(index, ef: ef, queries: queries, truth: truth, pools: (single, pool)))
        }
        let filtered = try filters.map { filters throws(VectorIndexError) in
            try filters.run(index, vectors: vectors, queries: queries, pool: pool, progress: progress)
        }
        return IndexBenchmarkReport(
            vectors: vectors.rowCount, dimension: vectors.dimension, queries: queries.rowCount,
            threads: pool.threadCount, precision: parameters.precision, m: parameters.m,
            efConstruction: parameters.efConstruction,
            buildS: buildSeconds, bytes: bytes, residentBytes: index.statistics.residentByteCount, loadS: loadSeconds,
            exactMS: exact * 1000, points: points, filters: filtered)
    }

    private func point(
        _ index: HNSWIndex, ef: Int, queries: VectorMatrix, truth: [Set<Int64>], pools: (ThreadPool, ThreadPool)
    ) throws(VectorIndexError) -> IndexBenchmarkReport.Point {
        let clock = ContinuousClock()
        let before = index.statistics.distanceCount
        let found = try index.search(queries, topK: 10, efSearch: ef, pool: pools.0)
        let distances = index.statistics.distanceCount - before
        let hits = zip(found, truth).reduce(0) { sum, pair in sum + pair.0.count { pair.1.contains($0.id) } }
        var best = (Double.infinity, Double.infinity)
        var times: [Double] = []
        for _ in 0..<max(repeats, 1) {
            var start = clock.now
            _ = try index.search(queries, topK: 10, efSearch: ef, pool: pools.0)
            best.0 = min(best.0, (clock.now - start).seconds)
            start = clock.now
            _ = try index.search(queries, topK: 10, efSearch: ef, pool: pools.1)
            best.1 = min(best.1, (clock.now - start).seconds)
        }
        for row in 0..<queries.rowCount {
            let query = queries.row(row)
            let start = clock.now
            _ = try index.search(query, topK: 10, efSearch: ef)
            times.append((clock.now - start).seconds)
        }
        times.sort()
        let count = Double(max(queries.rowCount, 1))
        let wanted = Double(truth.reduce(0) { $0 + $1.count })
        return .init(
            ef: ef, recallAt10: wanted == 0 ? 1 : Double(hits) / wanted, qps1T: count / best.0, qpsNT: count / best.1,
            p50US: times.isEmpty ? 0 : times[times.count / 2] * 1e6,
            p99US: times.isEmpty ? 0 : times[times.count * 99 / 100] * 1e6, distancesPerQuery: Double(distances) / count
        )
    }
}

extension Duration {
    /// The duration in seconds.
    var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
