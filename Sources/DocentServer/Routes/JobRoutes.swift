import Hummingbird
import Ingestion
import Storage

/// `/v1/jobs/{id}`: state, events, cancellation.
struct JobRoutes {
    let services: ServerServices

    /// How often a watched job is looked at.
    static let pollInterval: Duration = .milliseconds(150)

    private struct Listing: Encodable {
        var jobs: [JobRecord]
    }

    func add(to router: Router<ServerContext>) {
        router.get("/v1/jobs") { request, _ in
            guard let name = request.uri.queryParameters["collection"] else {
                throw HTTPFailure(.badRequest, "missing_collection", "name a collection: /v1/jobs?collection=NAME")
            }
            let collection = try services.store.collection(named: String(name))
            return try JSONWire.response(Listing(jobs: try services.store.jobs(in: collection.id)))
        }
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
    }

    private func id(_ context: ServerContext) throws -> Int64 {
        let text = try context.parameter("job")
        guard let id = Int64(text) else {
            throw HTTPFailure(.notFound, "job_not_found", "there is no job '\(text)': job ids are whole numbers")
        }
        return id
    }

    /// Sends `progress` whenever the job has moved, and `done` with the whole job at its end.
    @concurrent
    private func watch(_ id: Int64, _ writer: inout ServerSentEvents.Writer) async throws {
        var last: JobProgress?
        var idle: Duration = .zero
        while true {
            let job = try services.store.job(id: id)
            if job.state.isFinal { return try await writer.send("done", job) }
            if job.progress != last {
                last = job.progress
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
