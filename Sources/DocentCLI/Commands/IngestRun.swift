import Ingestion
import Storage

/// Runs ingest jobs in this process, with a progress line.
struct IngestRun {
    private let runtime: Runtime

    init(_ runtime: Runtime) {
        self.runtime = runtime
    }

    /// Does a job to its end, or until it is paused.
    /// - Returns: the last progress; nil for a job that had ended.
    /// - Throws: `IngestionError`.
    func run(_ job: Int64) async throws -> IngestProgress? {
        let line = ProgressLine(isQuiet: runtime.settings.isQuiet)
        var last: IngestProgress?
        try await runtime.ingest.run(job) { step in
            last = step
            let failed = step.failedCount > 0 ? ", \(step.failedCount) failed" : ""
            let removed = step.removedCount > 0 ? ", \(step.removedCount) removed" : ""
            line.show(
                "ingesting", done: step.doneCount, total: step.totalCount,
                detail: "\(step.chunkCount) chunks, \(Int(step.chunksPerSecond))/s" + failed + removed)
        }
        line.finish()
        return last
    }

    /// Jobs of this collection that a killed process left behind: they are finished first, so that nothing is lost.
    func finishEarlierJobs(of collection: CollectionRecord) async throws {
        for job in try runtime.store.unfinishedJobs() where job.collectionID == collection.id {
            if !runtime.settings.isQuiet {
                Terminal.note("going on with job \(job.id), \(job.progress.done) of \(job.progress.total) done")
            }
            _ = try await run(job.id)
        }
    }
}
