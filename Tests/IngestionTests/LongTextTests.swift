import Foundation
import Ingestion
import Logging
import Storage
import TestSupport
import Testing

@Suite("Text longer than a document may be")
struct LongTextTests {
    private let folder: TemporaryDirectory
    private let store: DocumentStore
    private let collection: CollectionRecord
    private let encoder = StubEncoder()
    private let service: IngestService

    init() throws {
        folder = try TemporaryDirectory()
        store = try DocumentStore(path: folder.file("data/docent.sqlite"))
        collection = try store.createCollection(
            NewCollection(
                name: "help", encoder: encoder.modelName, encoderFingerprint: "stub-1", dimension: 4,
                chunking: ChunkingSettings(targetTokens: 40, maxTokens: 60, overlapTokens: 0)))
        service = IngestService(
            store: store, embedder: encoder, extractor: DocumentExtractor(byteLimit: 4000),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }), onCommit: { _ in })
    }

    private func ingest(_ name: String) async throws -> JobRecord {
        let submission = try service.submit(paths: [folder.file(name)], isRecursive: false, into: "help")
        return try await service.run(submission.job.id) { _ in }
    }

    private func texts() throws -> [String] {
        try store.documents(in: collection.id, state: .indexed).documents.map { try store.documentText($0.id) }
    }

    private func lines(_ range: Range<Int>, separator: String = "\n") -> String {
        range.map { "Line \($0) of the log says that parcel \($0 * 7) has arrived." }.joined(separator: separator)
    }

    @Test("it comes in parts that lose nothing and cut no line", arguments: ["\n", "\n\n"])
    func parts(separator: String) async throws {
        try folder.write(lines(0..<600, separator: separator), to: "log.txt")
        let job = try await ingest("log.txt")
        #expect(job.state == .succeeded && job.progress.failed == 0 && job.progress.total > 5)
        let found = try texts().joined(separator: "\n")
        #expect((0..<600).allSatisfy { found.contains("Line \($0) of the log says that parcel \($0 * 7) has") })
        // Parts are stored as they get ready, in any order.
        let ids = try store.documents(in: collection.id).documents.map(\.externalID)
        #expect(Set(ids) == Set((1...job.progress.total).map { "log.txt#\($0)" }))
    }

    @Test("when it grows at its end, only what is new is embedded")
    func grown() async throws {
        try folder.write(lines(0..<600), to: "log.txt")
        _ = try await ingest("log.txt")
        let before = encoder.texts.count
        try folder.write(lines(0..<630), to: "log.txt")
        let job = try await ingest("log.txt")
        #expect(job.progress.unchanged >= job.progress.total - 2)
        #expect(encoder.texts.count - before < before / 5)
    }

    @Test("an endless line and bytes that are no text are refused, and nothing is stored")
    func refused() async throws {
        try folder.write(String(repeating: "word ", count: 2000), to: "line.txt")
        try folder.write([UInt8](repeating: 0, count: 9000), to: "zeros.txt")
        #expect(try await ingest("line.txt").items.first?.error?.contains("10000 bytes") == true)
        #expect(try await ingest("zeros.txt").items.first?.error?.contains("binary") == true)
        #expect(try texts().isEmpty)
    }
}
