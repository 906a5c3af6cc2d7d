import Foundation
import Kernels
import Tensors
import TestSupport
import Testing
import VectorIndex

@Suite("HNSW scans that begin with signs")
struct HNSWSketchTests {
    private static let count = 7000
    private static let fixtures = VectorFixtures(count: count, dimension: 256)
    private let pool = ThreadPool(threadCount: 2)
    private let stamp = SnapshotStamp(collectionID: 4, fingerprint: "minilm:1", watermark: 77)

    private func make(_ precision: Precision, _ metric: Metric = .cosine) throws -> HNSWIndex {
        let index = try HNSWIndex(
            dimension: 256, metric: metric,
            parameters: HNSWParameters(m: 8, efConstruction: 60, precision: precision), pool: pool)
        try index.insert((0..<Int64(Self.count)).map { $0 }, vectors: Self.fixtures.flat(0..<Self.count))
        return index
    }

    /// The far half of all ids for one query: much is allowed, nothing of it is near, and only a scan is of use.
    private func farHalf(of query: [Float], _ exact: FlatIndex) throws -> Bitmap {
        Bitmap(try exact.search(query, topK: Self.count).map(\.id).suffix(Self.count / 2))
    }

    @Test("find the nearest of a large filter that keeps away from the query", arguments: Precision.allCases)
    func farFilter(precision: Precision) throws {
        let fixtures = Self.fixtures
        let exact = try FlatIndex(dimension: 256, metric: .cosine)
        try exact.insert((0..<Int64(Self.count)).map { $0 }, vectors: fixtures.flat(0..<Self.count))
        let index = try make(precision)
        var found = 0
        for query in fixtures.queries.prefix(20) {
            let allowed = try farHalf(of: query, exact)
            let truth = Set(try exact.search(query, topK: 10, allowing: allowed).map(\.id))
            let hits = try index.search(query, topK: 10, allowing: allowed)
            #expect(hits.count == 10)
            found += hits.count { truth.contains($0.id) }
        }
        #expect(found >= 196)
        #expect(index.statistics.scanCount >= 15)
        // More than the working memory measures closely at a time.
        let allowed = try farHalf(of: fixtures.queries[0], exact)
        #expect(try index.search(fixtures.queries[0], topK: 3300, allowing: allowed).count == 3300)
    }

    @Test(
        "find the nearest at random, and follow removals and replacements", arguments: [Precision.int8, .bf16, .binary])
    func changes(precision: Precision) throws {
        let fixtures = Self.fixtures
        let index = try make(precision)
        let allowed = Bitmap((0..<Int64(Self.count)).filter { $0 % 2 == 0 })
        #expect(try fixtures.recall(of: index, ids: 0..<Self.count, efSearch: 2000, allowing: allowed) >= 0.98)
        index.remove((0..<500).map { $0 })
        #expect(try fixtures.recall(of: index, ids: 500..<Self.count, efSearch: 2000, allowing: allowed) >= 0.98)
        try index.insert((0..<500).map { $0 }, vectors: fixtures.flat(0..<500))
        #expect(try fixtures.recall(of: index, ids: 0..<Self.count, efSearch: 2000, allowing: allowed) >= 0.98)
        #expect(index.statistics.scanCount > 100)
        #expect(index.idsWithForeignCodes().isEmpty)
    }

    @Test("a snapshot holds the signs, and one from before there were any gets them when it is opened")
    func snapshots() throws {
        let folder = try TemporaryDirectory()
        let index = try make(.int8)
        try index.save(to: folder.file("new"), stamp: stamp)
        let file = try SnapshotFile(path: folder.file("new"), kind: HNSWIndex.snapshotKind)
        #expect(try file.section("sketch_codes").byteCount == Self.count * 64)
        let writer = try SnapshotWriter(path: folder.file("old"), kind: HNSWIndex.snapshotKind, stamp: stamp)
        for name in ["meta", "base", "upper", "ids", "nodes", "codes", "scales", "vectors"] {
            try writer.beginSection(name)
            try file.section(name).withBytes { try writer.append($0) }
        }
        try writer.commit()
        let allowed = Bitmap((0..<Int64(Self.count)).filter { $0 % 2 == 0 })
        for name in ["new", "old"] {
            let (loaded, _) = try HNSWIndex.load(path: folder.file(name), pool: pool)
            #expect(loaded.idsWithForeignCodes().isEmpty)
            for query in Self.fixtures.queries.prefix(10) {
                let expected = try index.search(query, topK: 10, efSearch: 2000, allowing: allowed)
                #expect(try loaded.search(query, topK: 10, efSearch: 2000, allowing: allowed) == expected)
            }
            #expect(loaded.statistics.scanCount == 10)
        }
    }

    @Test("under other metrics all that is allowed is compared exactly", arguments: [Metric.dot, .l2])
    func otherMetrics(metric: Metric) throws {
        let index = try make(.int8, metric)
        let allowed = Bitmap((0..<Int64(Self.count)).filter { $0 % 2 == 0 })
        let recall = try Self.fixtures.recall(of: index, ids: 0..<Self.count, efSearch: 4000, allowing: allowed)
        #expect(recall == 1)
    }
}
