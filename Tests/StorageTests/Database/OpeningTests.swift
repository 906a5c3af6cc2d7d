import Foundation
import GRDB
import Storage
import TestSupport
import Testing

struct OpeningTests {
    @Test("a database is made with its folder and opens again")
    func createsFolder() throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("a/b/docent.sqlite")
        _ = try DocumentStore(path: path).createCollection(Samples.newCollection("c"))
        #expect(try DocumentStore(path: path).collections().map(\.name) == ["c"])
    }

    @Test("the file says that it is Docent's, in pages of 8 KiB, with a write-ahead log")
    func pragmas() throws {
        let samples = try Samples()
        let bytes = try Data(contentsOf: URL(fileURLWithPath: samples.store.path)).prefix(72)
        #expect(Array(bytes[18...19]) == [2, 2], "journal mode WAL")
        let applicationID = try samples.sql { try Int.fetchOne($0, sql: "PRAGMA application_id") }
        #expect(applicationID == 0x444F_4354, "DOCT")
        #expect(Array(bytes[16...17]) == [0x20, 0x00], "pages of 8 KiB")
    }

    @Test("a file that is no database is refused in its own words", arguments: ["noise", "empty header"])
    func notADatabase(kind: String) throws {
        let folder = try TemporaryDirectory()
        let bytes = kind == "noise" ? Array("not a database at all, ".utf8) : Array("SQLite format 3\0".utf8)
        let path = try folder.write((0..<200).flatMap { _ in bytes }, to: "docent.sqlite")
        #expect {
            _ = try DocumentStore(path: path)
        } throws: { error in
            switch error as? StorageError {
            case .notADatabase, .corrupt: true
            default: false
            }
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)).count == 200 * bytes.count, "the file is untouched")
    }

    @Test("another program's database is refused and untouched")
    func foreignDatabase() throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("docent.sqlite")
        try DatabaseQueue(path: path).write { try $0.execute(sql: "CREATE TABLE theirs (x)") }
        #expect(throws: StorageError.notADatabase(path: path)) { _ = try DocumentStore(path: path) }
        let hasOurs = try DatabaseQueue(path: path).read { try $0.tableExists("collections") }
        #expect(!hasOurs)
    }

    @Test("a database of a newer Docent is refused")
    func newerSchema() throws {
        let samples = try Samples()
        try samples.sql { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('999 the future')") }
        #expect(throws: StorageError.newerSchema(path: samples.store.path)) { _ = try samples.reopened() }
    }

    @Test("a database from before syncs opens with its documents and its unfinished job")
    func olderSchema() throws {
        let samples = try Samples()
        try samples.store.replaceDocument(Samples.document("d", ["one"]), in: samples.id)
        let items = [NewJobItem(externalID: "e", payload: .bytes([1]))]
        let job = try samples.store.createJob(kind: "ingest", in: samples.id, items: items)
        try samples.sql { db in
            try db.execute(
                sql: """
                    DROP INDEX document_sources_by_source; DROP TABLE document_sources; DROP TABLE job_removals;
                    DROP INDEX job_items_waiting; DROP TABLE crawl_urls; DROP TABLE crawls; DROP TABLE crawl_pages;
                    DROP TABLE duplicate_keys; DROP TABLE duplicate_chunks;
                    """)
            for column in ["paused", "sync", "is_synced", "sync_note"] {
                try db.execute(sql: "ALTER TABLE jobs DROP COLUMN \(column)")
            }
            for column in ["source", "stamp", "byte_count", "is_container", "is_skipped"] {
                try db.execute(sql: "ALTER TABLE job_items DROP COLUMN \(column)")
            }
            try db.execute(sql: "DELETE FROM grdb_migrations WHERE identifier >= '4'")
        }
        let store = try samples.reopened()
        #expect(try store.document(externalID: "d", in: samples.id).chunkCount == 1)
        #expect(try store.unfinishedJobs().map(\.id) == [job.id])
        let item = try #require(try store.claimNextItem(job: job.id))
        try store.replaceDocument(Samples.document("e", ["two"]), in: samples.id, finishing: item.id)
        #expect(try store.job(id: job.id).state == .succeeded)
    }

    @Test("a folder in the file's place is refused")
    func folderInPlace() throws {
        let folder = try TemporaryDirectory()
        #expect {
            _ = try DocumentStore(path: folder.path)
        } throws: {
            if case .cannotOpen = $0 as? StorageError { true } else { false }
        }
    }

    @Test("a folder that can't be written is refused by name", .enabled(if: getuid() != 0))
    func readOnlyFolder() throws {
        let folder = try TemporaryDirectory()
        try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: folder.path)
        #expect(throws: StorageError.notWritable(path: folder.path)) {
            _ = try DocumentStore(path: folder.file("docent.sqlite"))
        }
    }

    @Test("a folder that can't be made is refused")
    func folderBelowFile() throws {
        let folder = try TemporaryDirectory()
        let file = try folder.write("x", to: "file")
        #expect {
            _ = try DocumentStore(path: file + "/docent.sqlite")
        } throws: {
            if case .cannotOpen = $0 as? StorageError { true } else { false }
        }
    }

    @Test("a damaged page is reported as damage when it is read")
    func corruptPages() throws {
        let samples = try Samples()
        for number in 0..<40 {
            try samples.store.replaceDocument(Samples.document("d\(number)", ["text \(number)"]), in: samples.id)
        }
        // All pages into the file, none in the log.
        try DatabaseQueue(path: samples.store.path).writeWithoutTransaction {
            try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
        }
        let copy = samples.folder.file("copy.sqlite")
        var bytes = try Data(contentsOf: URL(fileURLWithPath: samples.store.path))
        for page in 1..<(bytes.count / 8192) {
            bytes.replaceSubrange(page * 8192..<page * 8192 + 512, with: Data(count: 512))
        }
        try bytes.write(to: URL(fileURLWithPath: copy))
        #expect {
            let store = try DocumentStore(path: copy)
            _ = try store.documents(in: 1)
        } throws: {
            if case .corrupt = $0 as? StorageError { true } else { false }
        }
    }

    @Test("a copy of the file and its log taken while the store is open holds all that was acknowledged")
    func copiedLog() throws {
        let samples = try Samples()
        try samples.store.replaceDocument(Samples.document("d", ["one", "two"]), in: samples.id)
        // What a kill -9 leaves behind: no checkpoint, the commits in the log.
        let copy = samples.folder.file("crash.sqlite")
        for suffix in ["", "-wal"] {
            try FileManager.default.copyItem(atPath: samples.store.path + suffix, toPath: copy + suffix)
        }
        let store = try DocumentStore(path: copy)
        #expect(try store.document(externalID: "d", in: samples.id).chunkCount == 2)
        #expect(try store.latestSequence(in: samples.id) == 2)
    }

    @Test("a torn transaction at the log's end is gone, everything before it is there")
    func tornLog() throws {
        let samples = try Samples()
        try samples.store.replaceDocument(Samples.document("first", ["one"]), in: samples.id)
        let wal = try Data(contentsOf: URL(fileURLWithPath: samples.store.path + "-wal")).count
        try samples.store.replaceDocument(
            Samples.document("second", (0..<300).map { "chunk \($0)" }), in: samples.id)
        let copy = samples.folder.file("torn.sqlite")
        try FileManager.default.copyItem(atPath: samples.store.path, toPath: copy)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: samples.store.path + "-wal"))
        try bytes.prefix((wal + bytes.count) / 2).write(to: URL(fileURLWithPath: copy + "-wal"))
        let store = try DocumentStore(path: copy)
        #expect(try store.documents(in: samples.id).documents.map(\.externalID) == ["first"])
        #expect(try store.chunkCount(in: samples.id) == 1)
    }
}
