import GRDB
import Storage
import TestSupport
import Testing

/// Each invariant broken by hand, and found.
struct StoreCheckTests {
    private func filled() throws -> Samples {
        let samples = try Samples()
        try samples.store.replaceDocument(Samples.document("a", ["one", "two", "three"]), in: samples.id)
        try samples.store.replaceDocument(Samples.document("b", ["four", "five"]), in: samples.id)
        try samples.store.replaceDocument(Samples.document("a", ["one", "two again"]), in: samples.id)
        try samples.store.deleteDocument(externalID: "b", in: samples.id)
        try samples.store.replaceDocument(Samples.document("c", ["six", "seven"]), in: samples.id)
        try samples.store.recordFailure(externalID: "d", in: samples.id, error: "it is empty")
        try samples.store.recordFailure(externalID: "c", in: samples.id, error: "its new version is damaged")
        return samples
    }

    @Test("a database that was only used through the store has nothing wrong, before and after the log is pruned")
    func clean() throws {
        let samples = try filled()
        #expect(try samples.store.check() == [])
        #expect(try samples.store.check(collection: samples.id) == [])
        try samples.store.pruneChanges(through: 4, in: samples.id)
        #expect(try samples.store.check() == [])
    }

    @Test("jobs in every state have nothing wrong")
    func cleanJobs() throws {
        let samples = try filled()
        let items = (0..<4).map { NewJobItem(externalID: "j\($0)", payload: .bytes([1, 2])) }
        for ending in 0..<4 {
            let job = try samples.store.createJob(kind: "ingest", in: samples.id, items: items)
            #expect(try samples.store.check() == [])
            let first = try #require(try samples.store.claimNextItem(job: job.id))
            #expect(try samples.store.check() == [])
            switch ending {
            case 0: try samples.store.finishItem(first.id)
            case 1: try samples.store.failItem(first.id, error: "it is damaged")
            case 2: try samples.store.cancelJob(job.id)
            default: try samples.store.releaseItem(first.id)
            }
            #expect(try samples.store.check() == [])
        }
    }

    private static let breaks: [(String, Finding.Check)] = [
        ("UPDATE documents SET chunk_count = 7 WHERE external_id = 'a'", .document),
        ("DELETE FROM document_texts WHERE document_id = (SELECT min(id) FROM documents)", .document),
        ("UPDATE documents SET error = NULL WHERE external_id = 'd'", .document),
        ("UPDATE documents SET error = 'odd' WHERE external_id = 'a'", .document),
        ("DELETE FROM chunks WHERE id = (SELECT max(id) FROM chunks)", .document),
        ("UPDATE chunks SET ordinal = ordinal + 5", .chunk),
        ("UPDATE chunks SET ordinal = 0", .chunk),
        ("UPDATE chunks SET utf8_end = 100000 WHERE ordinal = 0", .chunk),
        ("UPDATE chunks SET utf8_start = -1 WHERE ordinal = 0", .chunk),
        ("UPDATE chunks SET utf8_start = 3, utf8_end = 1 WHERE ordinal = 0", .chunk),
        (
            """
            INSERT INTO collections SELECT 9, 'other', '', 'e', 'f', 4, '{}', 0, 0, 0;
            UPDATE chunks SET collection_id = 9 WHERE id = (SELECT min(id) FROM chunks)
            """, .chunk
        ),
        ("DELETE FROM chunk_vectors WHERE chunk_id = (SELECT max(id) FROM chunks)", .vector),
        ("UPDATE chunk_vectors SET vector = x'0000803F' WHERE chunk_id = (SELECT max(id) FROM chunks)", .vector),
        ("UPDATE chunk_vectors SET vector = x'0000C07F000000000000000000000000'", .vector),
        ("UPDATE chunk_vectors SET vector = x'00000040000000000000000000000000'", .vector),
        ("UPDATE changes SET kind = 2 WHERE sequence = (SELECT max(sequence) FROM changes)", .changes),
        ("UPDATE changes SET kind = 1 WHERE kind = 2", .changes),
        ("DELETE FROM changes WHERE sequence = (SELECT max(sequence) FROM changes)", .changes),
        ("UPDATE collections SET pruned_through = 5", .changes),
        ("PRAGMA foreign_keys = OFF; INSERT INTO chunk_vectors VALUES (999, x'00')", .reference),
        ("PRAGMA foreign_keys = OFF; INSERT INTO document_texts VALUES (999, 'x')", .reference),
    ]

    @Test("what was broken by hand is found", arguments: breaks)
    func broken(sql: String, check: Finding.Check) throws {
        let samples = try filled()
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        try DatabaseQueue(path: samples.store.path, configuration: configuration).write { try $0.execute(sql: sql) }
        let findings = try samples.store.check()
        #expect(findings.contains { $0.check == check }, "\(findings)")
        #expect(findings.allSatisfy { !$0.detail.isEmpty && !$0.advice.isEmpty })
    }

    @Test(
        "jobs in states that can't be are found",
        arguments: [
            "UPDATE jobs SET state = 'succeeded'",
            "UPDATE job_items SET state = 'succeeded'; DELETE FROM job_payloads",
            "UPDATE job_items SET state = 'running'",
            "UPDATE job_items SET state = 'failed' WHERE id = (SELECT min(id) FROM job_items)",
            "UPDATE job_items SET state = 'succeeded' WHERE id = (SELECT min(id) FROM job_items)",
        ])
    func brokenJobs(sql: String) throws {
        let samples = try filled()
        let items = (0..<3).map { NewJobItem(externalID: "j\($0)", payload: .bytes([1, 2])) }
        _ = try samples.store.createJob(kind: "ingest", in: samples.id, items: items)
        try samples.sql { try $0.execute(sql: sql) }
        let findings = try samples.store.check()
        #expect(findings.contains { $0.check == .job } && findings.allSatisfy { $0.check == .job }, "\(findings)")
    }

    @Test("a damaged page is found, or the database is refused as damaged")
    func damagedPage() throws {
        let samples = try filled()
        try samples.sql { try $0.execute(sql: "DROP INDEX chunks_by_document; PRAGMA writable_schema = ON") }
        try samples.sql {
            try $0.execute(
                sql: """
                    PRAGMA writable_schema = ON;
                    UPDATE sqlite_master SET rootpage = (SELECT rootpage FROM sqlite_master WHERE name = 'changes')
                    WHERE name = 'chunks_by_hash';
                    """)
        }
        do {
            let findings = try samples.reopened().check()
            #expect(findings.contains { $0.check == .database })
        } catch {
            guard case .corrupt = error as? StorageError else { throw error }
        }
    }

    @Test("of many findings of a kind a hundred are listed and the others counted")
    func many() throws {
        let samples = try Samples()
        for number in 0..<130 {
            try samples.store.replaceDocument(Samples.document("d\(number)", ["text \(number)"]), in: samples.id)
        }
        try samples.sql { try $0.execute(sql: "UPDATE documents SET chunk_count = 2") }
        let findings = try samples.store.check()
        #expect(findings.count == 101)
        #expect(findings.last?.subject == "30 more")
    }

    @Test("a collection is checked without what is wrong with another")
    func oneCollection() throws {
        let samples = try filled()
        let other = try samples.store.createCollection(Samples.newCollection("other"))
        try samples.store.replaceDocument(Samples.document("x", ["one"]), in: other.id)
        try samples.sql { try $0.execute(sql: "UPDATE documents SET chunk_count = 7 WHERE external_id = 'x'") }
        #expect(try samples.store.check(collection: samples.id) == [])
        #expect(try samples.store.check(collection: other.id).map(\.collection) == ["other"])
        #expect(try samples.store.check(collection: other.id).map(\.subject) == ["x"])
    }
}
