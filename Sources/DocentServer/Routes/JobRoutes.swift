import Hummingbird
import Ingestion
import Storage

/// `/v1/jobs`: listing; `/v1/jobs/{id}`: state, events, cancelling, pausing, resuming, retrying.
struct JobRoutes {
    let services: ServerServices
    let runner: JobRunner

    private struct RetryReply: Encodable {
        var retried: Int
        var job: JobRecord
    }

    /// How often a watched job is looked at.
    static let pollInterval: Duration = .milliseconds(150)

    func add(to router: Router<ServerContext>) {
        router.get("/v1/jobs") { request, _ in try list(request) }
        router.get("/v1/jobs/:job") { _, context in
            try JSONWire.response(try services.store.job(id: try id(context)))
        }
        router.get("/v1/jobs/:job/events") { _, context in
            let id = try id(context)
            _ = try services.store.job(id: id, includingItems: false)
            return ServerSentEvents.response(requestID: context.requestID) { try await watch(id, &$0) }
        }
        router.delete("/v1/jobs/:job") { _, context in
            let id = try id(context)
            return try JSONWire.response(try services.ingest.cancel(id))
        }
        router.post("/v1/jobs/:job/pause") { _, context in
            try JSONWire.response(try services.store.pauseJob(try id(context)))
        }
        router.post("/v1/jobs/:job/resume") { _, context in
            let job = try services.store.resumeJob(try id(context))
            if !job.state.isFinal { runner.enqueue(job.id) }
            return try JSONWire.response(job)
        }
        router.post("/v1/jobs/:job/retry") { _, context in
            let (job, count) = try services.store.retryJob(try id(context))
            if count > 0 { runner.enqueue(job.id) }
            return try JSONWire.response(RetryReply(retried: count, job: job))
        }
    }

    private func id(_ context: ServerContext) throws -> Int64 {
        let text = try context.parameter("job")
        guard let id = Int64(text) else {
            throw HTTPFailure(.notFound, "job_not_found", "there is no job '\(text)': job ids are whole numbers")
        }
        return id
    }

    private func list(_ request: Request) throws -> Response {
        let query = request.uri.queryParameters
        let page = try services.store.jobs(
            in: try query["collection"].map { try services.store.collection(named: String($0)).id },
            state: try ListingQuery.state(query), after: query["cursor"].map(String.init),
            limit: try ListingQuery.limit(query, most: services.limits.pageSize))
        return try JSONWire.response(page)
    }

    /// Sends `progress` whenever the job has moved, was paused or resumed, and `done` with the whole job at its end.
    @concurrent
    private func watch(_ id: Int64, _ writer: inout ServerSentEvents.Writer) async throws {
        var last: (JobProgress, isPaused: Bool)?
        var idle: Duration = .zero
        while true {
            let job = try services.store.job(id: id)
            if job.state.isFinal { return try await writer.send("done", job) }
            if last.map({ $0 != (job.progress, job.isPaused) }) ?? true {
                last = (job.progress, job.isPaused)
                idle = .zero
                try await writer.send("progress", job)
            } else if idle >= ServerSentEvents.heartbeat {
                idle = .zero
                try await writer.sendHeartbeat()
            }
            try await Task.sleep(for: Self.pollInterval)
            idle += Self.pollInterval
        }
    }
}
