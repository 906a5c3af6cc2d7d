import Kernels
import Tensors
import TestSupport
import Testing
import VectorIndex

/// How an index came to hold what it holds.
enum History: String, CaseIterable, Sendable {
    case build
    case insert
    case delete
    case replace
    case reload
}

@Suite("HNSW recall")
struct HNSWRecallTests {
    private static let count = 2500

    /// An index that got its vectors as `history` says, and the numbers of the rows that should be in it.
    private func make(
        _ history: History, _ metric: Metric, _ precision: Precision, threads: Int, _ fixtures: VectorFixtures
    ) throws -> (HNSWIndex, [Int]) {
        let pool = ThreadPool(threadCount: threads)
        let index = try HNSWIndex(
            dimension: fixtures.dimension, metric: metric, parameters: HNSWParameters(precision: precision), pool: pool)
        let all = Array(0..<Self.count)
        switch history {
        case .build, .reload:
            try index.insert(all.map { Int64($0) }, vectors: fixtures.flat(all))
        case .insert:
            for start in stride(from: 0, to: Self.count, by: 100) {
                let ids = Array(start..<start + 100)
                try index.insert(ids.map { Int64($0) }, vectors: fixtures.flat(ids))
            }
        case .delete:
            try index.insert(all.map { Int64($0) }, vectors: fixtures.flat(all))
            for start in stride(from: 0, to: Self.count, by: 5) { index.remove([Int64(start), Int64(start + 2)]) }
            return (index, all.filter { $0 % 5 != 0 && $0 % 5 != 2 })
        case .replace:
            // Every id first with another row, then with its own.
            try index.insert(all.map { Int64($0) }, vectors: fixtures.flat(all.reversed()))
            for start in stride(from: 0, to: Self.count, by: 500) {
                let ids = Array(start..<start + 500)
                try index.insert(ids.map { Int64($0) }, vectors: fixtures.flat(ids))
            }
        }
        guard history == .reload else { return (index, all) }
        let folder = try TemporaryDirectory()
        try index.save(to: folder.file("index"), stamp: .init(collectionID: 1, fingerprint: "f", watermark: 9))
        return (try HNSWIndex.load(path: folder.file("index"), pool: pool).0, all)
    }

    @Test(
        "recall@10 is at least 0.98 however the index came about, and the graph was searched",
        arguments: History.allCases, Precision.allCases.flatMap { [($0, 1), ($0, 2)] })
    func recallMatrix(history: History, setting: (precision: Precision, threads: Int)) throws {
        let fixtures = VectorFixtures(count: Self.count)
        for metric in Metric.allCases {
            let (index, ids) = try make(history, metric, setting.precision, threads: setting.threads, fixtures)
            #expect(index.parameters.precision == setting.precision)
            #expect(index.count == ids.count)
            let before = index.statistics
            let recall = try fixtures.recall(of: index, ids: ids)
            let after = index.statistics
            #expect(recall >= (metric == .dot ? 0.95 : 0.98), "\(history) \(metric): \(recall)")
            #expect(after.scanCount == before.scanCount)
            let searches = after.graphSearchCount + after.filteredSearchCount
            #expect(searches - before.graphSearchCount - before.filteredSearchCount == fixtures.queries.count)
            // The graph saved work: well under the exact scan's one distance for each vector.
            let distances = after.distanceCount - before.distanceCount
            #expect(distances > 0)
            #expect(distances < fixtures.queries.count * ids.count * 3 / 4)
        }
    }

    @Test("ten rounds of removing and inserting a fifth cost no more than 0.01 of recall, and reuse the slots")
    func churn() throws {
        let fixtures = VectorFixtures(count: 6000)
        let index = try HNSWIndex(dimension: fixtures.dimension, metric: .cosine, pool: ThreadPool(threadCount: 2))
        var held = Array(0..<2000)
        try index.insert(held.map { Int64($0) }, vectors: fixtures.flat(held))
        let fresh = try fixtures.recall(of: index, ids: held, efSearch: 32)
        var random = SeededGenerator(seed: 5)
        for round in 0..<10 {
            held.shuffle(using: &random)
            index.remove(held[0..<400].map { Int64($0) })
            let new = Array(2000 + round * 400..<2400 + round * 400)
            try index.insert(new.map { Int64($0) }, vectors: fixtures.flat(new))
            held = held[400...] + new
        }
        let churned = try fixtures.recall(of: index, ids: held, efSearch: 32)
        #expect(churned >= fresh - 0.01, "fresh \(fresh), churned \(churned)")
        #expect(index.statistics.slotCount <= 2000 + 400 + 128)
        #expect(index.count == held.count)
    }

    @Test("compaction leaves ids, vectors and recall as they were, without free slots")
    func compaction() throws {
        let fixtures = VectorFixtures(count: 2000)
        let index = try HNSWIndex(dimension: fixtures.dimension, metric: .l2, pool: ThreadPool(threadCount: 2))
        try index.insert((0..<2000).map { Int64($0) }, vectors: fixtures.flat(0..<2000))
        index.remove((0..<2000).filter { $0 % 3 == 0 }.map { Int64($0) })
        let left = (0..<2000).filter { $0 % 3 != 0 }
        index.compact()
        #expect(index.statistics.slotCount == left.count)
        #expect(index.vector(of: 7) == fixtures.rows[7])
        #expect(index.vector(of: 9) == nil)
        #expect(try fixtures.recall(of: index, ids: left) >= 0.98)
        try index.insert([5000], vectors: fixtures.rows[0])
        #expect(try index.search(fixtures.rows[0], topK: 1).first?.id == 5000)
    }
}

@Suite("HNSW removal")
struct HNSWRemovalTests {
    @Test("an index emptied and filled again finds everything", arguments: [10, 60, 200, 1000])
    func refill(count: Int) throws {
        let fixtures = VectorFixtures(count: 2 * count)
        let index = try HNSWIndex(dimension: fixtures.dimension, metric: .cosine, pool: ThreadPool(threadCount: 2))
        for round in 0..<3 {
            let ids = Array(round % 2 * count..<round % 2 * count + count)
            try index.insert(ids.map { Int64($0) }, vectors: fixtures.flat(ids))
            #expect(try fixtures.recall(of: index, ids: ids) >= 0.98)
            for id in ids { #expect(try index.search(fixtures.rows[id], topK: 1).map(\.id) == [Int64(id)]) }
            index.remove(ids.map { Int64($0) })
            #expect(try index.search(fixtures.rows[0], topK: 3).isEmpty)
        }
    }

    @Test("what is left of a removed neighbourhood is still found by the graph")
    func neighbourhood() throws {
        let fixtures = VectorFixtures(count: 3000)
        let index = try HNSWIndex(dimension: fixtures.dimension, metric: .l2, pool: ThreadPool(threadCount: 2))
        try index.insert((0..<3000).map { Int64($0) }, vectors: fixtures.flat(0..<3000))
        var left = Set(0..<3000)
        // Around each of some queries all but the farthest of its 150 nearest go.
        for query in fixtures.queries.prefix(10) {
            let near = try index.search(query, topK: 150, efSearch: 300).map(\.id)
            index.remove(Array(near.dropLast(5)))
            left.subtract(near.dropLast(5).map { Int($0) })
        }
        let scans = index.statistics.scanCount
        #expect(try fixtures.recall(of: index, ids: left.sorted()) >= 0.98)
        #expect(index.statistics.scanCount == scans)
    }
}
