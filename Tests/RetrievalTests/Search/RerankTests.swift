import Encoders
import Retrieval
import Storage
import Testing

/// A reranker that likes texts with the word it is told to.
private struct WordReranker: Reranking {
    let modelName = "word"
    let maxTokenCount = 512
    var word = "again"

    func scores(of texts: [String], for query: String) throws(EncoderError) -> [Float] {
        texts.enumerated().map { ($1.contains(word) ? 1 : 0) - Float($0) / 1_000 }
    }
}

struct RerankTests {
    private struct NotThere: Error, CustomStringConvertible {
        let description = "model word is not here"
    }

    @Test("the reranker orders the hits, looks beyond top_k, and its score is shown", arguments: SearchMode.allCases)
    func order(mode: SearchMode) async throws {
        let library = try Library()
        try library.fill()
        let service = library.service(rerankers: RerankerSource(modelName: "word") { WordReranker() })
        var request = SearchRequest(query: "parcel courier first", topK: 3, mode: mode)
        let plain = try await service.search(request, in: Library.name)
        #expect(plain.hits.allSatisfy { $0.scores.rerank == nil && !$0.text.contains("again") })
        request.rerank = true
        let reranked = try await service.search(request, in: Library.name)
        #expect(reranked.hits.count == 3)
        #expect(reranked.hits.allSatisfy { $0.text.contains("again") && $0.score == $0.scores.rerank })
        #expect(reranked.hits.map(\.score) == reranked.hits.map(\.score).sorted(by: >))
        #expect((reranked.hits[0].scores.fused != nil) == (mode == .hybrid))
        #expect(reranked.timings.contains { $0.stage == "rerank" })
        request.rerankDepth = 3
        let shallow = try await service.search(request, in: Library.name)
        #expect(Set(shallow.hits.map(\.chunkID)) == Set(plain.hits.map(\.chunkID)))
    }

    @Test("without a reranker, or a query, the search says so")
    func unavailable() async throws {
        let library = try Library()
        try library.fill()
        let request = SearchRequest(query: "parcel", rerank: true)
        await #expect(throws: RetrievalError.rerankerUnavailable(reason: "none is configured")) {
            try await library.service().search(request, in: Library.name)
        }
        let service = library.service(rerankers: RerankerSource(modelName: "word") { throw NotThere() })
        await #expect(throws: RetrievalError.rerankerUnavailable(reason: "model word is not here")) {
            try await service.search(request, in: Library.name)
        }
        let noQuery = SearchRequest(vector: [Float](repeating: 1, count: 32), rerank: true)
        await #expect(throws: RetrievalError.invalidRequest(field: "rerank", reason: "it needs a query")) {
            try await service.search(noQuery, in: Library.name)
        }
        await #expect(throws: RetrievalError.self) {
            try await service.search(SearchRequest(query: "a", rerank: true, rerankDepth: 0), in: Library.name)
        }
    }

    @Test("documents of the caller are scored in their order, within bounds")
    func documents() async throws {
        let service = try Library().service(rerankers: RerankerSource(modelName: "word") { WordReranker(word: "b") })
        #expect(service.rerankerName == "word")
        #expect(try await service.rerank(["a", "b"], for: "q") == [0, 1 - 0.001])
        await #expect(throws: RetrievalError.self) { try await service.rerank([], for: "q") }
        await #expect(throws: RetrievalError.self) { try await service.rerank(["a"], for: " ") }
        await #expect(throws: RetrievalError.self) {
            try await service.rerank([String](repeating: "a", count: 1_001), for: "q")
        }
    }
}
