/// An encoder that asks a cache first.
public struct CachedEmbedder: TextEmbedding {
    /// Embeds what the cache doesn't know.
    public let encoder: any TextEmbedding
    /// Remembers vectors.
    public let cache: EmbeddingCache

    /// The encoder's name.
    public var modelName: String { encoder.modelName }
    /// The encoder's fingerprint.
    public var fingerprint: String { encoder.fingerprint }
    /// D.
    public var dimension: Int { encoder.dimension }
    /// The encoder's limit.
    public var maxTokenCount: Int { encoder.maxTokenCount }

    /// Puts a cache before an encoder; several may share one.
    public init(encoder: any TextEmbedding, cache: EmbeddingCache) {
        self.encoder = encoder
        self.cache = cache
    }

    /// How many tokens `text` has, special tokens not included.
    public func tokenCount(of text: String) -> Int { encoder.tokenCount(of: text) }

    /// Embeds texts; see `TextEmbedding`.
    public func embed(_ texts: [String], kind: TextKind) throws(EncoderError) -> Embeddings {
        try embedCountingHits(texts, kind: kind).embeddings
    }

    /// Embeds texts and says how many of them the cache knew.
    /// - Throws: as ``embed(_:kind:)``.
    package func embedCountingHits(
        _ texts: [String], kind: TextKind
    ) throws(EncoderError) -> (embeddings: Embeddings, hitCount: Int) {
        let lookup = CacheLookup(texts, kind: kind, of: encoder, in: cache)
        let fresh = lookup.missing.isEmpty ? nil : try encoder.embed(lookup.missing, kind: kind)
        return (lookup.completed(with: fresh), texts.count - lookup.missing.count)
    }
}

/// Some texts, and what a cache knows of them.
struct CacheLookup {
    /// Texts that the cache doesn't know, in order; one that comes twice is there twice.
    let missing: [String]
    private let keys: [EmbeddingCache.Key]
    private let entries: [EmbeddingCache.Entry?]
    private let cache: EmbeddingCache
    private let dimension: Int

    init(_ texts: [String], kind: TextKind, of encoder: any TextEmbedding, in cache: EmbeddingCache) {
        let fingerprint = encoder.fingerprint
        keys = texts.map { EmbeddingCache.Key($0, kind, fingerprint: fingerprint) }
        entries = cache.entries(for: keys)
        missing = zip(texts, entries).compactMap { $1 == nil ? $0 : nil }
        dimension = encoder.dimension
        self.cache = cache
    }

    /// All texts' vectors; remembers those of `fresh`, which are the missing ones'.
    func completed(with fresh: Embeddings?) -> Embeddings {
        var result = Embeddings(vectors: [], dimension: dimension, tokenCounts: [], truncated: [])
        result.vectors.reserveCapacity(keys.count * dimension)
        var next = 0
        for (key, entry) in zip(keys, entries) {
            let known: EmbeddingCache.Entry
            if let entry {
                known = entry
            } else if let fresh {
                known = EmbeddingCache.Entry(
                    vector: fresh.row(next), tokenCount: fresh.tokenCounts[next], isTruncated: fresh.truncated[next])
                cache.insert(known, for: key)
                next += 1
            } else {
                continue
            }
            result.vectors += known.vector
            result.tokenCounts.append(known.tokenCount)
            result.truncated.append(known.isTruncated)
        }
        return result
    }
}
