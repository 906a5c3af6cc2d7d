import Encoders

/// Embeds queries and remembers the last ones: people page, refine filters and ask what others ask.
final class QueryEmbedder: Sendable {
    let encoder: CachedEmbedder

    init(encoder: any TextEmbedding, cache: EmbeddingCache?) {
        self.encoder = CachedEmbedder(
            encoder: encoder, cache: cache ?? EmbeddingCache(maximumBytes: 8 << 20, dimension: encoder.dimension))
    }

    /// The query's vector, L2-normalised: [dimension], and whether it was known.
    func vector(of query: String) throws(RetrievalError) -> (vector: [Float], isCached: Bool) {
        do {
            let (embeddings, hitCount) = try encoder.embedCountingHits([query], kind: .query)
            return (embeddings.row(0), hitCount == 1)
        } catch {
            throw .embedding(detail: "\(error)")
        }
    }
}
