import Foundation
import Retrieval
import Storage
import Tensors
import TestSupport
import Testing

struct IndexLifecycleTests {
    @Test("a restart loads the snapshots, catches up and answers as before")
    func restart() async throws {
        let library = try Library()
        try library.fill()
        let first = library.service()
        _ = try await Library.answers(first)
        await first.saveSnapshots()
        try library.add("d3", "parcel delivery rewritten")
        try library.store.deleteDocument(externalID: "d4", in: library.collection.id)
        try library.add("new", "refund card new")
        try await first.refresh(library.collection.id)
        let expected = try await Library.answers(first)

        let factory = PlainIndexFactory()
        let second = library.service(factory: factory)
        #expect(try await Library.answers(second) == expected)
        #expect(factory.counts == .init(made: 0, loaded: 2))
        #expect(
            try await Library.answers(library.service(factory: PlainIndexFactory(lexicalFingerprint: "new")))
                == expected)
    }

    enum Damage: String, CaseIterable {
        case vectorsMissing, lexicalMissing, bothMissing, vectorsTruncated, lexicalNoise, otherEncoder, otherCollection
        case fromTheFuture, folderInPlace, logPruned
    }

    @Test("whatever happens to a snapshot, the answers are the same", arguments: Damage.allCases)
    func damaged(damage: Damage) async throws {
        let library = try Library()
        try library.fill()
        let first = library.service()
        let expected = try await Library.answers(first)
        await first.saveSnapshots()
        let (vectors, lexical) = (library.snapshotFolder + "/vectors.index", library.snapshotFolder + "/lexical.index")
        let files = FileManager.default
        #expect(files.fileExists(atPath: vectors) && files.fileExists(atPath: lexical))
        func edit(_ path: String, _ change: (inout String) -> Void) throws {
            var text = try String(contentsOfFile: path, encoding: .utf8)
            let before = text
            change(&text)
            #expect(text != before)
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        }
        switch damage {
        case .vectorsMissing: try files.removeItem(atPath: vectors)
        case .lexicalMissing: try files.removeItem(atPath: lexical)
        case .bothMissing: try files.removeItem(atPath: library.folder.file("collections"))
        case .vectorsTruncated: try edit(vectors) { $0 = String($0.prefix($0.count / 2)) }
        case .lexicalNoise: try Data((0..<999).map { UInt8($0 % 251) }).write(to: URL(fileURLWithPath: lexical))
        case .otherEncoder: try edit(vectors) { $0 = $0.replacing("words:1", with: "words:2") }
        case .otherCollection: try edit(lexical) { $0 = $0.replacing("\"collectionID\":1", with: "\"collectionID\":9") }
        case .fromTheFuture: try edit(vectors) { $0 = $0.replacing("\"watermark\":40", with: "\"watermark\":4000") }
        case .folderInPlace:
            try files.removeItem(atPath: vectors)
            try files.createDirectory(atPath: vectors, withIntermediateDirectories: false)
        case .logPruned:
            try library.add("late", "unlike anything")
            try library.store.deleteDocument(externalID: "late", in: library.collection.id)
            try library.store.pruneChanges(through: 42, in: library.collection.id)
        }
        let factory = PlainIndexFactory()
        #expect(try await Library.answers(library.service(factory: factory)) == expected)
        #expect(factory.counts.made >= 1)
    }

    @Test("indexes that hold other chunks than the database are built anew")
    func restoredBackup() async throws {
        let library = try Library()
        try library.fill()
        let first = library.service()
        let expected = try await Library.answers(first)
        await first.saveSnapshots()
        // A snapshot with the right stamp and a chunk too few, as a restored older database may meet.
        let path = library.snapshotFolder + "/vectors.index"
        let index = PlainVectorIndex(dimension: 32)
        try index.insert([1], vectors: library.embedder.vector(of: "x"))
        try index.save(
            to: path, stamp: SnapshotStamp(collectionID: library.collection.id, fingerprint: "words:1", watermark: 40))
        #expect(try await Library.answers(library.service()) == expected)
    }

    @Test("a commit is seen by the next search after a refresh, and a small one without")
    func visibility() async throws {
        let library = try Library()
        try library.fill()
        let service = library.service()
        _ = try await Library.answers(service)
        try library.add("zebra", "zebra crossing")
        let found = try await service.search(SearchRequest(query: "zebra", topK: 1), in: Library.name)
        #expect(found.hits.map(\.documentID) == ["zebra"])

        for number in 0..<100 { try library.add("lion\(number)", "lion number \(number)") }
        try await service.refresh(library.collection.id)
        #expect(service.statistics(library.collection.id).state == .ready)
        #expect(service.statistics(library.collection.id).vectorCount == 141)
        let lions = try await service.search(SearchRequest(query: "lion", topK: 200, mode: .lexical), in: Library.name)
        #expect(lions.hits.count == 100)
    }

    @Test("old text is gone from every answer as soon as its document is replaced")
    func replaced() async throws {
        let library = try Library()
        try library.add("d", "the fee is ten euros", "unchanged part")
        let service = library.service()
        _ = try await service.search(SearchRequest(query: "fee euros"), in: Library.name)
        try library.add("d", "the fee is twelve euros", "unchanged part")
        let hits = try await service.search(SearchRequest(query: "fee euros"), in: Library.name).hits
        #expect(Set(hits.map(\.text)) == ["the fee is twelve euros", "unchanged part"])
    }

    @Test("another process's pruning makes an open index build anew, not go wrong")
    func prunedWhileOpen() async throws {
        let library = try Library()
        try library.fill()
        let service = library.service()
        _ = try await Library.answers(service)
        try library.add("zebra", "zebra crossing")
        try library.store.pruneChanges(through: 41, in: library.collection.id)
        try await service.refresh(library.collection.id)
        let hits = try await service.search(SearchRequest(query: "zebra", topK: 1), in: Library.name).hits
        #expect(hits.map(\.documentID) == ["zebra"])
        #expect(service.statistics(library.collection.id).vectorCount == 41)
    }

    @Test("a deleted collection is an error of its own, its snapshots go, its name can be used again")
    func deletion() async throws {
        let library = try Library()
        try library.fill()
        let service = library.service()
        _ = try await Library.answers(service)
        await service.saveSnapshots()
        try library.store.deleteCollection(named: Library.name)
        await #expect(throws: RetrievalError.storage(.collectionNotFound(name: Library.name))) {
            _ = try await service.search(SearchRequest(query: "refund"), in: Library.name)
        }
        try await service.refresh(library.collection.id)
        #expect(!FileManager.default.fileExists(atPath: library.snapshotFolder))
        await service.saveSnapshots()
        #expect(!FileManager.default.fileExists(atPath: library.snapshotFolder))
        _ = try library.store.createCollection(
            NewCollection(name: Library.name, encoder: "words", encoderFingerprint: "words:1", dimension: 32))
        #expect(try await service.search(SearchRequest(query: "refund"), in: Library.name).hits.isEmpty)
    }

    @Test("opening all collections clears away snapshots of those that are gone")
    func orphans() async throws {
        let library = try Library()
        let orphan = library.folder.file("collections/77")
        try FileManager.default.createDirectory(atPath: orphan, withIntermediateDirectories: true)
        let service = library.service()
        try await service.openAll()
        #expect(!FileManager.default.fileExists(atPath: orphan))
        #expect(service.statistics(library.collection.id).state == .ready)
    }

    @Test("indexes grow beside an ingest that nobody searches, and are saved at its end")
    func grownBesideIngest() async throws {
        let library = try Library()
        let first = library.service()
        for number in 0..<30 {
            try library.add("d\(number)", "refund card \(number)")
            first.noteCommit(library.collection.id)
        }
        await first.saveSnapshots()
        let factory = PlainIndexFactory()
        let second = library.service(factory: factory)
        let hits = try await second.search(SearchRequest(query: "refund", topK: 50), in: Library.name).hits
        #expect(hits.count == 30 && factory.counts == .init(made: 0, loaded: 2))
    }

    @Test("many searches of a closed collection open it once")
    func openedOnce() async throws {
        let library = try Library()
        try library.fill()
        let factory = PlainIndexFactory()
        let service = library.service(factory: factory)
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<30 {
                group.addTask { try await service.search(SearchRequest(query: "refund"), in: Library.name).hits.count }
            }
            for try await count in group { #expect(count == 10) }
        }
        #expect(factory.counts == .init(made: 2, loaded: 0))
    }

    @Test("searches run while documents come, change and go, and the end state is exact")
    func concurrent() async throws {
        let library = try Library()
        try library.fill()
        let service = library.service()
        _ = try await Library.answers(service)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for round in 0..<60 {
                    try library.add("live\(round % 20)", "refund live \(round)", "parcel live \(round)")
                    if round % 7 == 6 {
                        try library.store.deleteDocument(externalID: "live\(round % 20)", in: library.collection.id)
                    }
                    service.noteCommit(library.collection.id)
                }
            }
            for _ in 0..<3 {
                group.addTask {
                    for _ in 0..<40 {
                        let hits = try await service.search(
                            SearchRequest(query: "refund live", topK: 20), in: Library.name
                        ).hits
                        #expect(Set(hits.map(\.chunkID)).count == hits.count && !hits.isEmpty)
                    }
                }
            }
            try await group.waitForAll()
        }
        try await service.refresh(library.collection.id)
        let count = try library.store.chunkCount(in: library.collection.id)
        #expect(service.statistics(library.collection.id).vectorCount == count)
        #expect(service.statistics(library.collection.id).lexicalCount == count)
        #expect(try await Library.answers(service) == Library.answers(library.service()))
    }
}
