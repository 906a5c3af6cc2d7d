import Kernels
import TestSupport
import VectorIndex

/// Seeded vectors in loose clusters, as embeddings lie, and what an exact index says about them.
struct VectorFixtures {
    let dimension: Int
    private(set) var rows: [[Float]] = []
    let queries: [[Float]]

    /// `count` vectors and 50 queries.
    init(count: Int, dimension: Int = 32, seed: UInt64 = 7) {
        self.dimension = dimension
        var random = SeededGenerator(seed: seed)
        let centres = (0..<24).map { _ in VectorFixtures.noise(dimension, 1, &random) }
        func draw(_ random: inout SeededGenerator) -> [Float] {
            let centre = centres[Int.random(in: 0..<centres.count, using: &random)]
            return zip(centre, VectorFixtures.noise(dimension, 0.7, &random)).map { $0 + $1 }
        }
        rows = (0..<count).map { _ in draw(&random) }
        queries = (0..<50).map { _ in draw(&random) }
    }

    private static func noise(_ dimension: Int, _ size: Float, _ random: inout SeededGenerator) -> [Float] {
        (0..<dimension).map { _ in
            size * (0..<4).reduce(Float(0)) { sum, _ in sum + Float.random(in: -0.5...0.5, using: &random) }
        }
    }

    /// The rows numbered `ids`, one after the other.
    func flat(_ ids: some Sequence<Int>) -> [Float] { ids.flatMap { rows[$0] } }

    /// The share of the exact answers that `index` finds at `topK` 10.
    func recall(
        of index: some VectorSearching, ids: some Sequence<Int>, efSearch: Int = 64, allowing: Bitmap? = nil
    ) throws -> Double {
        let numbers = Array(ids)
        let exact = try FlatIndex(dimension: dimension, metric: index.metric)
        try exact.insert(numbers.map { Int64($0) }, vectors: flat(numbers))
        var (found, wanted) = (0, 0)
        for query in queries {
            let truth = Set(try exact.search(query, topK: 10, allowing: allowing).map(\.id))
            let hits = try index.search(query, topK: 10, efSearch: efSearch, allowing: allowing)
            found += hits.count { truth.contains($0.id) }
            wanted += truth.count
        }
        return wanted == 0 ? 1 : Double(found) / Double(wanted)
    }
}
