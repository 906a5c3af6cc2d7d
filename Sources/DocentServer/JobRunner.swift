public import Ingestion
public import Logging
public import ServiceLifecycle
public import Storage

/// Works off ingest jobs one after the other, the ones an earlier run left behind first.
///
/// Jobs are durable in the database; this holds only the order of work. A job that fails stays failed with its reason.
public final class JobRunner: Service {
    private let store: DocumentStore
    private let ingest: IngestService
    private let logger: Logger
    private let queue: AsyncStream<Int64>
    private let continuation: AsyncStream<Int64>.Continuation

    /// Sets up the runner; nothing runs before ``run()``.
    public init(store: DocumentStore, ingest: IngestService, logger: Logger) {
        self.store = store
        self.ingest = ingest
        self.logger = logger
        (queue, continuation) = AsyncStream<Int64>.makeStream()
    }

    /// Lines up a job.
    public func enqueue(_ job: Int64) {
        continuation.yield(job)
    }

    /// Works until the server shuts down; the document in hand is finished, the rest of the job waits for the next
    /// start.
    public func run() async throws {
        for job in try store.unfinishedJobs() where IngestService.jobKinds.contains(job.kind) { enqueue(job.id) }
        await withTaskCancellationOrGracefulShutdownHandler {
            for await job in queue.cancelOnGracefulShutdown() {
                do {
                    _ = try await ingest.run(job)
                } catch is CancellationError {
                    return
                } catch {
                    logger.error("a job could not be run", metadata: ["job": "\(job)", "error": "\(error)"])
                }
            }
        } onCancelOrGracefulShutdown: {
            self.continuation.finish()
        }
    }
}
