import Foundation
import Ingestion
import Logging
import Storage
import Synchronization
import TestSupport
import Testing

@Suite("Watching files", .timeLimit(.minutes(5)))
struct WatchTests {
    /// A watch of the folder `docs`, and what it has reported.
    private final class Bench: Sendable {
        let folder: TemporaryDirectory
        let store: DocumentStore
        let collection: CollectionRecord
        let encoder = StubEncoder()
        private let service: IngestService
        private let lines = Mutex<[String]>([])

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

        func write(_ text: String, to name: String) throws { try folder.write(text, to: "docs/" + name) }

        func move(_ name: String, to other: String) throws {
            let target = folder.file("docs/" + other)
            // Both paths are read during the call.
            guard unsafe rename(folder.file("docs/" + name), target) == 0 else { throw CocoaError(.fileWriteUnknown) }
        }

        func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: folder.file("docs/" + name)) }

        var reported: [String] { lines.withLock { $0 } }

        /// Watches while `body` runs.
        func watch(
            allowsEvents: Bool = true, sync: SyncMode = .on, _ body: () async throws -> Void
        ) async throws {
            var times = IngestWatch.Times()
            (times.step, times.quiet, times.poll) = (.milliseconds(10), .milliseconds(40), .milliseconds(100))
            let watch = IngestWatch(
                WatchRequest(paths: [folder.file("docs")], isRecursive: true, sync: sync, collection: "help"),
                by: service, times: times, allowsEvents: allowsEvents)
            let task = Task { try await watch.run(note) }
            try await wait { reported.contains("up to date") }
            try await body()
            task.cancel()
            try await task.value
        }

        /// Waits until a condition holds; the suite's time limit ends a wait in vain.
        func wait(_ condition: () throws -> Bool) async throws {
            while try !condition() { try await Task.sleep(for: .milliseconds(10)) }
        }

        var documents: [String] {
            get throws { try store.documents(in: collection.id).documents.map(\.externalID).sorted() }
        }

        private func note(_ report: IngestWatch.Report) {
            let line: String
            switch report {
            case .watching(let reason): line = reason == nil ? "events" : "polling"
            case .upToDate: line = "up to date"
            case .missing(let paths): line = paths.isEmpty ? "there again" : "missing"
            case .failed(let error): line = "\(error)"
            case .ended: line = "ended"
            case .progress(let step):
                switch step.event {
                case .stored(let id, _, _): line = "stored " + id
                case .removed(let id): line = "removed " + id
                case .failed(let id, _): line = "failed " + id
                default: return
                }
            }
            lines.withLock { $0.append(line) }
        }
    }

    @Test("what changes is taken in, what goes is removed, with events and without", arguments: [true, false])
    func follows(allowsEvents: Bool) async throws {
        let bench = try Bench()
        try bench.write("# A\n\nOne.", to: "a.md")
        try await bench.watch(allowsEvents: allowsEvents) {
            #expect(bench.reported.prefix(2) == [allowsEvents ? "events" : "polling", "stored a.md"])
            try bench.write("# B\n\nTwo.", to: "new/deep/b.md")
            try await bench.wait { try bench.documents == ["a.md", "new/deep/b.md"] }
            // As editors save: a new file beside the old one takes its place.
            try bench.write("# A\n\nAnother text.", to: ".a.md.swp")
            try bench.move(".a.md.swp", to: "a.md")
            try await bench.wait { bench.encoder.texts.contains { $0.contains("Another text") } }
            // A folder that was made while watching is watched as well.
            try bench.write("# C\n\nThree.", to: "new/deep/c.md")
            try await bench.wait { try bench.documents.contains("new/deep/c.md") }
            try bench.remove("new")
            try await bench.wait { try bench.documents == ["a.md"] }
            try bench.remove("a.md")
            try await bench.wait { try bench.documents.isEmpty }
        }
        #expect(bench.reported.filter { $0.hasPrefix("removed") }.count == 3)
        #expect(try bench.store.check().isEmpty)
        let jobs = try bench.store.jobs().jobs
        #expect(jobs.allSatisfy { $0.state == .succeeded })
    }

    @Test("a folder that goes as a whole removes nothing, and is taken up again when it is back")
    func missingFolder() async throws {
        let bench = try Bench()
        try bench.write("# A\n\nOne.", to: "a.md")
        try await bench.watch {
            try bench.move("", to: "../away")
            try await bench.wait { bench.reported.contains("missing") }
            try FileManager.default.createDirectory(
                atPath: bench.folder.file("docs"), withIntermediateDirectories: true)
            try await bench.wait { bench.reported.contains("there again") }
            // Another folder of that name that is empty says nothing about the documents of the first.
            try await Task.sleep(for: .milliseconds(300))
            #expect(try bench.documents == ["a.md"])
            try bench.write("# B\n\nTwo.", to: "b.md")
            try await bench.wait { try bench.documents == ["b.md"] }
        }
    }

    @Test("a file that fails is reported once, until it changes; archives are opened when they change")
    func triedOnce() async throws {
        let bench = try Bench()
        try bench.folder.write([0, 1, 2, 0, 255, 254, 0, 9], to: "docs/bad.html")
        try bench.folder.write(StoredZip(["x.md": "# X\n\nText."]).bytes, to: "docs/z.zip")
        try await Task.sleep(for: .milliseconds(2100))
        try await bench.watch(sync: .off) {
            try bench.write("# A\n\nOne.", to: "a.md")
            try await bench.wait { try bench.documents.contains("a.md") }
            try await bench.wait { bench.reported.last == "ended" }
            #expect(bench.reported.filter { $0 == "failed bad.html" }.count == 1)
            #expect(bench.reported.filter { $0 == "ended" }.count == 2)
            try bench.write("<p>Good text now.</p>", to: "bad.html")
            try await bench.wait { bench.reported.contains("stored bad.html") }
        }
    }
}
