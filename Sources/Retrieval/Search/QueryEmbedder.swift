import Encoders
import Synchronization

/// Embeds queries and remembers the last ones: people page, refine filters and ask what others ask.
final class QueryEmbedder: Sendable {
    /// Queries remembered; at 384 dimensions 1.5 MB.
    static let capacity = 1_024

    private struct Key: Hashable {
        var fingerprint: String
        var text: String
    }

    let encoder: any TextEmbedding
    private let cache = Mutex(GenerationalCache<Key, [Float]>(capacity: capacity))

    init(encoder: any TextEmbedding) { self.encoder = encoder }

    /// The query's vector, L2-normalised: [dimension], and whether it was known.
    func vector(of query: String) throws(RetrievalError) -> (vector: [Float], isCached: Bool) {
        let key = Key(fingerprint: encoder.fingerprint, text: query)
        if let vector = cache.withLock({ $0.value(for: key) }) { return (vector, true) }
        let vector: [Float]
        do {
            vector = try encoder.embed([query], kind: .query).row(0)
        } catch {
            throw .embedding(detail: "\(error)")
        }
        cache.withLock { $0.insert(vector, for: key) }
        return (vector, false)
    }
}
