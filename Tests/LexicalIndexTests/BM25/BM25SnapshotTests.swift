import Foundation
import LexicalIndex
import Tensors
import TestSupport
import Testing

@Suite("BM25 snapshots")
struct BM25SnapshotTests {
    private let folder: TemporaryDirectory
    private let index: BM25Index
    private let stamp: SnapshotStamp

    init() throws {
        folder = try TemporaryDirectory()
        index = try BM25Index(parameters: BM25Parameters(k1: 0.9, b: 0.4))
        var random = RandomTexts(seed: 17)
        for start in stride(from: 1, to: 800, by: 40) as StrideTo<Int64> {
            index.insert(random.entries(start..<start + 40))
        }
        index.insert([(id: 5000, text: String(repeating: "loud ", count: 700) + "東京")])
        index.remove([3, 44, 45, 46, 700])
        stamp = SnapshotStamp(collectionID: 9, fingerprint: index.analyzer.fingerprint, watermark: 123)
    }

    @Test("a loaded index answers as the saved one, and can be changed")
    func roundTrip() throws {
        let path = folder.file("index")
        try index.save(to: path, stamp: stamp)
        let (loaded, found) = try BM25Index.load(path: path, collectionID: 9)
        #expect(found == stamp)
        #expect(loaded.count == index.count)
        #expect(loaded.parameters == index.parameters)
        for query in ["w0x w3x w9x", "loud", "東京", "w399x"] {
            #expect(loaded.search(query, topK: 40) == index.search(query, topK: 40))
        }
        #expect(loaded.statistics.removedCount == 0)
        loaded.insert([(id: 6000, text: "fresh words")])
        loaded.remove([5000])
        #expect(loaded.search("fresh", topK: 1).map(\.id) == [6000])
        #expect(loaded.search("loud", topK: 1).isEmpty)
    }

    @Test("an empty index is saved and loaded")
    func empty() throws {
        let path = folder.file("empty")
        try BM25Index().save(to: path, stamp: stamp)
        let (loaded, _) = try BM25Index.load(path: path)
        #expect(loaded.count == 0)
        #expect(loaded.search("anything", topK: 3).isEmpty)
    }

    @Test("another collection or another analyser is refused")
    func foreign() throws {
        let path = folder.file("index")
        try index.save(to: path, stamp: stamp)
        #expect(throws: SnapshotError.self) { try BM25Index.load(path: path, collectionID: 10) }
        #expect(throws: SnapshotError.self) {
            try BM25Index.load(path: path, analyzer: TextAnalyzer(language: .none))
        }
        #expect(throws: SnapshotError.self) { try BM25Index.load(path: folder.file("missing")) }
    }

    @Test("whatever byte is damaged and wherever the file ends, loading throws")
    func damage() throws {
        let path = folder.file("index")
        try index.save(to: path, stamp: stamp)
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        var generator = SeededGenerator(seed: 99)
        for round in 0..<120 {
            var damaged = bytes
            if round % 3 == 0 {
                damaged = Array(bytes.prefix(Int.random(in: 0..<bytes.count, using: &generator)))
            } else {
                damaged[Int.random(in: 0..<bytes.count, using: &generator)] ^= UInt8.random(
                    in: 1...255, using: &generator)
            }
            let broken = try folder.write(damaged, to: "broken")
            #expect(throws: SnapshotError.self) { try BM25Index.load(path: broken) }
        }
    }

    @Test("sections that contradict each other are refused, though their checksums are right")
    func contradictions() throws {
        let sections: [(String, [UInt32])] = [
            ("parameters", [Float(1.2).bitPattern, Float(0.75).bitPattern]), ("segments", [2, 1, 1, 2, 0]),
        ]
        func write(_ change: (inout Sections) -> Void) throws -> String {
            var parts = Sections(parameters: sections[0].1, segments: sections[1].1)
            change(&parts)
            let path = folder.file("made")
            let writer = try SnapshotWriter(path: path, kind: SnapshotKind(code: "BM25", version: 1), stamp: stamp)
            try parts.write(to: writer)
            return path
        }
        #expect(try BM25Index.load(path: write { _ in }).0.search("a", topK: 2).count == 2)
        let changes: [(inout Sections) -> Void] = [
            { $0.parameters = [Float.nan.bitPattern, 0] }, { $0.parameters = [0] },
            { $0.segments = [2, 1, 1, 2] }, { $0.segments = [.max, 1, 1, 2, 0] }, { $0.segments = [2, 1, 1, 3, 0] },
            { $0.segments = [2, 1, 1, 2, 1] }, { $0.segments = [0, 0, 0, 0, 0] }, { $0.segments = [] },
            { $0.segments += [0, 0, 0, 0, 0] }, { $0.ids = [5, 5] }, { $0.ids = [6, 5] }, { $0.ids = [5] },
            { $0.termEnds = [2] }, { $0.termEnds = [0] }, { $0.postingEnds = [1] }, { $0.postingEnds = [900] },
            { $0.slots = [0, 2] }, { $0.slots = [1, 0] }, { $0.slots = [0, 0] }, { $0.frequencies = [0, 1] },
            { $0.frequencies = [255, 1] },
        ]
        for change in changes {
            let path = try write(change)
            #expect(throws: SnapshotError.self) { try BM25Index.load(path: path) }
        }
    }

    /// The sections of an index of two chunks that hold the word "a".
    private struct Sections {
        var parameters: [UInt32]
        var segments: [UInt32]
        var ids: [Int64] = [5, 6]
        var lengths: [UInt32] = [1, 1]
        var termBytes: [UInt8] = [0x61]
        var termEnds: [UInt32] = [1]
        var postingEnds: [UInt32] = [2]
        var slots: [UInt16] = [0, 1]
        var frequencies: [UInt8] = [1, 1]

        func write(to writer: SnapshotWriter) throws {
            func section(_ name: String, _ elements: [some FixedWidthInteger & BitwiseCopyable]) throws {
                try writer.beginSection(name)
                try writer.append(elements)
            }
            try section("parameters", parameters)
            try section("segments", segments)
            try section("ids", ids)
            try section("lengths", lengths)
            try section("termBytes", termBytes)
            try section("termEnds", termEnds)
            try section("postingEnds", postingEnds)
            try section("slots", slots)
            try section("frequencies", frequencies)
            try section("largePostings", [UInt32]())
            try section("largeFreqs", [UInt32]())
            try writer.commit()
        }
    }
}
