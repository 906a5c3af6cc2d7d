import Foundation
import Kernels
import Synchronization
import Tensors
import TestSupport
import Testing
import VectorIndex

@Suite("HNSW snapshots")
struct HNSWSnapshotTests {
    private let pool = ThreadPool(threadCount: 2)
    private let stamp = SnapshotStamp(collectionID: 4, fingerprint: "minilm:1", watermark: 77)

    private func make(_ count: Int, _ fixtures: VectorFixtures) throws -> HNSWIndex {
        let index = try HNSWIndex(dimension: fixtures.dimension, metric: .cosine, pool: pool)
        try index.insert((0..<Int64(count)).map { $0 }, vectors: fixtures.flat(0..<count))
        return index
    }

    @Test("a loaded index answers exactly as the saved one, and its stamp comes with it", arguments: [0, 1, 40, 1500])
    func roundTrip(count: Int) throws {
        let fixtures = VectorFixtures(count: 1500)
        let folder = try TemporaryDirectory()
        let index = try make(count, fixtures)
        try index.save(to: folder.file("i"), stamp: stamp)
        let (loaded, found) = try HNSWIndex.load(
            path: folder.file("i"), collectionID: 4, fingerprint: "minilm:1", pool: pool)
        #expect(found == stamp)
        #expect(loaded.count == count)
        #expect(loaded.parameters == index.parameters)
        for query in fixtures.queries {
            #expect(try loaded.search(query, topK: 10) == index.search(query, topK: 10))
        }
        #expect(loaded.vector(of: 0) == index.vector(of: 0))
    }

    @Test("every element type comes back as it was saved, or as another one when asked", arguments: Precision.allCases)
    func precisions(precision: Precision) throws {
        let fixtures = VectorFixtures(count: 1500)
        let folder = try TemporaryDirectory()
        for metric in Metric.allCases {
            let index = try HNSWIndex(
                dimension: fixtures.dimension, metric: metric, parameters: HNSWParameters(precision: precision),
                pool: pool)
            try index.insert((0..<1500).map { $0 }, vectors: fixtures.flat(0..<1500))
            try index.save(to: folder.file("i"), stamp: stamp)
            let (same, _) = try HNSWIndex.load(path: folder.file("i"), pool: pool)
            #expect(same.parameters.precision == precision)
            for query in fixtures.queries { #expect(try same.search(query, topK: 10) == index.search(query, topK: 10)) }
            for other in Precision.allCases {
                let (recoded, _) = try HNSWIndex.load(path: folder.file("i"), precision: other, pool: pool)
                #expect(recoded.parameters.precision == other)
                #expect(try fixtures.recall(of: recoded, ids: 0..<1500) >= (metric == .dot ? 0.95 : 0.98))
            }
        }
    }

    @Test("a file of version 1 opens, as f32 or as any other type", arguments: [nil] + Precision.allCases)
    func oldVersion(precision: Precision?) throws {
        let path = try #require(Bundle.module.path(forResource: "hnsw-v1", ofType: "snapshot", inDirectory: "Fixtures"))
        let fixtures = VectorFixtures(count: 80, dimension: 16)
        let (index, found) = try HNSWIndex.load(path: path, precision: precision, pool: pool)
        #expect(found == stamp)
        #expect(index.parameters == HNSWParameters(m: 4, efConstruction: 40, precision: precision ?? .f32))
        let held = (0..<80).filter { ![3, 17, 44].contains($0) }
        #expect(index.count == held.count)
        #expect(try fixtures.recall(of: index, ids: held) >= 0.98)
        try index.insert([3], vectors: fixtures.rows[3])
        #expect(try index.search(fixtures.rows[3], topK: 1).map(\.id) == [3])
    }

    @Test("a file of version 2 opens in every type and finds its vectors", arguments: [nil] + Precision.allCases)
    func version2(precision: Precision?) throws {
        // Tools/make_index_fixtures.py writes it.
        let path = try #require(Bundle.module.path(forResource: "hnsw-v2", ofType: "snapshot", inDirectory: "Fixtures"))
        let (index, _) = try HNSWIndex.load(path: path, precision: precision, pool: pool)
        #expect(index.parameters == HNSWParameters(m: 4, efConstruction: 40, precision: precision ?? .int8))
        #expect(index.count == 80)
        for row in 0..<80 {
            let vector = (0..<16).map { Float((row * 7919 + $0 * 104_729 + row * $0 * 31) % 193 - 96) }
            let hit = try #require(try index.search(vector, topK: 1).first)
            #expect(hit.id == Int64(row))
            #expect(abs(hit.similarity - 1) < 1e-5)
        }
        #expect(index.statistics.graphSearchCount == 80)
    }

    @Test("a loaded index goes on changing without touching the file")
    func copyOnWrite() throws {
        let fixtures = VectorFixtures(count: 6000)
        let folder = try TemporaryDirectory()
        try make(4200, fixtures).save(to: folder.file("i"), stamp: stamp)
        let before = try Data(contentsOf: URL(fileURLWithPath: folder.file("i")))
        let (loaded, _) = try HNSWIndex.load(path: folder.file("i"), pool: pool)
        loaded.remove((0..<1000).map { Int64($0) })
        try loaded.insert((4200..<6000).map { Int64($0) }, vectors: fixtures.flat(4200..<6000))
        #expect(try fixtures.recall(of: loaded, ids: 1000..<6000) >= 0.98)
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder.file("i"))) == before)
        try loaded.save(to: folder.file("i"), stamp: stamp)
        let (again, _) = try HNSWIndex.load(path: folder.file("i"), pool: pool)
        #expect(again.count == 5000)
        for query in fixtures.queries { #expect(try again.search(query, topK: 5) == loaded.search(query, topK: 5)) }
    }

    @Test("after a snapshot the vectors are read from its file, whoever replaces that, and everything goes on")
    func vectorsInTheFile() throws {
        let fixtures = VectorFixtures(count: 10_000)
        let folder = try TemporaryDirectory()
        let index = try make(9000, fixtures)
        let query = fixtures.queries[0]
        let before = try index.search(query, topK: 10)
        #expect(index.statistics.residentByteCount == index.statistics.byteCount)
        for round in 0..<3 {
            try index.save(to: folder.file("i"), stamp: stamp)
            #expect(try index.search(query, topK: 10) == before)
            let statistics = index.statistics
            // Two of three slabs of 4,096 rows of 128 bytes.
            #expect(statistics.byteCount - statistics.residentByteCount == 2 * 4096 * 128, "round \(round)")
            #expect(index.vector(of: 8999) != nil)
        }
        try FileManager.default.removeItem(atPath: folder.file("i"))
        #expect(try index.search(query, topK: 10) == before)
        index.remove((0..<1000).map { Int64($0) })
        try index.insert((9000..<10_000).map { Int64($0) }, vectors: fixtures.flat(9000..<10_000))
        #expect(try fixtures.recall(of: index, ids: 1000..<10_000) >= 0.97)
        try index.save(to: folder.file("i"), stamp: stamp)
        let (loaded, _) = try HNSWIndex.load(path: folder.file("i"), pool: pool)
        for query in fixtures.queries { #expect(try loaded.search(query, topK: 5) == index.search(query, topK: 5)) }
    }

    @Test("searches that run while snapshots are taken see what was inserted, whole")
    func searchWhileSaving() throws {
        let fixtures = VectorFixtures(count: 9000)
        let folder = try TemporaryDirectory()
        let index = try make(9000, fixtures)
        let expected = try fixtures.queries.map { try index.search($0, topK: 10) }
        let isDone = Atomic<Bool>(false)
        let differences = Atomic<Int>(0)
        let searcher = Thread {
            while !isDone.load(ordering: .relaxed) {
                for (query, hits) in zip(fixtures.queries, expected) {
                    if (try? index.search(query, topK: 10)) != hits { differences.wrappingAdd(1, ordering: .relaxed) }
                }
            }
        }
        searcher.start()
        for _ in 0..<10 { try index.save(to: folder.file("i"), stamp: stamp) }
        isDone.store(true, ordering: .relaxed)
        while !searcher.isFinished { Thread.sleep(forTimeInterval: 0.001) }
        #expect(differences.load(ordering: .relaxed) == 0)
    }

    @Test("a file of a later version is refused")
    func laterVersion() throws {
        let folder = try TemporaryDirectory()
        let writer = try SnapshotWriter(
            path: folder.file("i"), kind: SnapshotKind(code: "HNSW", version: 3), stamp: stamp)
        try writer.beginSection("meta")
        try writer.commit()
        let error = SnapshotError.unsupportedVersion(path: folder.file("i"), kind: "HNSW", found: 3, supported: 2)
        #expect(throws: VectorIndexError.snapshot(error)) { try HNSWIndex.load(path: folder.file("i"), pool: pool) }
    }

    @Test("flipped bits, cut files and strangers are refused with the container's error")
    func damage() throws {
        let fixtures = VectorFixtures(count: 100)
        let folder = try TemporaryDirectory()
        let path = folder.file("i")
        try make(100, fixtures).save(to: path, stamp: stamp)
        let whole = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
        var bytes = whole
        for index in stride(from: 12, to: whole.count, by: 211) {
            bytes[index] ^= 0x10
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            do {
                _ = try HNSWIndex.load(path: path, pool: pool)
                Issue.record("byte \(index) was not noticed")
            } catch VectorIndexError.snapshot(.damaged) {}
            bytes[index] = whole[index]
        }
        for length in [0, 100, 4096, whole.count - 1] {
            try Data(whole.prefix(length)).write(to: URL(fileURLWithPath: path))
            #expect(throws: VectorIndexError.self) { try HNSWIndex.load(path: path, pool: pool) }
        }
        try Data(whole).write(to: URL(fileURLWithPath: path))
        #expect(throws: VectorIndexError.snapshot(.wrongCollection(path: path, found: 4, expected: 5))) {
            try HNSWIndex.load(path: path, collectionID: 5, pool: pool)
        }
        #expect(throws: VectorIndexError.snapshot(.wrongFingerprint(path: path, found: "minilm:1", expected: "x"))) {
            try HNSWIndex.load(path: path, fingerprint: "x", pool: pool)
        }
        #expect(throws: VectorIndexError.snapshot(.notFound(path: folder.file("none")))) {
            try HNSWIndex.load(path: folder.file("none"), pool: pool)
        }
    }

    @Test(
        "sections that pass their checksums but make no graph are malformed",
        arguments: ["meta", "base", "ids", "nodes"])
    func contradictions(section: String) throws {
        let fixtures = VectorFixtures(count: 60)
        let folder = try TemporaryDirectory()
        try make(60, fixtures).save(to: folder.file("i"), stamp: stamp)
        let source = try SnapshotFile(path: folder.file("i"), kind: HNSWIndex.snapshotKind)
        for fill in [0x01, 0x7F, 0xFE] as [UInt8] {
            let writer = try SnapshotWriter(path: folder.file("bad"), kind: HNSWIndex.snapshotKind, stamp: stamp)
            for name in ["meta", "base", "upper", "ids", "nodes", "codes", "scales", "vectors"] {
                try writer.beginSection(name)
                var bytes = try #require(try source.section(name).array(of: UInt8.self))
                if name == section { for index in bytes.indices { bytes[index] = fill } }
                try writer.append(bytes)
            }
            try writer.commit()
            do {
                _ = try HNSWIndex.load(path: folder.file("bad"), pool: pool)
                Issue.record("\(section) filled with \(fill) was taken")
            } catch VectorIndexError.snapshot(.malformed) {}
        }
    }
}
