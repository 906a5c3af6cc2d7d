import Encoders
import Evaluation
import Kernels
import LexicalIndex
import Retrieval
import VectorIndex

/// Retrieval over a BEIR-layout data set in memory: one vector and one lexical entry per document, exact search.
///
/// This is the convention of published figures (title, a space, text; cut at the encoder's limit), so that they can be
/// compared; collections are measured over their chunks instead.
struct DatasetRetrieval {
    /// Hits per query in a run.
    static let depth = 1000
    /// Texts embedded at a time.
    private static let batchSize = 256

    private let ids: [String]
    private let vectors: FlatIndex
    private let postings: BM25Index
    private let encoder: any TextEmbedding

    /// Indexes the data set's documents.
    /// - Parameters:
    ///   - dataset: what to index.
    ///   - encoder: makes the vectors.
    ///   - pool: the threads of exact search.
    ///   - progress: told how many of how many documents are embedded.
    /// - Throws: what reading, embedding or indexing throws.
    init(
        _ dataset: BEIRDataset, encoder: any TextEmbedding, pool: ThreadPool,
        progress: (_ done: Int, _ total: Int) -> Void
    ) throws {
        let documents = try dataset.documents()
        ids = documents.map(\.id)
        self.encoder = encoder
        vectors = try FlatIndex(dimension: encoder.dimension, metric: .cosine, pool: pool)
        postings = try BM25Index()
        let texts = documents.map { $0.title.isEmpty ? $0.text : $0.title + " " + $0.text }
        for start in stride(from: 0, to: texts.count, by: Self.batchSize) {
            let range = start..<min(start + Self.batchSize, texts.count)
            let embeddings = try encoder.embed(Array(texts[range]), kind: .passage)
            try vectors.insert(range.map { Int64($0 + 1) }, vectors: embeddings.vectors)
            postings.insert(range.map { (id: Int64($0 + 1), text: texts[$0]) })
            progress(range.upperBound, texts.count)
        }
    }

    /// The runs of `modes` over `queries`, tagged with the mode's name.
    func runs(_ modes: [SearchMode], _ queries: [BEIRDataset.Query]) throws -> [Run] {
        var results: [SearchMode: [String: [RankedDocument]]] = [:]
        for query in queries {
            for (mode, ranking) in try rankings(query.text, modes) {
                results[mode, default: [:]][query.id] = ranking.prefix(Self.depth).map {
                    RankedDocument(documentID: ids[Int($0.id) - 1], score: Double($0.score))
                }
            }
        }
        return modes.map { Run(tag: $0.rawValue, results: results[$0] ?? [:]) }
    }

    private func rankings(_ query: String, _ modes: [SearchMode]) throws -> [SearchMode: [ScoredChunk]] {
        var dense: [ScoredChunk] = []
        var lexical: [ScoredChunk] = []
        if modes.contains(where: { $0 != .lexical }) {
            let vector = try encoder.embed([query], kind: .query).row(0)
            dense = try vectors.search(vector, topK: ids.count, efSearch: nil, allowing: nil)
                .map { ScoredChunk(id: $0.id, score: $0.similarity) }
        }
        if modes.contains(where: { $0 != .dense }) {
            lexical = postings.search(query, topK: ids.count).map { ScoredChunk(id: $0.id, score: $0.score) }
        }
        var rankings: [SearchMode: [ScoredChunk]] = [:]
        for mode in modes {
            switch mode {
            case .dense: rankings[mode] = dense
            case .lexical: rankings[mode] = lexical
            case .hybrid: rankings[mode] = fused(dense, lexical)
            }
        }
        return rankings
    }

    /// The legs' candidates as the search service fuses them.
    private func fused(_ dense: [ScoredChunk], _ lexical: [ScoredChunk]) -> [ScoredChunk] {
        let depth = SearchRequest.defaultCandidateDepth
        return convexCombination(
            dense: Array(dense.prefix(depth)), lexical: Array(lexical.prefix(depth)), denseWeight: 0.5, depth: depth)
    }
}
