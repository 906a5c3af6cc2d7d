import Decoders
import DocentServer
import Foundation
import Generation
import HTTPTypes
import Storage
import Testing

@Suite("Chat completions over HTTP", .timeLimit(.minutes(5)))
struct ChatRouteTests {
    private static let path = "/v1/chat/completions"
    /// An empty system message keeps the template's own, which is longer than the tiny model's context.
    private static let start =
        #"{"model": "tiny", "messages": [{"role": "system", "content": ""}, "#
        + #"{"role": "user", "content": "the and"}]"#

    private func shop(_ limits: DecoderScheduler.Limits = .init()) throws -> TestShop {
        try TestShop(generator: ScriptedGenerator("Earrings cannot", " be returned [1]."), decoding: limits)
    }

    @Test("a decoder's completion has every field of OpenAI's reference")
    func whole() async throws {
        try await shop().run { client in
            let reply = try await client.post(Self.path, Self.start + #", "max_tokens": 7, "seed": 3}"#)
            #expect(reply.status == 200, "\(reply.text)")
            let body = reply.json
            #expect(body.keys == ["choices", "created", "id", "model", "object", "system_fingerprint", "usage"])
            #expect(body["object"].stringValue == "chat.completion" && body["model"].stringValue == "tiny")
            #expect(body["id"].stringValue?.hasPrefix("chatcmpl-") == true)
            let choice = body["choices"][0]
            #expect(choice.keys == ["finish_reason", "index", "logprobs", "message"])
            #expect(choice["message"]["role"].stringValue == "assistant")
            #expect(choice["message"]["content"].stringValue != nil && choice["message"]["refusal"] == .null)
            #expect(["stop", "length"].contains(choice["finish_reason"].stringValue))
            let usage = body["usage"]
            #expect(
                usage["total_tokens"].intValue
                    == (usage["prompt_tokens"].intValue ?? 0) + (usage["completion_tokens"].intValue ?? 0))
            #expect(usage["prompt_tokens_details"].keys == ["cached_tokens"])
            let again = try await client.post(Self.path, Self.start + #", "max_tokens": 7, "seed": 3}"#)
            #expect(again.json["choices"] == body["choices"], "equal seeds, equal texts")
        }
    }

    @Test(
        "a stream's pieces are the whole text; usage comes at the end when it is asked for", arguments: [true, false])
    func streamed(_ hasUsage: Bool) async throws {
        try await shop().run { client in
            let sampling = #", "max_completion_tokens": 9, "seed": 5, "temperature": 0.8"#
            let whole = try await client.post(Self.path, Self.start + sampling + "}").json
            let options = hasUsage ? #", "stream_options": {"include_usage": true}"# : ""
            let reply = try await client.post(Self.path, Self.start + sampling + #", "stream": true"# + options + "}")
            #expect(reply.headers[.contentType] == "text/event-stream; charset=utf-8")
            var chunks = try #require(reply.chunks)
            #expect(Set(chunks.map { $0["id"] }).count == 1)
            #expect(chunks.allSatisfy { $0["object"].stringValue == "chat.completion.chunk" })
            if hasUsage {
                let last = chunks.removeLast()
                #expect(last["choices"].elements.isEmpty)
                #expect(last["usage"]["completion_tokens"] == whole["usage"]["completion_tokens"])
                #expect(chunks.allSatisfy { $0.keys.contains("usage") && $0["usage"] == .null })
            } else {
                #expect(chunks.allSatisfy { !$0.keys.contains("usage") })
            }
            #expect(chunks.first?["choices"][0]["delta"]["role"].stringValue == "assistant")
            let text = chunks.compactMap { $0["choices"][0]["delta"]["content"].stringValue }.joined()
            #expect(text == whole["choices"][0]["message"]["content"].stringValue)
            let reasons = chunks.map { $0["choices"][0]["finish_reason"] }
            #expect(reasons.dropLast().allSatisfy { $0 == .null })
            #expect(reasons.last == whole["choices"][0]["finish_reason"])
        }
    }

    @Test("log-probabilities come with each token, and the likeliest ones beside it")
    func logprobs() async throws {
        try await shop().run { client in
            let body = Self.start + #", "max_tokens": 5, "temperature": 0, "logprobs": true, "top_logprobs": 2"#
            let whole = try await client.post(Self.path, body + "}").json
            let content = whole["choices"][0]["logprobs"]["content"].elements
            #expect(content.count == whole["usage"]["completion_tokens"].intValue)
            for entry in content {
                #expect(entry.keys == ["bytes", "logprob", "token", "top_logprobs"])
                #expect((entry["logprob"].doubleValue ?? 1) <= 0)
                #expect(entry["top_logprobs"].elements.count == 2)
                #expect(entry["top_logprobs"][0]["bytes"] == entry["bytes"])
            }
            let streamed = try await client.post(Self.path, body + #", "stream": true}"#)
            let parts = try #require(streamed.chunks).flatMap { $0["choices"][0]["logprobs"]["content"].elements }
            #expect(parts == Array(content.prefix(parts.count)) && !parts.isEmpty)
        }
    }

    @Test("JSON that was asked for by schema parses and has its shape")
    func schema() async throws {
        try await shop().run { client in
            let format =
                #", "max_tokens": 90, "response_format": {"type": "json_schema", "json_schema": {"name": "x", "#
                + #""strict": true, "schema": {"type": "object", "properties": {"z": {"enum": ["p", "q"]}, "#
                + #""a": {"type": "boolean"}}, "required": ["z", "a"], "additionalProperties": false}}}}"#
            for seed in 0..<3 {
                let reply = try await client.post(Self.path, Self.start + #", "seed": \#(seed)"# + format)
                let text = try #require(reply.json["choices"][0]["message"]["content"].stringValue)
                #expect(text.wholeMatch(of: #/{"z": ?"[pq]", ?"a": ?(true|false)}/#) != nil, "\(text)")
                #expect(reply.json["choices"][0]["finish_reason"].stringValue == "stop")
            }
        }
    }

    @Test(
        "the model docent/{c} answers from the collection, cites, and can be given feedback", arguments: [false, true])
    func collection(_ isStreamed: Bool) async throws {
        let shop = try shop()
        let store = shop.store
        try await shop.runWithArticles { client in
            let reply = try await client.post(
                Self.path,
                #"{"model": "docent/help", "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "#
                    + #""content": [{"type": "text", "text": "Can I return earrings?"}]}], "stream": \#(isStreamed)}"#)
            #expect(reply.status == 200, "\(reply.text)")
            let text: String?
            let docent: JSONValue
            if isStreamed {
                let chunks = try #require(reply.chunks)
                text = chunks.compactMap { $0["choices"][0]["delta"]["content"].stringValue }.joined()
                docent = try #require(chunks.last)["docent"]
                #expect(chunks.last?["choices"][0]["finish_reason"].stringValue == "stop")
            } else {
                text = reply.json["choices"][0]["message"]["content"].stringValue
                docent = reply.json["docent"]
            }
            #expect(text == "Earrings cannot be returned. [1]")
            #expect(docent["citations"][0]["quote"].stringValue == "Earrings cannot be returned.")
            #expect(docent["answer"].stringValue == text && docent["refused"] == .bool(false))
            let id = try #require(docent["id"].stringValue)
            #expect(try store.answer(id: id).question == "Can I return earrings?")
        }
    }

    @Test(
        "bad requests say what is wrong, to OpenAI's clients and to ours",
        arguments: [
            (#"{"model": "gpt-4", "messages": [{"role": "user", "content": "a"}]}"#, 404, "model_not_found", "model"),
            (
                #"{"model": "docent/none", "messages": [{"role": "user", "content": "a"}]}"#, 404, "model_not_found",
                "model"
            ),
            (#"{"model": "tiny", "messages": []}"#, 400, "invalid_request", "messages"),
            (#"{"model": "tiny"}"#, 400, "invalid_json", nil),
            (#"{"model": "tiny", "messages": [{"role": "tool", "content": "a"}]}"#, 400, "invalid_request", "messages"),
            (
                #"{"model": "tiny", "messages": [{"role": "user", "content": [{"type": "image_url"}]}]}"#, 400,
                "unsupported_content", "messages"
            ),
            (start + #", "temperature": 9}"#, 400, "invalid_request", "temperature"),
            (start + #", "top_p": 0}"#, 400, "invalid_request", "top_p"),
            (start + #", "presence_penalty": 3}"#, 400, "invalid_request", "presence_penalty"),
            (start + #", "max_tokens": 0}"#, 400, "invalid_request", "max_tokens"),
            (start + #", "max_tokens": 1.5}"#, 400, "invalid_json", nil),
            (start + #", "stop": [""]}"#, 400, "invalid_request", "stop"),
            (start + #", "n": 2}"#, 400, "unsupported_parameter", "n"),
            (start + #", "tools": [{"type": "function"}]}"#, 400, "unsupported_parameter", "tools"),
            (start + #", "top_logprobs": 2}"#, 400, "unsupported_parameter", "top_logprobs"),
            (start + #", "stream_options": {}}"#, 400, "unsupported_parameter", "stream_options"),
            (start + #", "response_format": {"type": "xml"}}"#, 400, "invalid_request", "response_format"),
            (
                start + #", "response_format": {"type": "json_schema", "json_schema": {"schema": {"type": "blob"}}}}"#,
                400, "invalid_schema", "response_format"
            ),
            (
                #"{"model": "tiny", "messages": [{"role": "user", "content": "\#(String(repeating: "zq", count: 90))"}]}"#,
                400, "context_length_exceeded", "messages"
            ),
        ] as [(String, Int, String, String?)])
    func bad(body: String, status: Int, code: String, param: String?) async throws {
        try await shop().run { client in
            for json in [body, body.replacing(#"{"model""#, with: #"{"stream": true, "model""#, maxReplacements: 1)]
            where !(code == "unsupported_parameter" && param == "stream_options" && json != body) {
                let reply = try await client.post(Self.path, json)
                #expect(reply.status == status, "\(reply.text)")
                let error = reply.json["error"]
                #expect(error.keys == ["code", "message", "param", "request_id", "type"], "\(reply.text)")
                #expect(error["code"].stringValue == code && error["type"].stringValue == "invalid_request_error")
                #expect(error["param"].stringValue == param, "\(reply.text)")
            }
        }
    }

    @Test("what a collection's answer can't do is refused")
    func collectionLimits() async throws {
        try await shop().runWithArticles { client in
            let start = #"{"model": "docent/help", "messages": [{"role": "user", "content": "earrings?"}]"#
            for more in [#", "logprobs": true}"#, #", "response_format": {"type": "json_object"}}"#] {
                let reply = try await client.post(Self.path, start + more)
                #expect(reply.status == 400)
            }
            let odd = #"{"model": "docent/help", "messages": [{"role": "assistant", "content": "a"}]}"#
            let reply = try await client.post(Self.path, odd)
            #expect(reply.json["error"]["param"].stringValue == "messages")
        }
    }

    @Test("more texts than may wait are turned away with a time to come back; counts are in the metrics")
    func overloaded() async throws {
        var limits = DecoderScheduler.Limits()
        limits.runningCount = 1
        limits.waitingCount = 1
        try await shop(limits).run { client in
            let replies = try await withThrowingTaskGroup(of: Reply.self) { group in
                for seed in 0..<24 {
                    group.addTask {
                        try await client.post(Self.path, Self.start + #", "max_tokens": 60, "seed": \#(seed)}"#)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let refused = replies.filter { $0.status == 503 }
            #expect(refused.count + replies.count { $0.status == 200 } == 24)
            for reply in refused {
                #expect(reply.headers[.retryAfter] == "1" && reply.json["error"]["code"].stringValue == "overloaded")
                #expect(reply.json["error"]["type"].stringValue == "server_error")
            }
            let metrics = try await client.get("/metrics").text
            #expect(metrics.contains("\ndocent_decoder_refused_total \(refused.count)\n"))
            #expect(metrics.contains("\ndocent_decoder_texts_total \(24 - refused.count)\n"))
            #expect(metrics.contains("\ndocent_decoder_running_texts 0\n"))
        }
    }

    @Test("models list the decoder and every collection, and each can be looked up")
    func models() async throws {
        try await shop().runWithArticles { client in
            let list = try await client.get("/v1/models").json["data"].elements.compactMap { $0["id"].stringValue }
            #expect(list == ["bag-of-words", "tiny", "docent/help"])
            for id in list { #expect(try await client.get("/v1/models/\(id)").json["id"].stringValue == id) }
            let missing = try await client.get("/v1/models/gpt-4")
            #expect(missing.status == 404 && missing.json["error"]["code"].stringValue == "model_not_found")
        }
    }

    @Test("a remote model's circuit shows in readiness and metrics")
    func circuit() async throws {
        try await TestShop(breaker: CircuitBreaker()).run { client in
            let metrics = try await client.get("/metrics")
            #expect(metrics.text.contains("\ndocent_remote_circuit_state 0\n"))
        }
        try await TestShop().run { client in
            let metrics = try await client.get("/metrics")
            #expect(!metrics.text.contains("remote_circuit"))
        }
    }
}
