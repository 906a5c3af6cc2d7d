import Encoders
import Ingestion
import Retrieval
import Storage

/// Passages of a text that comes with the question, such as an evaluation's context: cut like a document, ranked by
/// cosine.
struct TextPassages {
    let embedder: any TextEmbedding

    /// The `count` chunks of `text` nearest to `question`, best first, numbered from 1.
    ///
    /// A text without words has none.
    /// - Throws: `IngestionError` when the text can't be read, `EncoderError`.
    func passages(of text: String, question: String, count: Int) throws -> [Passage] {
        let source = SourceDocument(
            externalID: "context", bytes: Array(text.utf8), contentType: "text/plain; charset=utf-8")
        let document: ExtractedDocument
        do {
            document = try DocumentExtractor().extract(source)
        } catch {
            if error == .noText { return [] }
            throw error
        }
        let embedder = embedder
        let chunker = Chunker(settings: ChunkingSettings(), maxTokenCount: embedder.maxTokenCount) {
            embedder.tokenCount(of: $0)
        }
        let chunks = chunker.chunks(of: document)
        guard !chunks.isEmpty else { return [] }
        let query = try embedder.embed([question], kind: .query).row(0)
        let vectors = try embedder.embed(chunks.map { $0.embeddedText(title: document.title) }, kind: .passage)
        let hits = chunks.enumerated().map { index, chunk in
            let similarity = zip(query, vectors.row(index)).reduce(Float(0)) { $0 + $1.0 * $1.1 }
            return SearchHit(
                chunkID: Int64(index + 1), documentID: source.externalID, title: document.title,
                headingPath: chunk.headingPath, text: chunk.text, utf8Span: chunk.utf8Span, score: similarity,
                scores: HitScores(dense: similarity))
        }
        let order = hits.indices.sorted { (hits[$1].score, $0) < (hits[$0].score, $1) }
        return order.prefix(count).enumerated().map { Passage(number: $0.offset + 1, hit: hits[$0.element]) }
    }
}
