public import Ingestion
public import Logging
public import ServiceLifecycle
public import Storage

/// Works off ingest jobs one after the other, the ones an earlier run left behind first, and crawls beside them.
///
/// A crawl mostly waits for a site, an upload must not wait for it: so crawls have a lane of their own, in which a few go
/// on at once. Jobs are durable in the database; this holds only the order of work. A job that fails stays failed with
/// its reason.
public final class JobRunner: Service {
    /// Crawls that go on at once.
    static let concurrentCrawls = 4

    private let store: DocumentStore
    private let ingest: IngestService
    private let logger: Logger
    private let uploads = AsyncStream<Int64>.makeStream()
    private let crawls = AsyncStream<Int64>.makeStream()

    /// Sets up the runner; nothing runs before ``run()``.
    public init(store: DocumentStore, ingest: IngestService, logger: Logger) {
        self.store = store
        self.ingest = ingest
        self.logger = logger
    }

    /// Lines up a job.
    public func enqueue(_ job: Int64) {
        let kind = (try? store.job(id: job, includingItems: false))?.kind
        (kind == IngestService.crawlKind ? crawls : uploads).continuation.yield(job)
    }

    /// Works until the server shuts down; the document in hand is finished, the rest of the job waits for the next
    /// start.
    public func run() async throws {
        for job in try store.unfinishedJobs() where IngestService.jobKinds.contains(job.kind) { enqueue(job.id) }
        await withTaskCancellationOrGracefulShutdownHandler {
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    for await job in self.uploads.stream.cancelOnGracefulShutdown() { await self.work(on: job) }
                }
                group.addTask { await self.crawl() }
            }
        } onCancelOrGracefulShutdown: {
            self.uploads.continuation.finish()
            self.crawls.continuation.finish()
        }
    }

    private func crawl() async {
        await withTaskGroup(of: Void.self) { group in
            var running = 0
            for await job in crawls.stream.cancelOnGracefulShutdown() {
                if running == Self.concurrentCrawls {
                    await group.next()
                    running -= 1
                }
                running += 1
                group.addTask { await self.work(on: job) }
            }
        }
    }

    private func work(on job: Int64) async {
        do {
            try await cancelWhenGracefulShutdown { _ = try await self.ingest.run(job) }
        } catch is CancellationError {
            return
        } catch {
            logger.error("a job could not be run", metadata: ["job": "\(job)", "error": "\(error)"])
        }
    }
}
