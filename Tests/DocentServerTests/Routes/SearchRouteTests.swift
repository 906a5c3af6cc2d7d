import HTTPTypes
import Storage
import Testing

@Suite("Search over HTTP", .timeLimit(.minutes(5)))
struct SearchRouteTests {
    private static let path = "/v1/collections/help/search"

    @Test("a hit has every field of the contract, and its span fits the document's text")
    func fields() async throws {
        try await TestShop().runWithArticles { client in
            let reply = try await client.post(Self.path, #"{"query": "return earrings", "top_k": 1}"#)
            #expect(reply.status == 200)
            #expect(reply.json.keys == ["hits", "timings_ms"])
            #expect(reply.json["hits"].elements.count == 1)
            let hit = reply.json["hits"][0]
            #expect(
                hit.keys == [
                    "chunk_id", "document_id", "duplicate_count", "duplicates", "heading_path", "metadata", "score",
                    "scores", "span", "text", "title", "url",
                ])
            #expect(hit["scores"].keys == ["dense", "fused", "lexical", "rerank"])
            #expect(hit["document_id"].stringValue == "returns")
            #expect(hit["title"].stringValue == "Returns")
            #expect(hit["score"].doubleValue == hit["scores"]["fused"].doubleValue)
            let text = Array(try await client.get("/v1/collections/help/documents/returns/content").bytes)
            let start = try #require(hit["span"]["start"].intValue)
            let end = try #require(hit["span"]["end"].intValue)
            #expect(String(decoding: text[start..<end], as: UTF8.self) == hit["text"].stringValue)
        }
    }

    @Test("every mode finds the article, each with its own scores", arguments: ["hybrid", "dense", "lexical"])
    func modes(mode: String) async throws {
        try await TestShop().runWithArticles { client in
            let reply = try await client.post(Self.path, #"{"query": "warranty of kettles", "mode": "\#(mode)"}"#)
            let hit = reply.json["hits"][0]
            #expect(hit["document_id"].stringValue == "warranty")
            #expect((hit["scores"]["dense"] == .null) == (mode == "lexical"))
            #expect((hit["scores"]["lexical"] == .null) == (mode == "dense"))
        }
    }

    @Test("copies are one hit that lists the others, unless each is asked for")
    func duplicates() async throws {
        try await TestShop().runWithArticles { client in
            let text = TestShop.articles[1].1
            _ = try await client.send(
                .put, "/v1/collections/help/documents/copy?wait=true", text, contentType: "text/markdown")
            let reply = try await client.post(Self.path, #"{"query": "warranty of kettles"}"#)
            #expect(reply.json["hits"].elements.count == 2)
            let hit = reply.json["hits"][0]
            #expect(hit["document_id"].stringValue == "warranty" && hit["duplicate_count"].intValue == 1)
            let other = hit["duplicates"][0]
            #expect(other.keys == ["chunk_id", "document_id", "heading_path", "span", "title", "url"])
            #expect(other["document_id"].stringValue == "copy" && other["title"].stringValue == "Warranty")
            let all = try await client.post(
                Self.path, #"{"query": "warranty of kettles", "collapse_duplicates": false}"#)
            #expect(all.json["hits"].elements.count == 3)
            #expect(!all.json["hits"][0].keys.contains("duplicates"))
            let bad = try await client.post(Self.path, #"{"query": "a", "collapse_duplicates": "no"}"#)
            #expect(bad.status == 400 && bad.errorMessage.contains("collapse_duplicates"))
        }
    }

    @Test("what stands around a hit comes when asked for")
    func context() async throws {
        try await TestShop().runWithArticles { client in
            let reply = try await client.post(
                Self.path, #"{"query": "kettles", "top_k": 1, "context": {"neighbours": 1, "parent": true}}"#)
            let context = reply.json["hits"][0]["context"]
            #expect(context.keys == ["chunk_ids", "span", "text"])
            #expect(context["chunk_ids"][0].intValue == reply.json["hits"][0]["chunk_id"].intValue)
            for body in [#"{"neighbours": 99}"#, #"{"max_tokens": 10}"#] {
                let bad = try await client.post(Self.path, #"{"query": "kettles", "context": \#(body)}"#)
                #expect(bad.status == 400 && bad.errorMessage.contains("context"), "\(bad.errorMessage)")
            }
        }
    }

    @Test("an explanation comes when asked for")
    func explain() async throws {
        try await TestShop().runWithArticles { client in
            let reply = try await client.post(Self.path, #"{"query": "kettles", "explain": true}"#)
            #expect(reply.json["hits"][0]["explanation"] != .null)
        }
    }

    @Test("a vector searches without a query")
    func vector() async throws {
        try await TestShop().runWithArticles { client in
            let vector = (0..<256).map { $0 == 3 ? "1.0" : "0" }.joined(separator: ",")
            let reply = try await client.post(Self.path, #"{"vector": [\#(vector)]}"#)
            #expect(reply.status == 200)
            #expect(reply.json["hits"].elements.count == 2)
        }
    }

    @Test("a filter narrows the documents")
    func filter() async throws {
        try await TestShop().runWithArticles { client in
            _ = try await client.post(
                "/v1/collections/help/documents?wait=true",
                #"{"documents": [{"id": "old", "text": "Kettles had a warranty.", "metadata": {"year": 2019}}]}"#)
            let reply = try await client.post(Self.path, #"{"query": "kettles", "filter": {"year": {"$lt": 2020}}}"#)
            #expect(reply.json["hits"].elements.map { $0["document_id"].stringValue } == ["old"])
        }
    }

    @Test(
        "bad searches say what is wrong and what to send",
        arguments: [
            (#"{"query": "a""#, "invalid_json", "not valid JSON"),
            (#"{"query": 5}"#, "invalid_json", "'query' must be a string"),
            (#"{}"#, "invalid_request", "query"),
            (#"{"query": "  "}"#, "invalid_request", "query"),
            (#"{"query": "a", "top_k": 0}"#, "invalid_request", "top_k"),
            (#"{"query": "a", "top_k": 1001}"#, "invalid_request", "top_k"),
            (#"{"query": "a", "top_k": "5"}"#, "invalid_json", "'top_k' must be a whole number"),
            (#"{"query": "a", "top_k": 1.5}"#, "invalid_json", "'top_k' must be a whole number"),
            (#"{"query": "a", "mode": "magic"}"#, "invalid_mode", "hybrid, dense or lexical"),
            (#"{"query": "a", "rerank": true}"#, "reranker_not_available", "rerank"),
            (#"{"query": "a", "filter": {"year": {"$near": 1}}}"#, "invalid_filter", "$near"),
            (#"{"query": "a", "filter": [1]}"#, "invalid_filter", "filter"),
            (#"{"vector": [1, 2, 3]}"#, "wrong_dimension", "3 values where the collection's have 256"),
            (#"{"vector": []}"#, "invalid_request", "vector"),
            (#"{"vector": [1, "x"]}"#, "invalid_json", "'vector[1]' must be a number"),
            (#"{"vector": [1e999]}"#, "invalid_json", ""),
        ])
    func bad(body: String, code: String, message: String) async throws {
        try await TestShop().runWithArticles { client in
            let reply = try await client.post(Self.path, body)
            #expect(reply.status == 400)
            #expect(reply.errorCode == code)
            #expect(reply.errorMessage.contains(message) || message.isEmpty, "\(reply.errorMessage)")
        }
    }
}
