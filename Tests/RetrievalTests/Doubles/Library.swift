import Kernels
import Logging
import Retrieval
import Storage
import TestSupport

/// A database in a folder of its own with one collection, and services over it.
struct Library {
    static let name = "help"
    let folder: TemporaryDirectory
    let store: DocumentStore
    let collection: CollectionRecord
    let embedder: WordEmbedder
    let pool: ThreadPool

    init(embedder: WordEmbedder = WordEmbedder()) throws {
        folder = try TemporaryDirectory()
        store = try DocumentStore(path: folder.file("docent.sqlite"))
        self.embedder = embedder
        pool = ThreadPool(threadCount: 2)
        collection = try store.createCollection(
            NewCollection(
                name: Self.name, encoder: embedder.modelName, encoderFingerprint: embedder.fingerprint,
                dimension: embedder.dimension))
    }

    /// A service that starts from what is on disk, as after a restart.
    func service(
        factory: (any IndexFactory)? = nil, embedder other: WordEmbedder? = nil, queue: ComputeQueue? = nil,
        rerankers: RerankerSource? = nil, rules: IndexRules = IndexRules()
    ) -> SearchService {
        SearchService(
            store: store, embedder: other ?? embedder, dataDirectory: folder.path, pool: pool, queue: queue,
            factory: factory ?? PlainIndexFactory(), rerankers: rerankers, rules: rules,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// What a service answers to questions about different articles: seven hits each.
    static func answers(_ service: SearchService) async throws -> [[SearchHit]] {
        var all: [[SearchHit]] = []
        for question in ["refund card", "parcel courier", "password", "tax address invoice", "second again"] {
            all.append(try await service.search(SearchRequest(query: question, topK: 7), in: name).hits)
        }
        return all
    }

    var snapshotFolder: String { folder.file("collections/\(collection.id)") }

    @discardableResult
    func add(
        _ id: String, _ texts: String..., title: String = "", metadata: [String: JSONValue] = [:]
    ) throws -> DocumentReplacement {
        var (text, chunks): (String, [NewChunk]) = ("", [])
        for piece in texts {
            let start = text.utf8.count
            text += piece
            let embedded = EmbeddedText.compose(title: title, headingPath: [], text: piece)
            chunks.append(
                NewChunk(
                    headingPath: [], text: piece, utf8Span: start..<text.utf8.count, tokenCount: 1,
                    contentHash: embedded, vector: embedder.vector(of: embedded)))
            text += "\n"
        }
        return try store.replaceDocument(
            NewDocument(
                externalID: id, title: title, contentType: "text/plain", contentHash: text, text: text,
                metadata: metadata, byteCount: text.utf8.count, chunks: chunks),
            in: collection.id)
    }

    /// Twenty documents on four subjects, two chunks each.
    func fill() throws {
        let subjects = [
            "refund money card", "parcel delivery courier", "password login account", "invoice tax address",
        ]
        for number in 0..<20 {
            let subject = subjects[number % 4]
            try add(
                "d\(number)", "\(subject) first \(number)", "\(subject) second \(number) again", title: "Doc \(number)",
                metadata: [
                    "year": .int(Int64(2020 + number % 5)), "team": .string(number % 2 == 0 ? "a" : "b"),
                    "tags": .array([.string("t\(number % 3)"), "all"]),
                ])
        }
    }
}
