public import Encoders
public import Generation
public import Ingestion
public import Logging
public import Retrieval
public import Storage

/// What the routes need, made by whoever starts the server.
public struct ServerServices: Sendable {
    /// Documents, chunks, jobs, answers.
    public var store: DocumentStore
    /// Finds passages.
    public var search: SearchService
    /// Takes documents in.
    public var ingest: IngestService
    /// Answers questions.
    public var answers: AnswerService
    /// Writes freely for clients that name it; nil where there is none.
    public var decoder: LocalDecoder?
    /// Watches the remote model; nil where there is none.
    public var breaker: CircuitBreaker?
    /// The encoder that is loaded; new collections are bound to it.
    public var embedder: any TextEmbedding
    /// Embeds what clients send, in turn with everything else.
    public var scheduler: EmbeddingScheduler
    /// Remembers vectors.
    public var cache: EmbeddingCache
    /// Runs CPU work.
    public var queue: ComputeQueue
    /// The version that `/version` reports.
    public var build: BuildDescription
    /// Gets a line per request at debug level and one per failure.
    public var logger: Logger
    /// What one request may ask for.
    public var limits: ServerLimits

    /// Bundles the services; without a scheduler or a cache the server makes its own.
    public init(
        store: DocumentStore, search: SearchService, ingest: IngestService, answers: AnswerService,
        decoder: LocalDecoder? = nil, breaker: CircuitBreaker? = nil, embedder: any TextEmbedding,
        scheduler: EmbeddingScheduler? = nil,
        cache: EmbeddingCache? = nil,
        queue: ComputeQueue, build: BuildDescription, logger: Logger, limits: ServerLimits = ServerLimits()
    ) {
        self.store = store
        self.search = search
        self.ingest = ingest
        self.answers = answers
        self.decoder = decoder
        self.breaker = breaker
        self.embedder = embedder
        self.scheduler = scheduler ?? EmbeddingScheduler(encoder: embedder)
        self.cache = cache ?? EmbeddingCache(dimension: embedder.dimension)
        self.queue = queue
        self.build = build
        self.logger = logger
        self.limits = limits
    }
}

/// What this binary is, as `/version` shows it.
public struct BuildDescription: Sendable, Encodable, Equatable {
    /// The release.
    public var version: String
    /// `release` or `debug`.
    public var configuration: String
    /// `x86_64` or `arm64`.
    public var architecture: String
    /// The kernel level in use.
    public var kernels: String

    /// Bundles a description.
    public init(version: String, configuration: String, architecture: String, kernels: String) {
        self.version = version
        self.configuration = configuration
        self.architecture = architecture
        self.kernels = kernels
    }
}
