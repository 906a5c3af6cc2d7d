import DocentServer
import Generation
import HTTPTypes
import Storage
import Testing

@Suite("Answers over HTTP", .timeLimit(.minutes(5)))
struct AnswerRouteTests {
    private static let path = "/v1/collections/help/answer"

    /// What stands at a citation's span in its document.
    private func textCited(by citation: JSONValue, _ client: ShopClient) async throws -> String? {
        guard let document = citation["document_id"].stringValue, let start = citation["span"]["start"].intValue,
            let end = citation["span"]["end"].intValue
        else { return nil }
        let bytes = try await client.get("/v1/collections/help/documents/\(document)/content").bytes
        return String(decoding: bytes[start..<end], as: UTF8.self)
    }

    @Test("a whole answer has every field of the contract, and its quote stands at its span")
    func whole() async throws {
        let shop = try TestShop(generator: ScriptedGenerator("Earrings cannot", " be returned [1]."))
        try await shop.runWithArticles { client in
            let reply = try await client.post(Self.path, #"{"question": "Can I return earrings?"}"#)
            #expect(reply.status == 200)
            let answer = reply.json
            for key in [
                "id", "answer", "citations", "refused", "confidence", "supported", "generator", "usage", "timings_ms",
            ] { #expect(answer[key] != .null, "\(key)") }
            #expect(answer["answer"].stringValue == "Earrings cannot be returned. [1]")
            #expect(answer["refused"] == .bool(false))
            #expect(answer["generator"].stringValue == "local")
            #expect(answer["usage"].keys == ["cached_tokens", "completion_tokens", "prompt_tokens"])
            #expect(answer["supported"][0]["supported"] == .bool(true))
            let citation = answer["citations"][0]
            for key in ["marker", "document_id", "chunk_id", "title", "heading_path", "quote", "span"] {
                #expect(citation[key] != .null, "\(key)")
            }
            #expect(citation["quote"].stringValue == "Earrings cannot be returned.")
            #expect(try await textCited(by: citation, client) == "Earrings cannot be returned.")
        }
    }

    @Test("a streamed answer sends passages, tokens, citations and the whole at the end")
    func streamed() async throws {
        let shop = try TestShop(
            generator: ScriptedGenerator(
                "Earrings cannot", " be returned [1]. Kettles have a ", "warranty of 24 months."))
        try await shop.runWithArticles { client in
            let reply = try await client.post(Self.path, #"{"question": "earrings, kettles?", "stream": true}"#)
            #expect(reply.status == 200)
            #expect(reply.headers[.contentType] == "text/event-stream; charset=utf-8")
            let events = reply.events
            #expect(events.map(\.name) == ["passages", "token", "citation", "token", "citation", "done"])
            let passages = try #require(events.first?.data["passages"].elements)
            #expect(passages.map { $0["marker"].intValue } == Array(1...passages.count))
            #expect(passages.allSatisfy { $0["text"].stringValue != nil && $0["chunk_id"].intValue != nil })
            let done = try #require(events.last?.data)
            let text = events.filter { $0.name == "token" }.compactMap { $0.data["text"].stringValue }.joined()
            #expect(text == done["answer"].stringValue)
            #expect(done["citations"].elements.count == 2)
            for citation in done["citations"].elements {
                #expect(try await textCited(by: citation, client) == citation["quote"].stringValue)
            }
        }
    }

    @Test("a question the documents don't answer is refused with the nearest passages")
    func refused() async throws {
        let shop = try TestShop(threshold: 1.1)
        try await shop.runWithArticles { client in
            let answer = try await client.post(Self.path, #"{"question": "Can I return earrings?"}"#).json
            #expect(answer["refused"] == .bool(true))
            #expect(answer["refusal_reason"].stringValue == "weak_evidence")
            #expect(answer["citations"].elements.isEmpty)
            #expect(!answer["passages"].elements.isEmpty)
            let streamed = try await client.post(Self.path, #"{"question": "earrings?", "stream": true}"#)
            #expect(streamed.events.map(\.name) == ["passages", "done"])
        }
    }

    @Test("a failure in mid-stream is an error event")
    func failingStream() async throws {
        let shop = try TestShop(
            generator: ScriptedGenerator("Earrings", failure: .remoteFailed(reason: "it broke off")))
        try await shop.runWithArticles { client in
            let reply = try await client.post(Self.path, #"{"question": "earrings?", "stream": true}"#)
            #expect(reply.events.map(\.name) == ["passages", "error"])
            #expect(reply.events.last?.data["error"]["code"].stringValue == "remote_model_failed")
            #expect(reply.events.last?.data["error"]["request_id"].stringValue?.isEmpty == false)
            let whole = try await client.post(Self.path, #"{"question": "earrings?"}"#)
            #expect(whole.status == 502)
            #expect(whole.errorCode == "remote_model_failed")
        }
    }

    @Test(
        "bad questions are refused before anything is streamed",
        arguments: [
            (#"{}"#, "invalid_json", "'question' is missing"),
            (#"{"question": ""}"#, "invalid_request", "empty"),
            (#"{"question": "a", "top_k": 51}"#, "invalid_request", "top_k"),
            (#"{"question": "a", "temperature": -1}"#, "invalid_request", "temperature"),
            (#"{"question": "a", "max_tokens": 0}"#, "invalid_request", "max-tokens"),
            (#"{"question": "a", "generator": "oracle"}"#, "invalid_request", "'oracle' is unknown"),
            (#"{"question": "a", "generator": "remote"}"#, "generator_unavailable", "DOCENT_REMOTE_URL"),
            (#"{"question": "a", "mode": "magic"}"#, "invalid_mode", "hybrid"),
            (#"{"question": "a", "filter": {"$bad": 1}}"#, "invalid_filter", "$bad"),
            (
                #"{"question": "a", "conversation": [{"role": "robot", "content": "x"}]}"#, "invalid_json",
                "conversation[0].role"
            ),
            (#"{"question": "a", "unsupported": "keep"}"#, "invalid_json", "'unsupported'"),
        ])
    func bad(body: String, code: String, message: String) async throws {
        try await TestShop().runWithArticles { client in
            for json in [body, body.replacing(#""question""#, with: #""stream": true, "question""#)] {
                let reply = try await client.post(Self.path, json)
                #expect(reply.status == 400)
                #expect(reply.errorCode == code)
                #expect(reply.errorMessage.contains(message), "\(reply.errorMessage)")
            }
        }
    }

    @Test("one answer more than the limit is turned away with a time to come back, and places are given back")
    func overloaded() async throws {
        let shop = try TestShop { $0.concurrentAnswers = 0 }
        try await shop.runWithArticles { client in
            let reply = try await client.post(Self.path, #"{"question": "earrings?"}"#)
            #expect(reply.status == 503)
            #expect(reply.errorCode == "overloaded")
            #expect(reply.headers[.retryAfter] == "1")
        }
        let narrow = try TestShop { $0.concurrentAnswers = 1 }
        try await narrow.runWithArticles { client in
            for stream in [false, true, false, true] {
                let reply = try await client.post(Self.path, #"{"question": "earrings?", "stream": \#(stream)}"#)
                #expect(reply.status == 200)
            }
        }
    }

    @Test("feedback is kept with its answer")
    func feedback() async throws {
        let shop = try TestShop()
        let store = shop.store
        try await shop.runWithArticles { client in
            for body in [#"{"question": "earrings?"}"#, #"{"question": "earrings?", "stream": true}"#] {
                let answer = try await client.post(Self.path, body)
                let id = try #require(
                    answer.json["id"].stringValue ?? answer.events.last?.data["id"].stringValue)
                let reply = try await client.post(
                    "/v1/answers/\(id)/feedback",
                    #"{"rating": "down", "comment": "wrong article", "correct_document_id": "returns"}"#)
                #expect(reply.status == 201)
                #expect(reply.json["rating"].stringValue == "down")
                let kept = try store.answer(id: id)
                #expect(kept.question == "earrings?")
                #expect(kept.feedback.map(\.comment) == ["wrong article"])
            }
        }
    }

    @Test("feedback on nothing, and feedback that says nothing, are refused")
    func badFeedback() async throws {
        try await TestShop().runWithArticles { client in
            let missing = try await client.post("/v1/answers/ans_none/feedback", #"{"rating": "up"}"#)
            #expect(missing.status == 404)
            #expect(missing.errorCode == "answer_not_found")
            for body in ["{}", #"{"rating": "meh"}"#, "x"] {
                let reply = try await client.post("/v1/answers/ans_none/feedback", body)
                #expect(reply.status == 400)
                #expect(reply.errorCode == "invalid_json")
            }
        }
    }
}
