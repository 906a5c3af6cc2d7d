import DocentServer
import HTTPTypes
import Storage
import Testing

@Suite("Collections over HTTP", .timeLimit(.minutes(5)))
struct CollectionRouteTests {
    @Test("a collection is made, listed, shown and deleted")
    func lifeCycle() async throws {
        try await TestShop().run { client in
            let made = try await client.post("/v1/collections", #"{"name": "help", "description": "Articles"}"#)
            #expect(made.status == 201)
            #expect(made.json["name"].stringValue == "help")
            #expect(made.json["description"].stringValue == "Articles")
            #expect(made.json["encoder"].stringValue == "bag-of-words")
            #expect(made.json["documents"].intValue == 0)
            #expect(made.json["chunks"].intValue == 0)
            #expect(made.json["index"]["state"].stringValue != nil)

            let list = try await client.get("/v1/collections")
            #expect(list.json["collections"].elements.map { $0["name"].stringValue } == ["help"])
            #expect(try await client.get("/v1/collections/help").json["name"].stringValue == "help")

            #expect(try await client.delete("/v1/collections/help").status == 204)
            let gone = try await client.get("/v1/collections/help")
            #expect(gone.status == 404)
            #expect(gone.errorCode == "collection_not_found")
            #expect(gone.errorMessage.contains("'help'"))
            #expect(try await client.get("/v1/collections").json["collections"].elements.isEmpty)
        }
    }

    @Test("counts follow what is in it")
    func counts() async throws {
        try await TestShop().runWithArticles { client in
            let shown = try await client.get("/v1/collections/help").json
            #expect(shown["documents"].intValue == 2)
            #expect(shown["chunks"].intValue == 2)
        }
    }

    @Test("the same name twice is a conflict")
    func twice() async throws {
        try await TestShop().run { client in
            _ = try await client.post("/v1/collections", #"{"name": "help"}"#)
            let again = try await client.post("/v1/collections", #"{"name": "help"}"#)
            #expect(again.status == 409)
            #expect(again.errorCode == "collection_exists")
        }
    }

    @Test(
        "bad requests say which field is wrong and how",
        arguments: [
            (#"{"name": "a""#, "invalid_json", "not valid JSON"),
            ("", "invalid_json", "not valid JSON"),
            ("[]", "invalid_json", "the body must be an object"),
            ("{}", "invalid_json", "'name' is missing"),
            (#"{"name": 3}"#, "invalid_json", "'name' must be a string"),
            (#"{"name": null}"#, "invalid_json", "'name' is null"),
            (#"{"name": "a", "chunking": {"max_tokens": "many"}}"#, "invalid_json", "'chunking.max_tokens' must be"),
            (#"{"name": "a", "chunking": {"max_tokens": 1}}"#, "invalid_input", "chunking.max_tokens"),
            (#"{"name": ""}"#, "invalid_input", "name"),
            (#"{"name": "a/b"}"#, "invalid_input", "name"),
            (#"{"name": "a", "encoder": "other"}"#, "encoder_not_loaded", "'bag-of-words'"),
        ])
    func badCreation(body: String, code: String, message: String) async throws {
        try await TestShop().run { client in
            let reply = try await client.post("/v1/collections", body)
            #expect(reply.status == 400)
            #expect(reply.errorCode == code)
            #expect(reply.errorMessage.contains(message), "\(reply.errorMessage)")
            #expect(try await client.get("/v1/collections").json["collections"].elements.isEmpty)
        }
    }

    @Test(
        "a body over the limit is refused before it is read",
        arguments: ["/v1/collections", "/v1/collections/a/search"])
    func tooLarge(path: String) async throws {
        let shop = try TestShop { $0.requestBytes = 64 }
        try await shop.run { client in
            _ = try await client.post("/v1/collections", #"{"name": "a"}"#)
            let reply = try await client.post(path, #"{"name": ""# + String(repeating: "a", count: 100) + #""}"#)
            #expect(reply.status == 413)
            #expect(reply.errorCode == "body_too_large")
            #expect(reply.errorMessage.contains("64 bytes"))
        }
    }

    @Test("a collection that isn't there is 404 on every route that names one")
    func missing() async throws {
        try await TestShop().run { client in
            let replies = [
                try await client.get("/v1/collections/none"),
                try await client.delete("/v1/collections/none"),
                try await client.get("/v1/collections/none/documents"),
                try await client.get("/v1/collections/none/documents/d"),
                try await client.delete("/v1/collections/none/documents/d"),
                try await client.get("/v1/collections/none/documents/d/content"),
                try await client.post("/v1/collections/none/documents", #"{"documents": [{"text": "a"}]}"#),
                try await client.send(.put, "/v1/collections/none/documents/d", "a", contentType: "text/plain"),
                try await client.post("/v1/collections/none/search", #"{"query": "a"}"#),
                try await client.post("/v1/collections/none/answer", #"{"question": "a"}"#),
                try await client.post("/v1/collections/none/answer", #"{"question": "a", "stream": true}"#),
            ]
            for reply in replies {
                #expect(reply.status == 404)
                #expect(reply.errorCode == "collection_not_found")
            }
        }
    }
}
