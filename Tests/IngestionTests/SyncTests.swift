import Foundation
import Ingestion
import Logging
import Storage
import TestSupport
import Testing

@Suite("Keeping a collection in step with its source")
struct SyncTests {
    /// A collection, and the folder `docs` that it is to be in step with.
    private struct Bench {
        let folder: TemporaryDirectory
        let store: DocumentStore
        let encoder = StubEncoder()
        let collection: CollectionRecord
        let service: IngestService

        init() throws {
            folder = try TemporaryDirectory()
            store = try DocumentStore(
                path: folder.file("data/docent.sqlite"), clock: { [folder] in withExtendedLifetime(folder) { Date() } })
            collection = try store.createCollection(
                NewCollection(
                    name: "help", encoder: encoder.modelName, encoderFingerprint: encoder.fingerprint,
                    dimension: encoder.dimension))
            service = IngestService(
                store: store, embedder: encoder,
                logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }), onCommit: { _ in })
        }

        func write(_ names: String...) throws {
            for name in names { try folder.write("# \(name)\n\nText of \(name).", to: "docs/" + name) }
        }

        func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: folder.file("docs/" + name)) }

        @discardableResult
        func sync(
            _ paths: String..., mode: SyncMode = .on, isRecursive: Bool = true, prefix: String = ""
        ) async throws -> JobRecord {
            let paths = paths.isEmpty ? ["docs"] : paths
            let submission = try service.submit(
                paths: paths.map(folder.file), isRecursive: isRecursive, idPrefix: prefix, sync: mode, into: "help")
            return try await service.run(submission.job.id)
        }

        func plan(_ paths: String..., mode: SyncMode = .on) throws -> IngestPlan {
            try service.plan(
                paths: paths.isEmpty ? [folder.file("docs")] : paths.map(folder.file), isRecursive: true, sync: mode,
                into: collection)
        }

        var documents: [String] {
            get throws { try store.documents(in: collection.id).documents.map(\.externalID).sorted() }
        }

        /// Makes files look as if they had been written an hour ago.
        func age(_ names: String...) throws {
            for name in names {
                try FileManager.default.setAttributes(
                    [.modificationDate: Date(timeIntervalSinceNow: -3600)], ofItemAtPath: folder.file("docs/" + name))
            }
        }
    }

    @Test("files that are gone are removed, what else came from elsewhere stays")
    func removes() async throws {
        let bench = try Bench()
        try bench.write("a.md", "b.md", "sub/c.md")
        try bench.folder.write("# Else\n\nText.", to: "more/x.md")
        try await bench.sync("docs")
        try await bench.sync("more")
        try await bench.sync("docs", prefix: "p/")
        try bench.remove("b.md")
        try bench.remove("sub")
        let job = try await bench.sync()
        #expect(job.removed == ["b.md", "sub/c.md"] && job.progress.removed == 2)
        #expect(try bench.documents == ["a.md", "p/a.md", "p/b.md", "p/sub/c.md", "x.md"])
        #expect(try await bench.sync(mode: .off).removed.isEmpty)
    }

    @Test("a renamed file is one added and one removed, whose text is not embedded again")
    func renamed() async throws {
        let bench = try Bench()
        try bench.folder.write("# Title\n\nSame text.", to: "docs/old.md")
        try await bench.sync()
        try FileManager.default.moveItem(
            atPath: bench.folder.file("docs/old.md"), toPath: bench.folder.file("docs/new.md"))
        #expect(try await bench.sync().removed == ["old.md"])
        #expect(try bench.documents == ["new.md"] && bench.encoder.texts.count == 1)
    }

    @Test("a folder that is gone or empty, or a file that fails, removes nothing and says why")
    func unreadable() async throws {
        let bench = try Bench()
        try bench.write("a.md", "b.md")
        try await bench.sync()
        try bench.remove("b.md")
        try bench.folder.write([0, 1, 2, 0, 255, 254, 0, 9], to: "docs/bad.html")
        let failed = try await bench.sync()
        #expect(failed.removed.isEmpty && failed.syncNote?.contains("bad.html") == true)
        try bench.remove("a.md")
        try bench.remove("bad.html")
        await #expect(throws: IngestionError.self) { try await bench.sync() }
        try await bench.sync("docs", "more", mode: .on)
        #expect(try bench.documents.contains("a.md") && bench.documents.contains("b.md"))
        try bench.remove("")
        let gone = try await bench.sync()
        #expect(gone.removed.isEmpty && gone.syncNote?.contains("no such file") == true)
        #expect(try bench.documents.contains("a.md"))
        // Who has seen the files go may say so.
        try FileManager.default.createDirectory(
            atPath: bench.folder.file("docs"), withIntermediateDirectories: true)
        #expect(try await bench.sync(mode: .includingEmptied).removed.contains("a.md"))
        #expect(try !bench.documents.contains("b.md"))
    }

    @Test("a folder that can't be read removes nothing", .enabled(if: getuid() != 0))
    func noPermission() async throws {
        let bench = try Bench()
        try bench.write("a.md", "sub/b.md")
        try await bench.sync()
        let sub = bench.folder.file("docs/sub")
        try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: sub)
        defer { try? FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: sub) }
        #expect(try await bench.sync().syncNote?.contains("read permission") == true)
        #expect(try bench.documents.contains("sub/b.md"))
    }

    @Test("folders that are not entered keep their documents")
    func notEntered() async throws {
        let bench = try Bench()
        try bench.write("a.md", "b.md", "sub/c.md")
        try await bench.sync()
        try bench.remove("b.md")
        #expect(try await bench.sync(isRecursive: false).removed == ["b.md"])
        #expect(try bench.documents == ["a.md", "sub/c.md"])
    }

    @Test("an archive costs only what changed in it, and loses what is gone from it, wherever it lies")
    func archive() async throws {
        let bench = try Bench()
        func zip(_ files: [String: String], to path: String) throws {
            try bench.folder.write(StoredZip(files).bytes, to: path)
        }
        try zip(["a.md": "# A\n\nText a.", "b.md": "# B\n\nText b.", "c.md": "# C\n\nText c."], to: "one/all.zip")
        try await bench.sync("one/all.zip")
        #expect(bench.encoder.texts.count == 3)
        try zip(["a.md": "# A\n\nText a.", "c.md": "# C\n\nOther text."], to: "two/all.zip")
        let job = try await bench.sync("two/all.zip")
        #expect(job.progress.unchanged == 1 && job.removed == ["all.zip/b.md"] && bench.encoder.texts.count == 4)
        #expect(job.items.map(\.state).contains(.unchanged))
        var torn = StoredZip(["a.md": "# A\n\nText a."]).bytes
        torn.removeLast(30)
        torn.replaceSubrange(0..<4, with: [0, 0, 0, 0])
        try bench.folder.write(torn, to: "two/all.zip")
        let broken = try await bench.sync("two/all.zip")
        #expect(broken.removed.isEmpty && broken.syncNote != nil)
        #expect(try bench.documents.contains("all.zip/c.md"))
    }

    @Test("lines with ids of their own are removed when they are gone from their file or stream")
    func lines() async throws {
        let bench = try Bench()
        let lines = [#"{"id": "a", "text": "One."}"#, #"{"id": "b", "text": "Two."}"#]
        try bench.folder.write(lines.joined(separator: "\n"), to: "faq.jsonl")
        try await bench.sync("faq.jsonl")
        try bench.folder.write(lines[1], to: "faq.jsonl")
        let job = try await bench.sync("faq.jsonl")
        #expect(job.removed == ["a"] && job.progress.unchanged == 1)
        let streams: [(text: String, removed: [String])] = [
            (#"{"id": "x", "text": "X."}"# + "\n" + #"{"text": "Y."}"#, []),
            (#"{"text": "Z."}"#, ["s/stdin#2", "s/x"]),
        ]
        for (text, removed) in streams {
            let pipe = Pipe()
            try pipe.fileHandleForWriting.write(contentsOf: Data(text.utf8))
            try pipe.fileHandleForWriting.close()
            let job = try bench.service.submit(
                jsonLines: pipe.fileHandleForReading, idPrefix: "s/", sync: .on, into: "help")
            #expect(try await bench.service.run(job.id).removed == removed)
        }
        #expect(try bench.documents == ["b", "s/stdin#1"])
    }

    @Test("a plan says what a sync would do, and does none of it")
    func plan() async throws {
        let bench = try Bench()
        try bench.write("a.md", "b.md", "c.md")
        try bench.folder.write(StoredZip(["x.md": "# X\n\nText."]).bytes, to: "docs/z.zip")
        try await bench.sync()
        try bench.remove("b.md")
        try bench.folder.write("# Other\n\nText.", to: "docs/c.md")
        try bench.folder.write(StoredZip(["x.md": "# X\n\nText.", "y.md": "# Y"]).bytes, to: "docs/z.zip")
        let plan = try bench.plan()
        #expect(plan.added == ["z.zip/y.md"] && plan.changed == ["c.md"] && plan.removed == ["b.md"])
        #expect(plan.unchangedCount == 2 && plan.failures.isEmpty)
        #expect(try bench.plan(mode: .off).removed.isEmpty)
        #expect(try bench.plan("docs", "missing").syncNote?.contains("missing") == true)
        #expect(try bench.documents == ["a.md", "b.md", "c.md", "z.zip/x.md"])
        let fresh = try bench.service.plan(paths: [bench.folder.file("docs")], isRecursive: true, into: nil)
        #expect(fresh.added == ["a.md", "c.md", "z.zip/x.md", "z.zip/y.md"])
    }

    @Test("a young file is read again, for its time can't tell; an old one of the same look is not read")
    func stamps() async throws {
        let bench = try Bench()
        try bench.write("a.md")
        try await bench.sync()
        try bench.age("a.md")
        #expect(try await bench.sync().items.map(\.state) == [.unchanged])
        // The time of the last change of any kind is young still: no stamp was kept.
        #expect(try bench.store.documentStamps(externalIDs: ["a.md"], in: bench.collection.id).isEmpty)
        try await Task.sleep(for: .milliseconds(2100))
        try await bench.sync()
        #expect(try bench.store.documentStamps(externalIDs: ["a.md"], in: bench.collection.id).count == 1)
        let known = try bench.service.submit(paths: [bench.folder.file("docs")], isRecursive: true, into: "help")
        #expect(known.job.state == .succeeded, "it ended when it was made: nothing was read")
        let other = try bench.service.submit(
            paths: [bench.folder.file("docs")], isRecursive: true, metadata: ["k": "v"], into: "help")
        #expect(other.job.state == .queued, "other metadata make another document of the same file")
        _ = try await bench.service.run(other.job.id)
        try bench.folder.write("# a.md\n\nText of A.md.", to: "docs/a.md")
        try bench.age("a.md")
        #expect(try await bench.sync().items.map(\.state) == [.succeeded], "same size and time, other contents")
    }

    @Test("a paused job takes no document, stays so, and goes on when it is resumed")
    func pause() async throws {
        let bench = try Bench()
        for number in 0..<30 { try bench.write("\(number).md") }
        let service = bench.service
        let store = bench.store
        let submission = try service.submit(
            paths: [bench.folder.file("docs")], isRecursive: true, sync: .on, into: "help")
        let paused = try await service.run(submission.job.id) { step in
            if step.event == .started { _ = try? store.pauseJob(submission.job.id) }
        }
        #expect(paused.isPaused && !paused.state.isFinal && paused.progress.done == 0)
        #expect(try await service.run(submission.job.id).isPaused, "it stays so")
        try store.resumeJob(submission.job.id)
        let done = try await service.run(submission.job.id)
        #expect(done.state == .succeeded && done.progress.done == 30)
        #expect(bench.encoder.texts.count == 30)
    }

    @Test("an upload that is stored with the same bytes has ended when it is accepted")
    func unchangedUpload() async throws {
        let bench = try Bench()
        let source = SourceDocument(externalID: "p", bytes: Array("<p>Text.</p>".utf8), contentType: "text/html")
        let first = try bench.service.submit(documents: [source], into: "help")
        #expect(first.state == .queued)
        _ = try await bench.service.run(first.id)
        let again = try bench.service.submit(documents: [source], into: "help")
        #expect(again.state == .succeeded && again.items.map(\.state) == [.unchanged])
    }
}
