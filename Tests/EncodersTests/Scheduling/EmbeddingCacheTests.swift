import Encoders
import Testing

@Suite("Embedding cache")
struct EmbeddingCacheTests {
    @Test("a known text is not embedded again, and hits are counted")
    func hits() throws {
        let encoder = CountingEncoder()
        let cached = CachedEmbedder(encoder: encoder, cache: EmbeddingCache(dimension: 2))
        #expect(try cached.embed(["a", "bb", "ccc"], kind: .passage).vectors == [1, 1, 2, 1, 3, 1])
        let again = try cached.embed(["ccc", "dddd", "a"], kind: .passage)
        #expect(again.vectors == [3, 1, 4, 1, 1, 1] && again.tokenCounts == [3, 4, 1])
        #expect(encoder.embeddedTexts == ["a", "bb", "ccc", "dddd"])
        let statistics = cached.cache.statistics
        #expect(statistics.hitCount == 2 && statistics.missCount == 4 && statistics.entryCount == 4)
    }

    @Test("kind, model and Unicode spelling tell texts apart")
    func keys() throws {
        let cache = EmbeddingCache(dimension: 2)
        let first = CountingEncoder()
        let second = CountingEncoder(fingerprint: "counting:2")
        _ = try CachedEmbedder(encoder: first, cache: cache).embed(["é"], kind: .passage)
        _ = try CachedEmbedder(encoder: first, cache: cache).embed(["é"], kind: .query)
        _ = try CachedEmbedder(encoder: second, cache: cache).embed(["é"], kind: .query)
        _ = try CachedEmbedder(encoder: first, cache: cache).embed(["e\u{301}"], kind: .query)
        #expect(cache.statistics.hitCount == 0 && cache.statistics.entryCount == 4)
        #expect(try CachedEmbedder(encoder: first, cache: cache).embed(["e\u{301}"], kind: .query).vectors == [3, 1])
    }

    @Test("memory is bounded, and passages don't push queries out")
    func bounds() throws {
        let cache = EmbeddingCache(maximumBytes: 20_000, dimension: 2)
        let cached = CachedEmbedder(encoder: CountingEncoder(), cache: cache)
        _ = try cached.embed(["question"], kind: .query)
        for number in 0..<50 { _ = try cached.embed((0..<40).map { "\(number) \($0)" }, kind: .passage) }
        #expect(cache.statistics.entryCount <= 100)
        _ = try cached.embed(["question"], kind: .query)
        #expect(cache.statistics.hitCount == 1)
    }
}
