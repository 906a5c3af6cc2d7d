import Foundation
import LexicalIndex
import Retrieval
import Storage
import Synchronization
import Tensors
import TestSupport
import Testing
import VectorIndex

/// A collection whose snapshot can't be used is searched exactly at once, while its graph is built.
struct ExactWhileRebuildingTests {
    /// Makes the graph only when it is told to.
    private final class GatedFactory: IndexFactory {
        let plain = PlainIndexFactory()
        let gate = DispatchSemaphore(value: 0)
        private let exact = Atomic<Int>(0)

        var exactCount: Int { exact.load(ordering: .relaxed) }
        var lexicalFingerprint: String { plain.lexicalFingerprint }

        func makeVectorIndex(dimension: Int) throws -> any PersistentVectorIndex {
            gate.wait()
            return try plain.makeVectorIndex(dimension: dimension)
        }
        func makeExactIndex(dimension: Int) throws -> any VectorSearching {
            exact.wrappingAdd(1, ordering: .relaxed)
            return try plain.makeExactIndex(dimension: dimension)
        }
        func loadVectorIndex(path: String) throws -> (index: any PersistentVectorIndex, stamp: SnapshotStamp) {
            try plain.loadVectorIndex(path: path)
        }
        func makeLexicalIndex() throws -> any PersistentLexicalIndex { try plain.makeLexicalIndex() }
        func loadLexicalIndex(path: String) throws -> (index: any PersistentLexicalIndex, stamp: SnapshotStamp) {
            try plain.loadLexicalIndex(path: path)
        }
    }

    /// An exact index and a graph over codes agree on which chunks are nearest, not on the scores' last digits.
    private func chunkIDs(_ service: SearchService) async throws -> [[Int64]] {
        try await Library.answers(service).map { hits in hits.map(\.chunkID) }
    }

    @Test("answers are right at once, during and after the rebuild; what changes meanwhile is in the graph")
    func rebuild() async throws {
        let library = try Library()
        try library.fill()
        let first = library.service()
        let expected = try await chunkIDs(first)
        await first.saveSnapshots()
        try library.folder.write("damaged", to: "collections/\(library.collection.id)/vectors.index")

        let factory = GatedFactory()
        let service = library.service(factory: factory, rules: IndexRules(exactFrom: 10))
        #expect(try await chunkIDs(service) == expected)
        let during = service.statistics(library.collection.id)
        #expect(during.state == .rebuilding && during.vectorCount == 40)
        #expect(during.remarks.map(\.file) == ["vectors.index"] && !during.remarks[0].isMissing)

        try library.add("zebra", "zebra crossing")
        try library.store.deleteDocument(externalID: "d3", in: library.collection.id)
        try await service.refresh(library.collection.id)
        let hits = try await service.search(SearchRequest(query: "zebra", topK: 1), in: Library.name).hits
        #expect(hits.map(\.documentID) == ["zebra"])
        let changed = try await chunkIDs(service)

        factory.gate.signal()
        await service.saveSnapshots()
        let after = service.statistics(library.collection.id)
        #expect(after.state == .ready && after.vectorCount == 39 && after.remarks == during.remarks)
        #expect(try await chunkIDs(service) == changed)
        #expect(factory.exactCount == 1)

        let restarted = library.service()
        #expect(try await chunkIDs(restarted) == changed)
        #expect(restarted.statistics(library.collection.id).remarks == [])
    }

    @Test("a server that stops leaves the graph for the next start")
    func stopped() async throws {
        let library = try Library()
        try library.fill()
        let factory = GatedFactory()
        let service = library.service(factory: factory, rules: IndexRules(exactFrom: 10))
        let expected = try await chunkIDs(service)
        await service.saveSnapshots(finishingGraphs: false)
        #expect(!FileManager.default.fileExists(atPath: library.snapshotFolder + "/vectors.index"))
        factory.gate.signal()
        await service.saveSnapshots()
        #expect(FileManager.default.fileExists(atPath: library.snapshotFolder + "/vectors.index"))
        #expect(try await chunkIDs(library.service()) == expected)
    }

    @Test("a folder in a snapshot's place is set aside, with what is in it")
    func folderInPlace() async throws {
        let library = try Library()
        try library.fill()
        let first = library.service()
        let expected = try await chunkIDs(first)
        await first.saveSnapshots()
        let path = library.snapshotFolder + "/vectors.index"
        try FileManager.default.removeItem(atPath: path)
        try library.folder.write("kept", to: "collections/\(library.collection.id)/vectors.index/inside.txt")
        let second = library.service()
        #expect(try await chunkIDs(second) == expected)
        await second.saveSnapshots()
        let names = try FileManager.default.contentsOfDirectory(atPath: library.snapshotFolder)
        let aside = try #require(names.first { $0.hasPrefix("vectors.index.set-aside-") })
        #expect(FileManager.default.fileExists(atPath: "\(library.snapshotFolder)/\(aside)/inside.txt"))
        let third = library.service()
        #expect(try await chunkIDs(third) == expected)
        #expect(third.statistics(library.collection.id).remarks == [])
    }

    @Test("snapshots are written after as many changes as the rules say")
    func savedOften() async throws {
        let library = try Library()
        try library.fill()
        let service = library.service(rules: IndexRules(snapshotChanges: 5))
        _ = try await chunkIDs(service)
        let path = library.snapshotFolder + "/vectors.index"
        try FileManager.default.removeItem(atPath: path)
        for number in 0..<20 { try library.add("n\(number)", "new text \(number)") }
        try await service.refresh(library.collection.id)
        #expect(FileManager.default.fileExists(atPath: path))
    }
}
