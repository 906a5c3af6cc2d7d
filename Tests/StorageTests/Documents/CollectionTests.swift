import GRDB
import Storage
import Testing

struct CollectionTests {
    @Test("a collection comes back as it was made")
    func roundTrip() throws {
        let samples = try Samples()
        var new = Samples.newCollection("other")
        new.description = "of other things"
        new.chunking = ChunkingSettings(targetTokens: 100, maxTokens: 120, overlapTokens: 10)
        let made = try samples.store.createCollection(new)
        let found = try samples.store.collection(named: "other")
        #expect(made == found)
        #expect(found.chunking == new.chunking && found.description == new.description && found.dimension == 4)
        #expect(try samples.store.collections().map(\.name) == ["help", "other"])
    }

    @Test("a name is taken once")
    func duplicate() throws {
        let samples = try Samples()
        #expect(throws: StorageError.collectionExists(name: "help")) {
            _ = try samples.store.createCollection(Samples.newCollection("help"))
        }
    }

    @Test(
        "names that can't stand in a URL are refused",
        arguments: ["", "-a", "a/b", "a b", "ü", "..", String(repeating: "a", count: 129)])
    func names(name: String) throws {
        let samples = try Samples()
        #expect {
            _ = try samples.store.createCollection(Samples.newCollection(name))
        } throws: {
            if case .invalidInput("name", _) = $0 as? StorageError { true } else { false }
        }
    }

    @Test("deleting a collection leaves no row of it anywhere")
    func noOrphans() throws {
        let samples = try Samples()
        let other = try samples.store.createCollection(Samples.newCollection("other"))
        try samples.store.replaceDocument(Samples.document("kept", ["k"]), in: other.id)
        let before = try samples.rowCounts()

        try samples.store.replaceDocument(Samples.document("a", ["one", "two"]), in: samples.id)
        try samples.store.replaceDocument(Samples.document("b", ["three"]), in: samples.id)
        try samples.store.deleteDocument(externalID: "b", in: samples.id)
        _ = try samples.store.createJob(
            kind: "ingest", in: samples.id,
            items: [
                NewJobItem(externalID: "a", payload: .bytes([1, 2])), NewJobItem(externalID: "b", payload: .path("/b")),
            ])
        try samples.store.recordAnswer(id: "ans", in: samples.id, question: "q", answer: ["answer": "a"])
        try samples.store.addFeedback(FeedbackRecord(rating: .up), toAnswer: "ans")
        #expect(try samples.rowCounts() != before)

        let deleted = try samples.store.deleteCollection(named: "help")
        #expect(deleted.id == samples.id)
        #expect(try samples.rowCounts() == before)
        #expect(throws: StorageError.collectionNotFound(name: "help")) {
            _ = try samples.store.collection(named: "help")
        }
        let violations = try samples.sql { try Row.fetchAll($0, sql: "PRAGMA foreign_key_check") }
        #expect(violations.isEmpty)
        let integrity = try samples.sql { try String.fetchOne($0, sql: "PRAGMA integrity_check") }
        #expect(integrity == "ok")
    }

    @Test("ids of a deleted collection and its chunks are never used again")
    func idsAreNotReused() throws {
        let samples = try Samples()
        try samples.store.replaceDocument(Samples.document("a", ["one"]), in: samples.id)
        let chunk = try samples.store.indexEntries(in: samples.id, after: 0, limit: 10)[0].id
        try samples.store.deleteCollection(named: "help")
        let again = try samples.store.createCollection(Samples.newCollection("help"))
        #expect(again.id > samples.id)
        try samples.store.replaceDocument(Samples.document("a", ["one"]), in: again.id)
        #expect(try samples.store.indexEntries(in: again.id, after: 0, limit: 10)[0].id > chunk)
        #expect(throws: StorageError.self) {
            try samples.store.replaceDocument(Samples.document("late", ["x"]), in: samples.id)
        }
    }

    @Test("statistics count documents, failures, chunks and bytes")
    func statistics() throws {
        let samples = try Samples()
        let document = Samples.document("a", ["one", "two"])
        let replaced = try samples.store.replaceDocument(document, in: samples.id)
        try samples.store.recordFailure(externalID: "b", in: samples.id, byteCount: 5, error: "unreadable")
        let statistics = try samples.store.statistics(of: samples.id)
        #expect(statistics.documentCount == 1 && statistics.failedDocumentCount == 1 && statistics.chunkCount == 2)
        #expect(statistics.byteCount == document.byteCount + 5)
        #expect(statistics.latestSequence == replaced.sequence)
    }
}
