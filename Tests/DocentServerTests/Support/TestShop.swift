import Decoders
import DocentServer
import Generation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Ingestion
import Kernels
import LexicalIndex
import Logging
import NIOCore
import Retrieval
import Storage
import TestSupport

/// A whole server without a socket: real services over a folder of its own, a deterministic encoder, a scripted
/// generator.
struct TestShop {
    let folder: TemporaryDirectory
    let store: DocumentStore
    let application: DocentApplication
    private let logger = Logger(label: "test") { _ in SilentLogHandler() }

    /// Sets up the server.
    /// - Parameters:
    ///   - generator: what `auto` means; the extract without one.
    ///   - threshold: the least answerability that is answered; 0 answers everything.
    ///   - rerankers: the cross-encoder, if there is one.
    ///   - decoding: how much the tiny decoder, `tiny`, does at once; nil for no decoder.
    ///   - breaker: watches a remote model, if there is one.
    ///   - configure: sets limits.
    /// - Throws: what the file system or the store reports.
    init(
        generator: ScriptedGenerator? = nil, threshold: Float = 0, rerankers: RerankerSource? = nil,
        decoding: DecoderScheduler.Limits? = nil, breaker: CircuitBreaker? = nil,
        configure: (inout ServerLimits) -> Void = { _ in }
    ) throws {
        folder = try TemporaryDirectory()
        store = try DocumentStore(path: folder.file("docent.sqlite"))
        let embedder = BagOfWords()
        let analyzer = TextAnalyzer()
        let pool = ThreadPool(threadCount: 2)
        let queue = ComputeQueue(label: "test", workerCount: 2, depth: 64)
        let search = SearchService(
            store: store, embedder: embedder, dataDirectory: folder.path, pool: pool, queue: queue,
            rerankers: rerankers, logger: logger)
        let ingest = IngestService(store: store, embedder: embedder, logger: logger) { search.noteCommit($0) }
        var registry = GeneratorRegistry(
            extractive: ExtractiveGenerator(embedder: embedder, analyzer: analyzer, queue: queue))
        if let generator {
            registry.register(generator, as: "local")
            registry.chooseAutomatic("local")
        }
        registry.explain(missing: "remote", hint: "set DOCENT_REMOTE_URL")
        var parameters = EvidenceAssessor.Parameters()
        parameters.threshold = threshold
        let answers = AnswerService(
            search: search, registry: registry, prompts: try PromptLibrary(), embedder: embedder, analyzer: analyzer,
            queue: queue, assessor: EvidenceAssessor(parameters: parameters), logger: logger)
        let decoder = decoding.map { limits in
            LocalDecoder(
                loading: { try DecoderModel(path: TestModels.tinyDecoderFile, pool: pool) }, modelName: "tiny",
                queue: queue, limits: limits)
        }
        var limits = ServerLimits()
        configure(&limits)
        application = DocentApplication(
            ServerServices(
                store: store, search: search, ingest: ingest, answers: answers, decoder: decoder, breaker: breaker,
                embedder: embedder, queue: queue,
                build: BuildDescription(version: "1", configuration: "release", architecture: "x", kernels: "scalar"),
                logger: logger, limits: limits))
    }

    /// Runs `body` against the routes while the job runner works; without it jobs wait.
    func run(hasRunner: Bool = true, _ body: @escaping @Sendable (ShopClient) async throws -> Void) async throws {
        let server = Application(
            router: application.router, services: hasRunner ? [application.runner] : [], logger: logger)
        try await server.test(.router) { try await body(ShopClient(client: $0)) }
    }

    /// As ``run(hasRunner:_:)``, with a collection `help` that holds `articles`.
    func runWithArticles(_ body: @escaping @Sendable (ShopClient) async throws -> Void) async throws {
        try await run { client in
            _ = try await client.post("/v1/collections", #"{"name": "help"}"#)
            for (id, text) in Self.articles {
                _ = try await client.send(
                    .put, "/v1/collections/help/documents/\(id)?wait=true", text, contentType: "text/markdown")
            }
            try await body(client)
        }
    }

    static let articles = [
        (
            "returns",
            "# Returns\n\nYou can return most items within 30 days — of delivery. Earrings cannot be returned.\n"
        ),
        ("warranty", "# Warranty\n\nKettles have a warranty of 24 months. Keep the receipt for the workshop.\n"),
    ]
}

/// Sends requests to the routes.
struct ShopClient: Sendable {
    let client: any TestClientProtocol

    func send(
        _ method: HTTPRequest.Method, _ path: String, _ body: String? = nil, contentType: String? = nil
    ) async throws -> Reply {
        var headers = HTTPFields()
        if let contentType { headers[.contentType] = contentType }
        let buffer = body.map { ByteBuffer(string: $0) }
        return Reply(try await client.executeRequest(uri: path, method: method, headers: headers, body: buffer))
    }

    func get(_ path: String) async throws -> Reply { try await send(.get, path) }

    func delete(_ path: String) async throws -> Reply { try await send(.delete, path) }

    /// Posts JSON.
    func post(_ path: String, _ json: String) async throws -> Reply {
        try await send(.post, path, json, contentType: "application/json")
    }
}

/// Writes nothing, but keeps the metadata in which a request's id travels.
private struct SilentLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.critical

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {}
}
