import Kernels
import TestSupport
import Testing
import VectorIndex

@Suite("HNSW filters")
struct HNSWFilterTests {
    private static let count = 4000

    @Test(
        "at every selectivity all of min(k, matches) come back, with recall of at least 0.98",
        arguments: [1.0, 0.7, 0.5, 0.1, 0.02, 0.005, 0.001, 0])
    func uncorrelated(share: Double) throws {
        let (fixtures, index) = try make()
        var random = SeededGenerator(seed: 11)
        let allowed = Bitmap((0..<Int64(Self.count)).filter { _ in Double.random(in: 0..<1, using: &random) < share })
        for query in fixtures.queries {
            let hits = try index.search(query, topK: 10, allowing: allowed)
            #expect(hits.count == min(10, allowed.count))
            #expect(hits.allSatisfy { allowed.contains($0.id) })
        }
        #expect(try fixtures.recall(of: index, ids: 0..<Self.count, allowing: allowed) >= 0.98)
    }

    @Test("filters that allow only what is near or only what is far answer as well", arguments: [true, false])
    func correlated(isNear: Bool) throws {
        let (fixtures, index) = try make()
        let query = fixtures.queries[0]
        let exact = try FlatIndex(dimension: fixtures.dimension, metric: .cosine)
        try exact.insert((0..<Int64(Self.count)).map { $0 }, vectors: fixtures.flat(0..<Self.count))
        let ranked = try exact.search(query, topK: Self.count).map(\.id)
        let allowed = Bitmap(isNear ? Array(ranked.prefix(2000)) : Array(ranked.suffix(2000)))
        let truth = try exact.search(query, topK: 10, allowing: allowed)
        let hits = try index.search(query, topK: 10, efSearch: 64, allowing: allowed)
        #expect(hits.count == 10)
        #expect(Set(hits.map(\.id)).intersection(truth.map(\.id)).count >= 9)
    }

    @Test("a tenth near the query, far from it, or half of what is near is searched as well", arguments: 0..<3)
    func correlatedTenth(kind: Int) throws {
        let fixtures = VectorFixtures(count: 12_000)
        let index = try HNSWIndex(dimension: fixtures.dimension, metric: .cosine, pool: ThreadPool(threadCount: 2))
        try index.insert((0..<12_000).map { $0 }, vectors: fixtures.flat(0..<12_000))
        let exact = try FlatIndex(dimension: fixtures.dimension, metric: .cosine)
        try exact.insert((0..<12_000).map { $0 }, vectors: fixtures.flat(0..<12_000))
        var found = 0
        for query in fixtures.queries.prefix(20) {
            let ranked = try exact.search(query, topK: 12_000).map(\.id)
            let allowed =
                switch kind {
                case 0: Bitmap(ranked.prefix(1200))
                case 1: Bitmap(ranked.suffix(1200))
                default: Bitmap(ranked.prefix(2400).enumerated().filter { $0.offset % 2 == 0 }.map(\.element))
                }
            let truth = Set(try exact.search(query, topK: 10, allowing: allowed).map(\.id))
            let hits = try index.search(query, topK: 10, allowing: allowed)
            #expect(hits.count == 10)
            found += hits.count { truth.contains($0.id) }
        }
        #expect(found >= 196)
    }

    @Test("ids that are not in the index allow nothing")
    func strangers() throws {
        let (fixtures, index) = try make()
        let allowed: Bitmap = [5, 1_000_000, 2_000_000]
        #expect(try index.search(fixtures.queries[0], topK: 10, allowing: allowed).map(\.id) == [5])
        let many = Bitmap(100_000..<103_900)
        #expect(try index.search(fixtures.queries[0], topK: 10, allowing: many).isEmpty)
    }

    @Test("more results than the beam holds are all returned")
    func manyResults() throws {
        let (fixtures, index) = try make()
        #expect(try index.search(fixtures.queries[0], topK: 3000, efSearch: 10).count == 3000)
        #expect(try index.search(fixtures.queries[0], topK: 65_536, efSearch: 10).count == Self.count)
    }

    @Test("a broad filter goes through the graph, a narrow one through the scan")
    func planner() throws {
        let (fixtures, index) = try make()
        let before = index.statistics
        _ = try index.search(fixtures.queries[0], topK: 10, efSearch: 16, allowing: Bitmap(0..<3800))
        #expect(index.statistics.filteredSearchCount == before.filteredSearchCount + 1)
        _ = try index.search(fixtures.queries[0], topK: 10, efSearch: 16, allowing: Bitmap(0..<20))
        #expect(index.statistics.scanCount == before.scanCount + 1)
    }

    private func make() throws -> (VectorFixtures, HNSWIndex) {
        let fixtures = VectorFixtures(count: Self.count)
        let index = try HNSWIndex(dimension: fixtures.dimension, metric: .cosine, pool: ThreadPool(threadCount: 2))
        try index.insert((0..<Int64(Self.count)).map { $0 }, vectors: fixtures.flat(0..<Self.count))
        return (fixtures, index)
    }
}
