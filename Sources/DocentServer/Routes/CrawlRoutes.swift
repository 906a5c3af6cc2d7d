import Hummingbird
import Ingestion
import Storage

/// `POST /v1/collections/{c}/crawl`: fetches a site's pages as a job.
struct CrawlRoutes {
    let services: ServerServices
    let runner: JobRunner

    private struct CrawlRequest: Decodable {
        var url: String
        var scope: String?
        var maxPages: WholeNumber?
        var maxDepth: WholeNumber?
        var maxBytes: WholeNumber?
        var maxPageBytes: WholeNumber?
        var include: [String]?
        var exclude: [String]?
        var delayMilliseconds: WholeNumber?
        var sync: Bool?
        var allowPrivate: Bool?
        var metadata: [String: JSONValue]?

        private enum CodingKeys: String, CodingKey {
            case url, scope, include, exclude, sync, metadata
            case maxPages = "max_pages"
            case maxDepth = "max_depth"
            case maxBytes = "max_bytes"
            case maxPageBytes = "max_page_bytes"
            case delayMilliseconds = "delay_ms"
            case allowPrivate = "allow_private"
        }

        /// The settings; what is left out has its default.
        func settings(allowsPrivate: Bool) throws -> CrawlSettings {
            var settings = CrawlSettings(url: url)
            if let scope {
                guard let known = CrawlSettings.Scope(rawValue: scope) else {
                    throw HTTPFailure(.badRequest, "invalid_crawl", "scope is '\(scope)': use prefix or host")
                }
                settings.scope = known
            }
            settings.maxPages = maxPages?.value ?? settings.maxPages
            settings.maxDepth = maxDepth?.value ?? settings.maxDepth
            settings.maxBytes = maxBytes?.value ?? settings.maxBytes
            settings.maxPageBytes = maxPageBytes?.value ?? settings.maxPageBytes
            settings.include = include ?? []
            settings.exclude = exclude ?? []
            settings.delayMilliseconds = delayMilliseconds?.value ?? settings.delayMilliseconds
            settings.isSync = sync ?? false
            // A server that was told to allow private addresses is one for them.
            settings.allowsPrivate = allowPrivate ?? allowsPrivate
            settings.metadata = metadata ?? [:]
            return settings
        }
    }

    private struct JobReply: Encodable {
        var job: JobRecord
    }

    func add(to router: Router<ServerContext>) {
        router.post("/v1/collections/:collection/crawl") { request, context in
            let collection = try services.store.collection(named: try context.parameter("collection"))
            let wanted = try await JSONWire.decode(
                CrawlRequest.self, from: request, limit: services.limits.requestBytes)
            let settings = try wanted.settings(allowsPrivate: services.ingest.crawlPolicy.allowsPrivate)
            let job = try services.ingest.submit(crawl: settings, into: collection.name)
            runner.enqueue(job.id)
            return try JSONWire.response(JobReply(job: job), status: .accepted)
        }
    }
}
