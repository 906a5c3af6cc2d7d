import Foundation
import GRDB
import Storage
import Testing

struct ReplaceTests {
    @Test("a document comes back with its text, chunks and vectors")
    func roundTrip() throws {
        let samples = try Samples()
        let document = Samples.document("a", ["one", "two"], metadata: ["year": 2024, "tags": ["x", "y"]])
        let result = try samples.store.replaceDocument(document, in: samples.id)
        #expect(result == DocumentReplacement(sequence: 2, kept: 0, inserted: 2, removed: 0))
        let record = try samples.store.document(externalID: "a", in: samples.id)
        #expect(record.metadata == document.metadata && record.title == "Title" && record.chunkCount == 2)
        #expect(record.state == .indexed && record.language == "en" && record.contentHash == document.contentHash)
        #expect(try samples.store.documentText(record.id) == document.text)
        let chunks = try samples.store.chunks(ofDocument: record.id)
        #expect(chunks.map(\.text) == ["one", "two"] && chunks.map(\.ordinal) == [0, 1])
        #expect(chunks.map(\.utf8Span) == document.chunks.map(\.utf8Span))
        let entries = try samples.store.indexEntries(ids: chunks.map(\.id))
        #expect(entries.map(\.vector) == document.chunks.map(\.vector))
        #expect(entries[0].embeddedText == "Title > Section\none")
    }

    @Test("an edited document keeps the ids of the chunks that are as they were")
    func keepsUnchanged() throws {
        let samples = try Samples()
        try samples.store.replaceDocument(Samples.document("a", ["one", "two", "three"]), in: samples.id)
        let record = try samples.store.document(externalID: "a", in: samples.id)
        let old = try samples.store.chunks(ofDocument: record.id)
        let before = try samples.store.latestSequence(in: samples.id)

        let result = try samples.store.replaceDocument(
            Samples.document("a", ["three", "new", "one"], title: "Renamed"), in: samples.id)
        #expect(result.keptChunkCount == 2 && result.insertedChunkCount == 1 && result.removedChunkCount == 1)
        let new = try samples.store.chunks(ofDocument: record.id)
        #expect(new.map(\.text) == ["three", "new", "one"] && new.map(\.ordinal) == [0, 1, 2])
        #expect(new[0].id == old[2].id && new[2].id == old[0].id)
        #expect(new[0].utf8Span == 0..<5, "a kept chunk moves with the text")
        let changes = try samples.store.changes(after: before, in: samples.id, limit: 10)
        #expect(changes.map(\.chunkID) == [new[1].id, old[1].id] && changes.map(\.kind) == [.inserted, .removed])
        #expect(try samples.store.document(externalID: "a", in: samples.id).title == "Renamed")
    }

    @Test("equal chunks of one document are told apart by their place")
    func repeatedChunks() throws {
        let samples = try Samples()
        try samples.store.replaceDocument(Samples.document("a", ["x", "x", "x"]), in: samples.id)
        let record = try samples.store.document(externalID: "a", in: samples.id)
        let old = try samples.store.chunks(ofDocument: record.id).map(\.id)
        let result = try samples.store.replaceDocument(Samples.document("a", ["x", "x"]), in: samples.id)
        #expect(result.keptChunkCount == 2 && result.removedChunkCount == 1)
        #expect(try samples.store.chunks(ofDocument: record.id).map(\.id) == Array(old.prefix(2)))
    }

    @Test("the same document again changes no chunk and no change log")
    func idempotent() throws {
        let samples = try Samples()
        let document = Samples.document("a", ["one", "two"])
        let first = try samples.store.replaceDocument(document, in: samples.id)
        let second = try samples.store.replaceDocument(document, in: samples.id)
        #expect(second == DocumentReplacement(sequence: first.sequence, kept: 2, inserted: 0, removed: 0))
    }

    @Test("a transaction that fails midway changes nothing")
    func atomic() throws {
        let samples = try Samples()
        try samples.store.replaceDocument(Samples.document("a", ["one"]), in: samples.id)
        let before = try samples.rowCounts()
        var broken = Samples.document("a", ["two", "three"])
        broken.chunks[1].vector = [1, 2]
        #expect(throws: StorageError.wrongDimension(expected: 4, actual: 2)) {
            try samples.store.replaceDocument(broken, in: samples.id)
        }
        // Fails after the document's row and the first chunk are written.
        try samples.sql {
            try $0.execute(
                sql: """
                    CREATE TRIGGER fail BEFORE INSERT ON chunks WHEN NEW.text = 'three'
                    BEGIN SELECT RAISE(ABORT, 'torn'); END
                    """)
        }
        #expect(throws: StorageError.failed(detail: "torn")) {
            try samples.store.replaceDocument(Samples.document("a", ["two", "three"]), in: samples.id)
        }
        #expect(try samples.rowCounts() == before)
        let record = try samples.store.document(externalID: "a", in: samples.id)
        #expect(try samples.store.chunks(ofDocument: record.id).map(\.text) == ["one"])
        #expect(record.contentHash == "doc:one")
    }

    @Test("readers see whole documents while they are replaced")
    func atomicForReaders() async throws {
        let samples = try Samples()
        let store = samples.store
        let versions = [["a1", "a2", "a3"], ["b1", "b2"]]
        try store.replaceDocument(Samples.document("d", versions[0]), in: samples.id)
        let record = try store.document(externalID: "d", in: samples.id)
        let writer = Task.detached { [id = samples.id] in
            for round in 1...60 {
                try store.replaceDocument(Samples.document("d", versions[round % 2]), in: id)
            }
        }
        for _ in 0..<200 {
            let texts = try store.chunks(ofDocument: record.id).map(\.text)
            #expect(versions.contains(texts))
        }
        try await writer.value
    }

    @Test("input that would poison an index or a span is refused before anything is written")
    func refusals() throws {
        let samples = try Samples()
        var notFinite = Samples.document("a", ["one"])
        notFinite.chunks[0].vector[2] = .nan
        var zero = Samples.document("a", ["one"])
        zero.chunks[0].vector = [0, 0, 0, 0]
        var outside = Samples.document("a", ["one"])
        outside.chunks[0].utf8Span = 2..<900
        let large = Samples.document("a", ["one"], metadata: ["x": .string(String(repeating: "y", count: 70_000))])
        let notFiniteMetadata = Samples.document("a", ["one"], metadata: ["x": .number(.infinity)])
        let longID = Samples.document(String(repeating: "i", count: 1025), ["one"])
        for document in [notFinite, zero, outside, large, notFiniteMetadata, longID, Samples.document("", ["one"])] {
            #expect {
                try samples.store.replaceDocument(document, in: samples.id)
            } throws: {
                if case .invalidInput = $0 as? StorageError { true } else { false }
            }
        }
        #expect(try samples.store.documents(in: samples.id).documents.isEmpty)
    }

    @Test("known vectors are found by content hash, within the collection only")
    func vectorsByHash() throws {
        let samples = try Samples()
        let other = try samples.store.createCollection(Samples.newCollection("other"))
        try samples.store.replaceDocument(Samples.document("a", ["one"]), in: samples.id)
        try samples.store.replaceDocument(Samples.document("a", ["two"]), in: other.id)
        let hashes = ["h:one", "h:two"] + (0..<1200).map { "h:\($0)" }
        #expect(
            try samples.store.chunkVectors(contentHashes: hashes, in: samples.id) == ["h:one": Samples.vector("one")])
    }
}
