import Encoders
import Foundation
import Retrieval
import Storage
import Testing

/// A reranker that scores a text by how many of the query's words it has.
private struct WordCounter: Reranking {
    let modelName = "counter"
    let maxTokenCount = 512

    func scores(of texts: [String], for query: String) throws(EncoderError) -> [Float] {
        let words = query.split(separator: " ")
        return texts.map { text in Float(words.count { text.contains($0) }) }
    }
}

@Suite("Embeddings, reranking and models over HTTP", .timeLimit(.minutes(5)))
struct ModelRouteTests {
    private static let counter = RerankerSource(modelName: "counter") { WordCounter() }

    private func shop() throws -> TestShop { try TestShop(rerankers: Self.counter) }

    @Test("embeddings are as OpenAI's clients expect them")
    func embeddings() async throws {
        try await shop().run { client in
            let reply = try await client.post(
                "/v1/embeddings", #"{"model": "bag-of-words", "input": ["return earrings", "kettles"]}"#)
            #expect(reply.status == 200)
            #expect(reply.json.keys == ["data", "model", "object", "usage"])
            #expect(reply.json["object"].stringValue == "list")
            #expect(
                reply.json["usage"]["prompt_tokens"].intValue == 7 && reply.json["usage"]["total_tokens"].intValue == 7)
            let items = reply.json["data"].elements
            #expect(items.map { $0["index"].intValue } == [0, 1])
            #expect(
                items.allSatisfy { $0["object"].stringValue == "embedding" && $0["embedding"].elements.count == 256 })
            let one = try await client.post("/v1/embeddings", #"{"input": "kettles", "input_type": "query"}"#)
            #expect(one.json["data"][0]["embedding"] == items[1]["embedding"])
        }
    }

    @Test("base64 holds the same numbers, fewer dimensions are normalised anew")
    func formats() async throws {
        try await shop().run { client in
            let plain = try await client.post("/v1/embeddings", #"{"input": "kettles", "dimensions": 16}"#)
            let numbers = plain.json["data"][0]["embedding"].elements.compactMap(\.doubleValue)
            #expect(numbers.count == 16)
            #expect(abs(numbers.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
            let packed = try await client.post(
                "/v1/embeddings", #"{"input": "kettles", "dimensions": 16, "encoding_format": "base64"}"#)
            let text = try #require(packed.json["data"][0]["embedding"].stringValue)
            let bytes = [UInt8](try #require(Data(base64Encoded: text)))
            #expect(bytes.count == 64)
            let first = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[$1]) << (8 * UInt32($1)) }
            #expect(abs(Double(Float(bitPattern: first)) - numbers[0]) < 1e-6)
        }
    }

    @Test("a text whose end was not read is named")
    func truncated() async throws {
        try await shop().run { client in
            let long = String(repeating: "word ", count: 300)
            let reply = try await client.post("/v1/embeddings", #"{"input": ["short", "\#(long)"]}"#)
            #expect(reply.json["docent"]["truncated"].elements.map(\.intValue) == [1])
        }
    }

    @Test(
        "bad embedding requests say what is wrong",
        arguments: [
            (#"{}"#, 400, "invalid_json", "input"), (#"{"input": []}"#, 400, "invalid_input", "0 texts"),
            (#"{"input": ["a", ""]}"#, 400, "invalid_input", "text 1"),
            (#"{"input": [1, 2]}"#, 400, "invalid_input", "token ids"),
            (#"{"input": [[1, 2]]}"#, 400, "invalid_input", "token ids"),
            (#"{"input": "a", "dimensions": 257}"#, 400, "invalid_input", "1 to 256"),
            (#"{"input": "a", "dimensions": 0}"#, 400, "invalid_input", "1 to 256"),
            (#"{"input": "a", "encoding_format": "hex"}"#, 400, "invalid_input", "float or base64"),
            (#"{"input": "a", "input_type": "x"}"#, 400, "invalid_input", "query or passage"),
            (#"{"input": "a", "model": "gpt"}"#, 404, "model_not_found", "bag-of-words"),
        ])
    func badEmbeddings(body: String, status: Int, code: String, message: String) async throws {
        try await shop().run { client in
            let reply = try await client.post("/v1/embeddings", body)
            #expect(reply.status == status && reply.errorCode == code, "\(reply.text)")
            #expect(reply.errorMessage.contains(message), "\(reply.errorMessage)")
        }
    }

    @Test("documents come back best first, as many as asked for")
    func rerank() async throws {
        try await shop().run { client in
            let reply = try await client.post(
                "/v1/rerank",
                #"{"model": "counter", "query": "red kettle", "documents": ["a shoe", {"text": "red kettle"}, "kettle"]}"#
            )
            #expect(reply.status == 200 && reply.json.keys == ["model", "results"])
            #expect(reply.json["results"].elements.map { $0["index"].intValue } == [1, 2, 0])
            #expect(reply.json["results"].elements.map { $0["relevance_score"].doubleValue } == [2, 1, 0])
            let first = try await client.post(
                "/v1/rerank", #"{"query": "red", "documents": ["a", "red"], "top_n": 1}"#)
            #expect(first.json["results"].elements.map { $0["index"].intValue } == [1])
        }
    }

    @Test(
        "bad rerank requests say what is wrong",
        arguments: [
            (#"{"documents": ["a"]}"#, 400, "invalid_json"), (#"{"query": "a"}"#, 400, "invalid_json"),
            (#"{"query": "a", "documents": []}"#, 400, "invalid_request"),
            (#"{"query": " ", "documents": ["a"]}"#, 400, "invalid_request"),
            (#"{"query": "a", "documents": [3]}"#, 400, "invalid_json"),
            (#"{"query": "a", "documents": ["a"], "top_n": 0}"#, 400, "invalid_request"),
            (#"{"query": "a", "documents": ["a"], "model": "gpt"}"#, 404, "model_not_found"),
        ])
    func badRerank(body: String, status: Int, code: String) async throws {
        try await shop().run { client in
            let reply = try await client.post("/v1/rerank", body)
            #expect(reply.status == status && reply.errorCode == code, "\(reply.text)")
        }
    }

    @Test("without a cross-encoder, reranking says so")
    func noReranker() async throws {
        try await TestShop().run { client in
            let reply = try await client.post("/v1/rerank", #"{"query": "a", "documents": ["a"]}"#)
            #expect(reply.status == 400 && reply.errorCode == "reranker_not_available")
            #expect(try await client.get("/v1/models").json["data"].elements.count == 1)
        }
    }

    @Test("a search with rerank shows the reranker's scores")
    func search() async throws {
        try await shop().runWithArticles { client in
            let reply = try await client.post(
                "/v1/collections/help/search", #"{"query": "receipt workshop", "rerank": true}"#)
            #expect(reply.status == 200)
            let hit = reply.json["hits"][0]
            #expect(hit["document_id"].stringValue == "warranty")
            #expect(hit["scores"]["rerank"].doubleValue == 2 && hit["score"].doubleValue == 2)
        }
    }

    @Test("models are listed, and the cache's hits are in the metrics")
    func listAndMetrics() async throws {
        try await shop().run { client in
            let list = try await client.get("/v1/models").json
            #expect(list["data"].elements.map { $0["id"].stringValue } == ["bag-of-words", "counter"])
            #expect(list["data"].elements.allSatisfy { $0["object"].stringValue == "model" })
            for _ in 0..<2 { _ = try await client.post("/v1/embeddings", #"{"input": ["a", "b"]}"#) }
            let metrics = try await client.get("/metrics")
            #expect(metrics.text.contains("\ndocent_embedding_cache_hits_total 2\n"))
            #expect(metrics.text.contains("\ndocent_embedding_texts_total 2\n"))
        }
    }
}
