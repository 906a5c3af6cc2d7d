import HTTPTypes
public import Hummingbird
import Logging
import Retrieval
import ServiceLifecycle

/// Docent's HTTP server: the routes of the contract over the services it is given.
///
/// | folder | holds |
/// |---|---|
/// | `Routes/` | one file per resource; each reads its input, calls a service, writes JSON |
/// | `Chat/` | chat completions as OpenAI defines them |
/// | `Wire/` | JSON, multipart forms, Server-Sent Events |
/// | `Errors/` | the one place where the modules' errors become statuses |
/// | `Web/` | the web page, carried in the binary |
///
/// CPU work is done by the services on their own queues; no route blocks an event loop with it.
public struct DocentApplication {
    /// The router, which in-process tests call directly.
    public let router: Router<ServerContext>
    /// Reports whether models and indexes are loaded.
    public let readiness: Readiness
    /// Works off ingest jobs.
    public let runner: JobRunner
    private let services: ServerServices

    /// Builds the routes.
    public init(_ services: ServerServices) {
        self.services = services
        readiness = Readiness()
        runner = JobRunner(store: services.store, ingest: services.ingest, logger: services.logger)
        router = Router(context: ServerContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: RequestIDMiddleware())
        router.add(middleware: FailureMiddleware())
        WebPageRoutes().add(to: router)
        HealthRoutes(services: services, readiness: readiness).add(to: router)
        CollectionRoutes(services: services).add(to: router)
        DocumentRoutes(services: services, runner: runner).add(to: router)
        CrawlRoutes(services: services, runner: runner).add(to: router)
        PreviewRoutes(services: services).add(to: router)
        JobRoutes(services: services, runner: runner).add(to: router)
        SearchRoutes(services: services).add(to: router)
        let permits = Permits(count: services.limits.concurrentAnswers)
        AnswerRoutes(services: services, permits: permits).add(to: router)
        ChatRoutes(services: services, permits: permits).add(to: router)
        ModelRoutes(services: services).add(to: router)
        EmbeddingRoutes(services: services).add(to: router)
        RerankRoutes(services: services).add(to: router)
        MetricsRoutes(services: services).add(to: router)
        MethodRoutes().add(to: router)
    }

    /// The server, listening on `host` and `port` once it runs.
    /// - Parameters:
    ///   - host: an address of this machine.
    ///   - port: 0 for any free port.
    ///   - onRunning: told the port when the server listens.
    /// - Returns: the application; its job runner is one of its services.
    public func server(
        host: String, port: Int, onRunning: @escaping @Sendable (Int) async -> Void
    ) -> some ApplicationProtocol {
        Application(
            router: router,
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: port), serverName: "docent"),
            services: [runner, IndexOpener(services: services, readiness: readiness)],
            onServerRunning: { await onRunning($0.localAddress?.port ?? port) },
            logger: services.logger)
    }
}

/// Opens the indexes of all collections at start, and saves their snapshots at the end.
private struct IndexOpener: Service {
    let services: ServerServices
    let readiness: Readiness

    func run() async throws {
        do {
            try await services.search.openAll()
        } catch {
            // Searches open what they need, and report what they can't.
            services.logger.error("not every collection could be opened", metadata: ["error": "\(error)"])
        }
        readiness.markReady()
        try? await gracefulShutdown()
        await services.search.saveSnapshots(finishingGraphs: false)
    }
}

/// Puts the request's id into the response, so that a client can name the request when it reports a problem.
private struct RequestIDMiddleware: RouterMiddleware {
    @concurrent
    func handle(
        _ request: Request, context: ServerContext,
        next: @concurrent (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        if let name = HTTPField.Name("X-Request-Id") { response.headers[name] = context.requestID }
        return response
    }
}
