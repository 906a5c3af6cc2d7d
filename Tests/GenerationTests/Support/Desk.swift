import Encoders
import Generation
import Ingestion
import Kernels
import LexicalIndex
import Logging
import Retrieval
import Storage
import TestSupport

/// A database in a folder of its own with one collection of ingested documents, and answer services over it.
struct Desk {
    static let collection = "shop"

    let folder: TemporaryDirectory
    let store: DocumentStore
    let embedder: BagOfWords
    let search: SearchService
    let queue: ComputeQueue
    let analyzer = TextAnalyzer()
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Ingests `documents`, Markdown by id.
    init(_ documents: [String: String], embedder: BagOfWords = BagOfWords(), chunking: ChunkingSettings = .init())
        async throws
    {
        folder = try TemporaryDirectory()
        store = try DocumentStore(path: folder.file("docent.sqlite"))
        self.embedder = embedder
        let pool = ThreadPool(threadCount: 2)
        queue = ComputeQueue(label: "test", workerCount: 2, depth: 64)
        search = SearchService(
            store: store, embedder: embedder, dataDirectory: folder.path, pool: pool, queue: queue, logger: logger)
        _ = try store.createCollection(
            NewCollection(
                name: Self.collection, encoder: embedder.modelName, encoderFingerprint: embedder.fingerprint,
                dimension: embedder.dimension, chunking: chunking))
        guard !documents.isEmpty else { return }
        let ingest = IngestService(store: store, embedder: embedder, logger: logger) { _ in }
        let sources = documents.sorted { $0.key < $1.key }.map {
            SourceDocument(externalID: $0.key, bytes: Array($0.value.utf8), contentType: "text/markdown")
        }
        try await ingest.run(try ingest.submit(documents: sources, into: Self.collection).id)
    }

    /// A service whose `local` generator is `generator`; without one `auto` means the extract.
    func service(_ generator: (any TextGenerating)? = nil, threshold: Float = 0) throws -> AnswerService {
        var registry = GeneratorRegistry(
            extractive: ExtractiveGenerator(embedder: embedder, analyzer: analyzer, queue: queue))
        if let generator {
            registry.register(generator, as: generator.name)
            registry.chooseAutomatic(generator.name)
        }
        var parameters = EvidenceAssessor.Parameters()
        parameters.threshold = threshold
        return AnswerService(
            search: search, registry: registry, prompts: try PromptLibrary(), embedder: embedder, analyzer: analyzer,
            queue: queue, assessor: EvidenceAssessor(parameters: parameters), logger: logger, makeID: { "ans_1" })
    }

    /// The extracted text of a document.
    func text(of document: String) throws -> String {
        let collection = try store.collection(named: Self.collection)
        return try store.documentText(store.document(externalID: document, in: collection.id).id)
    }

    /// What stands at `citation`'s span in its document.
    func textCited(by citation: Citation) throws -> String {
        let utf8 = Array(try text(of: citation.documentID).utf8)
        return String(decoding: utf8[citation.span.start..<citation.span.end], as: UTF8.self)
    }

    static func request(_ question: String) -> AnswerRequest {
        AnswerRequest(question: question, source: .collection(collection))
    }

    /// A few articles that answer different questions.
    static let articles = [
        "returns.md": """
        # Returns

        You can return most items within 30 days of delivery. Earrings cannot be returned for hygiene reasons.
        The refund is paid to the card you used.
        """,
        "delivery.md": """
        # Delivery

        Standard delivery takes 3 to 5 working days and costs 4.90 EUR. Express parcels arrive on the next day.
        """,
        "warranty.md": """
        # Warranty

        Kettles have a warranty of 24 months. Keep the receipt, because the workshop asks for it.
        """,
    ]
}

extension Passage {
    /// A passage made for a test, its text being the whole document.
    static func sample(_ number: Int, _ text: String, title: String = "", headings: [String] = []) -> Passage {
        Passage(
            number: number,
            hit: SearchHit(
                chunkID: Int64(number), documentID: "d\(number)", title: title, headingPath: headings, text: text,
                utf8Span: 0..<text.utf8.count, score: 1))
    }
}

extension AsyncThrowingStream where Element == AnswerEvent {
    /// All events, and the answer that the last one holds.
    func collected() async throws -> (events: [AnswerEvent], answer: Answer?) {
        var events: [AnswerEvent] = []
        var answer: Answer?
        for try await event in self {
            events.append(event)
            if case .done(let finished) = event { answer = finished }
        }
        return (events, answer)
    }
}

extension [AnswerEvent] {
    /// The names of the events as the server sends them, runs of tokens as one.
    var names: [String] {
        var names: [String] = []
        for event in self {
            let name =
                switch event {
                case .passages: "passages"
                case .token: "token"
                case .citation: "citation"
                case .done: "done"
                }
            if name != "token" || names.last != "token" { names.append(name) }
        }
        return names
    }

    /// The text streamed.
    var text: String {
        compactMap { event -> String? in
            if case .token(let text) = event { return text }
            return nil
        }.joined()
    }
}
