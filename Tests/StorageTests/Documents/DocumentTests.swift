import Storage
import Testing

struct DocumentTests {
    @Test("pages cover every document once, whatever is written meanwhile")
    func pagination() throws {
        let samples = try Samples()
        for number in 0..<10 {
            try samples.store.replaceDocument(Samples.document("d\(number)", ["t\(number)"]), in: samples.id)
        }
        var (seen, cursor): ([String], String?) = ([], nil)
        repeat {
            let page = try samples.store.documents(in: samples.id, after: cursor, limit: 3)
            seen += page.documents.map(\.externalID)
            cursor = page.nextCursor
            // A replacement keeps its place, a deletion behind the cursor and a new document disturb nothing.
            try samples.store.replaceDocument(Samples.document("d1", ["edit \(seen.count)"]), in: samples.id)
            if seen.count == 3 { try samples.store.deleteDocument(externalID: "d0", in: samples.id) }
            if seen.count == 6 { try samples.store.replaceDocument(Samples.document("late", ["l"]), in: samples.id) }
        } while cursor != nil
        #expect(seen == (0..<10).map { "d\($0)" } + ["late"])
    }

    @Test("a listing can be limited to a state")
    func states() throws {
        let samples = try Samples()
        try samples.store.replaceDocument(Samples.document("good", ["t"]), in: samples.id)
        try samples.store.recordFailure(externalID: "bad", in: samples.id, error: "unreadable")
        #expect(try samples.store.documents(in: samples.id, state: .failed).documents.map(\.externalID) == ["bad"])
        #expect(try samples.store.documents(in: samples.id, state: .indexed).documents.map(\.externalID) == ["good"])
    }

    @Test(
        "cursors and limits that no page gave are refused",
        arguments: [("x", 10), ("d-1", 10), ("d", 10), ("d0", 0), ("d0", 1001)])
    func badCursor(cursor: String, limit: Int) throws {
        let samples = try Samples()
        #expect {
            _ = try samples.store.documents(in: samples.id, after: cursor, limit: limit)
        } throws: {
            if case .invalidInput = $0 as? StorageError { true } else { false }
        }
    }

    @Test("a failed attempt leaves the earlier version searchable and says why")
    func failureKeepsOldVersion() throws {
        let samples = try Samples()
        try samples.store.replaceDocument(Samples.document("a", ["one"]), in: samples.id)
        try samples.store.recordFailure(externalID: "a", in: samples.id, error: "truncated file")
        let record = try samples.store.document(externalID: "a", in: samples.id)
        #expect(record.state == .failed && record.error == "truncated file" && record.chunkCount == 1)
        #expect(try samples.store.chunks(ofDocument: record.id).count == 1)
        #expect(try samples.store.contentHash(externalID: "a", in: samples.id) == nil, "so that it is tried again")
        try samples.store.replaceDocument(Samples.document("a", ["one"]), in: samples.id)
        let mended = try samples.store.document(externalID: "a", in: samples.id)
        #expect(mended.state == .indexed && mended.error == nil)
    }

    @Test("a deleted document's chunks are logged as removed and gone")
    func deletion() throws {
        let samples = try Samples()
        try samples.store.replaceDocument(Samples.document("a", ["one", "two"]), in: samples.id)
        let ids = try samples.store.indexEntries(in: samples.id, after: 0, limit: 10).map(\.id)
        let sequence = try samples.store.deleteDocument(externalID: "a", in: samples.id)
        #expect(sequence == 4)
        let changes = try samples.store.changes(after: 2, in: samples.id, limit: 10)
        #expect(changes.map(\.chunkID) == ids && changes.allSatisfy { $0.kind == .removed })
        #expect(try samples.store.chunks(ids: ids).isEmpty)
        #expect(throws: StorageError.documentNotFound(id: "a")) {
            try samples.store.deleteDocument(externalID: "a", in: samples.id)
        }
    }

    @Test("chunks come in the order they are asked for, without those that are gone")
    func chunkOrder() throws {
        let samples = try Samples()
        try samples.store.replaceDocument(Samples.document("a", (0..<1100).map { "t\($0)" }), in: samples.id)
        let ids = try samples.store.indexEntries(in: samples.id, after: 0, limit: 2000).map(\.id)
        let asked = Array(ids.reversed()) + [999_999]
        let found = try samples.store.chunks(ids: asked)
        #expect(found.map(\.chunk.id) == Array(ids.reversed()))
        #expect(found[0].externalID == "a" && found[0].url == "https://example.org/a")
    }

    @Test("the whole collection is read in pieces, ascending")
    func pieces() throws {
        let samples = try Samples()
        let other = try samples.store.createCollection(Samples.newCollection("other"))
        for number in 0..<7 {
            try samples.store.replaceDocument(
                Samples.document("d\(number)", ["a\(number)", "b\(number)"]), in: samples.id)
            try samples.store.replaceDocument(Samples.document("d\(number)", ["c\(number)"]), in: other.id)
        }
        var (ids, last): ([Int64], Int64) = ([], 0)
        while case let piece = try samples.store.indexEntries(in: samples.id, after: last, limit: 4), !piece.isEmpty {
            ids += piece.map(\.id)
            last = ids[ids.count - 1]
        }
        #expect(ids.count == 14 && ids == ids.sorted())
    }

    @Test("a pruned log says so instead of leaving changes out")
    func pruning() throws {
        let samples = try Samples()
        try samples.store.replaceDocument(Samples.document("a", ["1", "2", "3", "4"]), in: samples.id)
        try samples.store.pruneChanges(through: 3, in: samples.id)
        #expect(try samples.store.changes(after: 3, in: samples.id, limit: 10).map(\.sequence) == [4])
        #expect(throws: StorageError.changesPruned(through: 3)) {
            _ = try samples.store.changes(after: 2, in: samples.id, limit: 10)
        }
        try samples.store.pruneChanges(through: 4, in: samples.id)
        #expect(try samples.store.latestSequence(in: samples.id) == 4, "an empty log remembers where it ended")
    }

    @Test("the revision moves with metadata that no chunk's change shows")
    func revision() throws {
        let samples = try Samples()
        try samples.store.replaceDocument(Samples.document("a", ["one"], metadata: ["v": 1]), in: samples.id)
        let (sequence, revision) = (
            try samples.store.latestSequence(in: samples.id), try samples.store.revision(of: samples.id)
        )
        try samples.store.replaceDocument(Samples.document("a", ["one"], metadata: ["v": 2]), in: samples.id)
        #expect(try samples.store.latestSequence(in: samples.id) == sequence)
        #expect(try samples.store.revision(of: samples.id) > revision)
        let (read, entries) = try samples.store.documentMetadata(in: samples.id)
        #expect(read == revision + 1 && entries.map(\.metadata) == [["v": 2]] && entries[0].chunkIDs.count == 1)
    }
}
