import Decoders
import Encoders
import Foundation
import Generation
import Ingestion
import Kernels
import LexicalIndex
import Logging
import ModelCatalog
import Retrieval
import Storage

/// Every part of Docent, made once and handed to the next: the place to see how the parts hang together.
///
/// Commands that need less than all of it make only what they need (``models(_:)``, ``encoder(_:)``, …).
final class Runtime: Sendable {
    let settings: Settings
    let logger: Logger
    let pool: ThreadPool
    let store: DocumentStore
    /// The encoder itself.
    let embedder: any TextEmbedding
    /// What embeds for everybody: batches, queries before passages.
    let scheduler: EmbeddingScheduler
    /// Vectors of queries and of sentences that were embedded lately.
    let cache: EmbeddingCache
    let analyzer: TextAnalyzer
    let queue: ComputeQueue
    let search: SearchService
    let ingest: IngestService
    let answers: AnswerService
    /// The local decoder, where its model is there.
    let decoder: LocalDecoder?
    /// Watches the remote model, where one is set up.
    let breaker: CircuitBreaker?

    /// How many requests may wait for the CPU before the next one is refused.
    private static let queueDepth = 256

    /// Opens the data folder, loads the encoder and, if it is there, the local decoder.
    /// - Parameters:
    ///   - settings: what the user asked for.
    ///   - isBrief: for a command that takes documents in and ends: the encoder's weights are loaded when there is
    ///     something to embed, the indexes opened when much has changed.
    /// - Throws: `CommandFailure`, or the error of the part that can't be set up.
    init(_ settings: Settings, isBrief: Bool = false) async throws {
        self.settings = settings
        try Self.useKernelLevel(settings)
        logger = Self.logger(settings)
        pool = ThreadPool(threadCount: settings.threads)
        let models = try Self.models(settings)
        store = try Self.store(settings)
        embedder = try Self.encoder(
            settings.encoder, models, pool, precision: settings.precision, loadsLate: isBrief)
        scheduler = EmbeddingScheduler(encoder: embedder)
        cache = EmbeddingCache(dimension: embedder.dimension)
        let cached = CachedEmbedder(encoder: scheduler, cache: cache)
        analyzer = TextAnalyzer()
        queue = ComputeQueue(label: "compute", workerCount: settings.threads, depth: Self.queueDepth)
        let search = SearchService(
            store: store, embedder: scheduler, dataDirectory: settings.dataFolder, pool: pool, queue: queue,
            cache: cache, rerankers: Self.rerankers(settings.reranker, models, pool),
            rules: IndexRules(snapshotChanges: settings.snapshotChanges), logger: logger)
        self.search = search
        // Passages that are taken in are seen once: they pass the cache by.
        ingest = IngestService(
            store: store, embedder: scheduler, crawlPolicy: settings.crawl, logger: logger
        ) { collection in
            if isBrief { search.noteCommitIfFar(collection) } else { search.noteCommit(collection) }
        }
        let prompts = try PromptLibrary(folder: settings.promptsFolder)
        let decoder = Result { [queue, pool] in try Self.decoder(settings, models, queue, pool) }
        self.decoder = try? decoder.get()
        let breaker = settings.remote.map { _ in CircuitBreaker(limits: settings.breaker) }
        self.breaker = breaker
        let registry = try Self.generators(
            settings, decoder: decoder, breaker: breaker ?? CircuitBreaker(), prompts: prompts, embedder: cached,
            analyzer: analyzer, queue: queue)
        answers = AnswerService(
            search: search, registry: registry, prompts: prompts, embedder: cached, analyzer: analyzer,
            queue: queue, logger: logger)
    }

    /// The collection called `name`.
    func requireCollection(_ name: String) throws -> CollectionRecord {
        try store.collection(named: name)
    }

    /// Makes a collection bound to the loaded encoder.
    func createCollection(
        _ name: String, description: String = "", chunking: ChunkingSettings = ChunkingSettings()
    ) throws -> CollectionRecord {
        try store.createCollection(
            NewCollection(
                name: name, description: description, encoder: embedder.modelName,
                encoderFingerprint: embedder.fingerprint, dimension: embedder.dimension, chunking: chunking))
    }

    /// The collection to take documents into, and whether it had to be made.
    func collectionForIngest(_ name: String) throws -> (record: CollectionRecord, isNew: Bool) {
        do {
            return (try store.collection(named: name), false)
        } catch .collectionNotFound {
            return (try createCollection(name), true)
        }
    }

    static func logger(_ settings: Settings) -> Logger {
        var logger = Logger(label: "docent") { label in StreamLogHandler.standardError(label: label) }
        logger.logLevel = settings.isQuiet ? .error : settings.logLevel
        return logger
    }

    static func useKernelLevel(_ settings: Settings) throws {
        guard let name = settings.kernelLevel else { return }
        guard let level = KernelLevel(name: name) else {
            let known = KernelLevel.allCases.map(\.name).joined(separator: ", ")
            throw CommandFailure(message: "DOCENT_KERNELS is '\(name)': use one of \(known)", exitCode: 64)
        }
        try KernelLevel.use(level)
    }

    /// The models folder, with its own catalogue or, where it has none, the built-in one.
    static func models(_ settings: Settings) throws -> ModelStore {
        let path = settings.modelsFolder + "/catalog.json"
        let hasOwn = FileManager.default.fileExists(atPath: path)
        return ModelStore(
            root: settings.modelsFolder, catalog: try hasOwn ? ModelCatalog(path: path) : ModelCatalog.builtIn())
    }

    static func store(_ settings: Settings) throws -> DocumentStore {
        try DocumentStore(path: settings.dataFolder + "/docent.sqlite", jobRetention: settings.jobRetention)
    }

    /// Loads the encoder `name`, a catalogue entry or a folder.
    static func encoder(
        _ name: String, _ models: ModelStore, _ pool: ThreadPool, precision: EncoderPrecision = .auto,
        loadsLate: Bool = false
    ) throws -> any TextEmbedding {
        try SentenceEncoder(
            folder: try models.path(ofModel: name), name: name, pool: pool, precision: precision, loadsLate: loadsLate)
    }

    /// The cross-encoder `name`, a catalogue entry or a folder, loaded by the first search that asks for it.
    private static func rerankers(_ name: String, _ models: ModelStore, _ pool: ThreadPool) -> RerankerSource {
        RerankerSource(modelName: name, isInstalled: { (try? models.path(ofModel: name)) != nil }) {
            try CrossEncoder(folder: try models.path(ofModel: name), name: name, pool: pool)
        }
    }

    /// Loads the decoder at `path`.
    static func decoderModel(_ path: String, _ settings: Settings, _ pool: ThreadPool) throws -> DecoderModel {
        try DecoderModel(
            path: path, pool: pool, keepsPackedWeights: settings.keepsPackedWeights,
            quantization: settings.quantization, cachePrecision: settings.cachePrecision)
    }

    /// The local decoder, loaded by the first text that is asked of it.
    private static func decoder(
        _ settings: Settings, _ models: ModelStore, _ queue: ComputeQueue, _ pool: ThreadPool
    ) throws -> LocalDecoder {
        let path = try models.path(ofModel: settings.decoder)
        return LocalDecoder(
            loading: { try decoderModel(path, settings, pool) },
            modelName: settings.decoder, queue: queue, limits: settings.decoding)
    }

    /// The generators that can be set up with these settings; the others explain themselves when asked for.
    private static func generators(
        _ settings: Settings, decoder: Result<LocalDecoder, any Error>, breaker: CircuitBreaker,
        prompts: PromptLibrary,
        embedder: any TextEmbedding, analyzer: TextAnalyzer, queue: ComputeQueue
    ) throws -> GeneratorRegistry {
        let extractive = ExtractiveGenerator(embedder: embedder, analyzer: analyzer, queue: queue)
        var registry = GeneratorRegistry(extractive: extractive)
        var fallback: any TextGenerating = extractive
        do {
            let local = LocalGenerator(decoder: try decoder.get(), prompts: prompts)
            registry.register(local, as: "local")
            fallback = FallbackGenerator(primary: local, fallback: extractive)
        } catch {
            registry.explain(missing: "local", hint: "\(error)")
        }
        if let configuration = settings.remote {
            let remote = RemoteGenerator(configuration: configuration, prompts: prompts, breaker: breaker)
            registry.register(FallbackGenerator(primary: remote, fallback: fallback), as: "remote")
            registry.chooseAutomatic("remote")
        } else {
            registry.explain(
                missing: "remote",
                hint: "set DOCENT_REMOTE_URL and DOCENT_REMOTE_MODEL (and DOCENT_REMOTE_API_KEY if it needs a key)")
        }
        if let chosen = settings.generator {
            _ = try registry.generator(named: chosen)
            registry.chooseAutomatic(chosen)
        }
        return registry
    }
}
