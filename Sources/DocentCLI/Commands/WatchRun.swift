import Foundation
import Ingestion
import Retrieval
import Storage
import Synchronization

/// `docent ingest --watch`: a line for each change, until Ctrl-C or SIGTERM.
struct WatchRun: Sendable {
    private let runtime: Runtime
    private let isJSON: Bool

    init(_ runtime: Runtime, isJSON: Bool) {
        self.runtime = runtime
        self.isJSON = isJSON
    }

    private struct Line: Encodable {
        var event: String
        var id: String?
        var chunks: Int?
        var error: String?
    }

    /// Watches until a signal comes; then the document in hand is finished and the indexes are saved.
    /// - Throws: `IngestionError.storage`.
    func run(_ request: WatchRequest) async throws {
        let watch = IngestWatch(request, by: runtime.ingest)
        let interrupts = Interrupts([SIGINT, SIGTERM])
        try await interrupts.run {
            let progress = ProgressLine(isQuiet: runtime.settings.isQuiet)
            var isUpToDate = false
            try await watch.run { report in
                switch report {
                case .upToDate:
                    isUpToDate = true
                    progress.finish()
                    note("up to date, watching \(request.paths.joined(separator: ", ")) (Ctrl-C ends it)")
                case .progress(let step) where !isUpToDate && !isJSON:
                    progress.show(
                        "ingesting", done: step.doneCount, total: step.totalCount, detail: "\(step.chunkCount) chunks")
                default: show(report)
                }
            }
        }
        await runtime.search.saveSnapshots()
        note("watching has ended")
    }

    private func show(_ report: IngestWatch.Report) {
        switch report {
        case .watching(let reason?): note("files are looked at every few seconds: \(reason)")
        case .watching(nil), .upToDate: break
        case .missing(let paths):
            note(paths.isEmpty ? "all paths are there again" : "not there, waiting: \(paths.joined(separator: ", "))")
        case .failed(let error): note("\(error)")
        case .ended(let job):
            if let reason = job.syncNote { note("nothing was removed: \(reason)") }
        case .progress(let step): show(step.event)
        }
    }

    private func show(_ event: IngestProgress.Event) {
        switch event {
        case .stored(let id, let chunkCount, _):
            print(Line(event: "stored", id: id, chunks: chunkCount), "stored  \(id) (\(chunkCount) chunks)")
        case .skipped(let id, let reason):
            print(Line(event: "skipped", id: id, error: reason), "skipped \(id): \(reason)")
        case .removed(let id): print(Line(event: "removed", id: id), "removed \(id)")
        case .failed(let id, let reason):
            print(Line(event: "failed", id: id, error: reason), "failed  \(id): \(reason)")
        case .started, .unchanged, .embedded, .finished: break
        }
    }

    private func print(_ line: Line, _ text: String) {
        Terminal.print(isJSON ? (try? Terminal.json(line)) ?? text : text)
    }

    private func note(_ text: String) {
        if !runtime.settings.isQuiet { Terminal.note(text) }
    }
}
