import Foundation
import Ingestion
import Logging
import Storage
import Synchronization
import TestSupport
import Testing

@Suite("Ingest jobs")
struct IngestServiceTests {
    /// A store with a collection, and a service over it.
    private struct Bench {
        let folder: TemporaryDirectory
        let store: DocumentStore
        let collection: CollectionRecord
        let encoder: StubEncoder
        let service: IngestService

        init(_ encoder: StubEncoder = StubEncoder(), byteLimit: Int = 1 << 20) throws {
            self.encoder = encoder
            folder = try TemporaryDirectory()
            // The store keeps the folder alive.
            store = try DocumentStore(
                path: folder.file("data/docent.sqlite"), clock: { [folder] in withExtendedLifetime(folder) { Date() } })
            collection = try store.createCollection(
                NewCollection(
                    name: "help", encoder: encoder.modelName, encoderFingerprint: "stub-1",
                    dimension: encoder.dimension,
                    chunking: ChunkingSettings(targetTokens: 40, maxTokens: 60, overlapTokens: 0)))
            service = IngestService(
                store: store, embedder: encoder, extractor: DocumentExtractor(byteLimit: byteLimit),
                logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }), onCommit: { _ in })
        }

        func ingest(_ paths: [String], progress: (IngestProgress) -> Void = { _ in }) async throws -> JobRecord {
            let submission = try service.submit(paths: paths, isRecursive: true, into: "help")
            return try await service.run(submission.job.id, progress: progress)
        }

        var documents: [String] {
            get throws { try store.documents(in: collection.id, state: .indexed).documents.map(\.externalID) }
        }
    }

    @Test("an archive's files are documents of their own; those that are none fail with the reason")
    func archive() async throws {
        let bench = try Bench()
        let zip = StoredZip(["a.md": "# A\n\nText of a.", "b.csv": "x,y\n1,2\n", "c.docx": "PK no zip", "d.bin": "?"])
        try Data(zip.bytes).write(to: URL(fileURLWithPath: bench.folder.file("all.zip")))
        let job = try await bench.ingest([bench.folder.file("all.zip")])
        #expect(job.progress.total == 3 && job.progress.failed == 1)
        #expect(try bench.documents == ["all.zip/a.md", "all.zip/b.csv"])
        let again = try await bench.ingest([bench.folder.file("all.zip")])
        #expect(again.progress.unchanged == 2)
    }

    @Test("documents of more chunks than are held at once are all stored", .timeLimit(.minutes(5)))
    func manyChunks() async throws {
        let bench = try Bench(byteLimit: 4 << 20)
        // Copies: the vectors of the later ones are known, so that nothing but the store holds up their reading.
        let text = (0..<9_000).map { number in
            "Entry \(number) of this long list has a sentence that fills a chunk of forty tokens all by itself, and "
                + "\(number * 7) further things that nobody else has counted so far in any other list."
        }.joined(separator: "\n\n")
        for name in ["a", "b", "c", "d"] { try bench.folder.write(text, to: "in/\(name).md") }
        let job = try await bench.ingest([bench.folder.file("in")])
        #expect(job.progress.done == 4 && job.progress.failed == 0)
        let counts = try bench.store.documents(in: bench.collection.id, state: .indexed).documents.map(\.chunkCount)
        #expect(counts.count == 4 && Set(counts).count == 1 && counts[0] >= 5_000)
    }

    @Test("no file of an archive is left waiting, whoever looks for work while it is opened")
    func archiveWhileOthersLook() async throws {
        let bytes = StoredZip(["a.md": "# A\n\nText of a.", "b.csv": "x,y\n1,2\n"]).bytes
        for _ in 0..<60 {
            let bench = try Bench()
            try Data(bytes).write(to: URL(fileURLWithPath: bench.folder.file("all.zip")))
            let job = try await bench.ingest([bench.folder.file("all.zip")])
            #expect(job.state == .succeeded && job.progress.done == 2)
        }
    }

    @Test("files are stored with their chunks, and progress counts what happened")
    func firstIngest() async throws {
        let bench = try Bench()
        for number in 0..<20 { try bench.folder.write("# Title \(number)\n\nText \(number).", to: "docs/\(number).md") }
        let reports = Mutex<[IngestProgress]>([])
        let job = try await bench.ingest([bench.folder.file("docs")]) { report in reports.withLock { $0.append(report) }
        }
        #expect(job.state == .succeeded)
        #expect(try bench.documents.count == 20)
        let last = try #require(reports.withLock { $0.last })
        #expect(last.event == .finished)
        #expect(last.doneCount == 20 && last.totalCount == 20 && last.chunkCount == 20 && last.failedCount == 0)
        #expect(last.embeddedCount == 20)
        let record = try bench.store.document(externalID: "7.md", in: bench.collection.id)
        #expect(record.title == "Title 7")
        #expect(try bench.store.chunks(ofDocument: record.id).map(\.text) == ["Text 7."])
        #expect(try bench.store.documentText(record.id) == "Title 7\n\nText 7.")
    }

    @Test("an unchanged file costs a hash, a changed one only its changed chunks")
    func incremental() async throws {
        let bench = try Bench()
        let path = try bench.folder.write("# One\n\nFirst text.\n\n# Two\n\nSecond text.", to: "a.md")
        _ = try await bench.ingest([path])
        #expect(bench.encoder.texts.count == 2)
        let again = try await bench.ingest([path])
        #expect(again.items.map(\.state) == [.unchanged])
        #expect(bench.encoder.texts.count == 2)
        try bench.folder.write("# One\n\nFirst text.\n\n# Two\n\nAnother text.", to: "a.md")
        _ = try await bench.ingest([path])
        #expect(bench.encoder.texts.count == 3)
        #expect(bench.encoder.texts.last == "One > Two\nAnother text.")
        let record = try bench.store.document(externalID: "a.md", in: bench.collection.id)
        #expect(try bench.store.chunks(ofDocument: record.id).map(\.text) == ["First text.", "Another text."])
    }

    @Test("broken documents fail with their reason, the others are searchable")
    func brokenInputs() async throws {
        let bench = try Bench(byteLimit: 100_000)
        let noise = (0..<4000).map { UInt8(truncatingIfNeeded: $0 &* 197 &+ $0 / 7) }
        try bench.folder.write("# Good\n\nText.", to: "docs/good.md")
        try bench.folder.write(noise, to: "docs/noise.html")
        try bench.folder.write("", to: "docs/empty.txt")
        try bench.folder.write([UInt8](repeating: 0x61, count: 100_001), to: "docs/line.txt")
        try bench.folder.write("%PDF-1.4", to: "docs/paper.pdf")
        try bench.folder.write(String(repeating: "<div>", count: 9000) + "x", to: "docs/deep.html")
        let job = try await bench.ingest([bench.folder.file("docs"), bench.folder.file("missing.md")])
        #expect(job.state == .succeeded)
        let errors = Dictionary(uniqueKeysWithValues: job.items.map { ($0.externalID, $0.error ?? "") })
        #expect(errors["good.md"]?.isEmpty == true)
        #expect(errors["noise.html"]?.contains("binary data") == true)
        #expect(errors["empty.txt"]?.contains("no text") == true)
        #expect(errors["line.txt"]?.contains("100001 bytes") == true)
        #expect(errors["paper.pdf"]?.contains("PDF") == true)
        #expect(errors["deep.html"]?.contains("nested") == true)
        #expect(errors["missing.md"]?.contains("no such file") == true)
        #expect(try bench.documents == ["good.md"])
        #expect(try bench.store.documents(in: bench.collection.id, state: .failed).documents.count == 6)
    }

    @Test("a document the encoder fails on doesn't take others with it for good")
    func encoderFailure() async throws {
        let bench = try Bench(StubEncoder(poison: "poison"))
        try bench.folder.write("Some poison here.", to: "bad.txt")
        let path = try bench.folder.write("Good text.", to: "good.txt")
        let bad = try await bench.ingest([bench.folder.file("bad.txt"), path])
        #expect(bad.items.map(\.state) == [.failed, .succeeded])
        #expect(bad.items[0].error?.contains("the encoder failed") == true)
        #expect(try bench.documents == ["good.txt"])
    }

    @Test("JSON Lines give a document a line, bad lines are reported with their number")
    func jsonLines() async throws {
        let bench = try Bench()
        let path = try bench.folder.write(
            """
            {"id": "a", "title": "First", "text": "One.", "url": "https://example.com/a", "metadata": {"lang": "en"}}
            {"id": "b", "html": "<h1>Two</h1><p>Second text.</p>"}
            not json

            {"markdown": "# Three\\n\\nThird."}
            {"id": "c"}
            ["list"]
            """, to: "faq.jsonl")
        let submission = try bench.service.submit(
            paths: [path], isRecursive: false, idPrefix: "x/", metadata: ["team": .string("web")], into: "help")
        let job = try await bench.service.run(submission.job.id)
        #expect(try Set(bench.documents) == ["x/a", "x/b", "x/faq.jsonl#5"])
        let errors = job.items.compactMap { item in item.error.map { (item.externalID, $0) } }
        #expect(errors.map(\.0) == ["x/faq.jsonl#3", "x/faq.jsonl#6", "x/faq.jsonl#7"])
        #expect(errors.map(\.1).first == "line 3: malformed JSON")
        let first = try bench.store.document(externalID: "x/a", in: bench.collection.id)
        #expect(first.title == "First" && first.url == "https://example.com/a")
        #expect(first.metadata == ["lang": .string("en"), "team": .string("web")])
        #expect(job.state == .succeeded && job.progress == JobProgress(done: 6, total: 6, failed: 3, unchanged: 0))
    }

    @Test("JSON Lines without a good line are a failed job")
    func badJSONLines() async throws {
        let bench = try Bench()
        let path = try bench.folder.write("no json\n[1]\n", to: "bad.jsonl")
        let submission = try bench.service.submit(paths: [path], isRecursive: false, into: "help")
        let job = try await bench.service.run(submission.job.id)
        #expect(job.state == .failed && job.items.map(\.externalID) == ["bad.jsonl#1", "bad.jsonl#2"])
    }

    @Test("JSON Lines from a stream are a durable job")
    func stream() async throws {
        let bench = try Bench()
        let pipe = Pipe()
        try pipe.fileHandleForWriting.write(
            contentsOf: Data("{\"text\": \"One.\"}\n{\"id\": 7, \"text\": \"Two.\"}".utf8))
        try pipe.fileHandleForWriting.close()
        let job = try bench.service.submit(jsonLines: pipe.fileHandleForReading, into: "help")
        #expect(job.progress.total == 2)
        _ = try await bench.service.run(job.id)
        #expect(try Set(bench.documents) == ["stdin#1", "7"])
    }

    @Test("a job that was interrupted goes on, without loss or doubles")
    func resume() async throws {
        let bench = try Bench()
        for number in 0..<30 { try bench.folder.write("# T\(number)\n\nText \(number).", to: "docs/\(number).md") }
        let submission = try bench.service.submit(paths: [bench.folder.file("docs")], isRecursive: true, into: "help")
        // A run whose task is cancelled lets go of the job in the middle, as a shutdown does.
        let service = bench.service
        let first = Task {
            try await service.run(submission.job.id) { report in
                if report.doneCount >= 3 { unsafe withUnsafeCurrentTask { unsafe $0?.cancel() } }
            }
        }
        _ = try await first.value
        let resumed = try await bench.service.resumeUnfinished()
        let job = try bench.store.job(id: submission.job.id)
        #expect(job.state == .succeeded)
        #expect(resumed.count <= 1)
        #expect(try bench.documents.count == 30)
        #expect(try bench.store.statistics(of: bench.collection.id).chunkCount == 30)
        #expect(Set(bench.encoder.texts).count == 30)
    }

    @Test("a cancelled job keeps what is stored and drops what waits")
    func cancel() async throws {
        let bench = try Bench()
        for number in 100..<150 { try bench.folder.write("Text \(number).", to: "docs/\(number).txt") }
        _ = try await bench.ingest([bench.folder.file("docs/100.txt")])
        let submission = try bench.service.submit(paths: [bench.folder.file("docs")], isRecursive: true, into: "help")
        let service = bench.service
        let job = try await bench.service.run(submission.job.id) { report in
            if case .unchanged = report.event { _ = try? service.cancel(submission.job.id) }
        }
        #expect(job.state == .cancelled)
        #expect(job.items.contains { $0.state == .cancelled })
        #expect(job.items.first?.state == .unchanged)
        #expect(try bench.documents.contains("100.txt"))
    }

    @Test("uploads are kept until they are done, and replace the document of their id")
    func uploads() async throws {
        let bench = try Bench()
        for text in ["<p>Old text of the page.</p>", "<p>New text of the page.</p>"] {
            let source = SourceDocument(
                externalID: "p", bytes: Array(text.utf8), contentType: "text/html", title: "Page",
                metadata: ["year": .int(2024)])
            let job = try bench.service.submit(documents: [source], into: "help")
            _ = try await bench.service.run(job.id)
        }
        let record = try bench.store.document(externalID: "p", in: bench.collection.id)
        #expect(try bench.store.chunks(ofDocument: record.id).map(\.text) == ["New text of the page."])
        #expect(record.metadata["year"] == .int(2024))
    }

    @Test("a collection bound to another encoder, and nothing at all, are refused")
    func refusals() throws {
        let bench = try Bench(StubEncoder(fingerprint: "stub-2"))
        #expect(throws: IngestionError.encoderMismatch(collection: "stub", loaded: "stub")) {
            try bench.service.submit(paths: ["a.md"], isRecursive: false, into: "help")
        }
        let other = try Bench()
        let empty = other.folder.file("empty")
        try FileManager.default.createDirectory(atPath: empty, withIntermediateDirectories: true)
        #expect(throws: IngestionError.self) {
            try other.service.submit(paths: [empty], isRecursive: true, into: "help")
        }
        #expect(throws: IngestionError.self) { try other.service.submit(paths: ["a"], isRecursive: true, into: "none") }
    }
}
