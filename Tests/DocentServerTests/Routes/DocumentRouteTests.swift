import DocentServer
import HTTPTypes
import Storage
import Testing

@Suite("Documents and jobs over HTTP", .timeLimit(.minutes(5)))
struct DocumentRouteTests {
    private static let path = "/v1/collections/help/documents"

    @Test("JSON documents are taken in, and waiting gives the finished job")
    func json() async throws {
        try await TestShop().runWithArticles { client in
            let reply = try await client.post(
                Self.path + "?wait=true",
                """
                {"documents": [
                    {"id": "a", "title": "Gifts", "text": "We wrap gifts for free.", "url": "https://x.org/a",
                     "metadata": {"lang": "en", "year": 2024}},
                    {"id": "b", "html": "<h1>Stores</h1><p>Our stores open at nine.</p>"},
                    {"markdown": "# Jobs\\n\\nWe are hiring."},
                    {"id": "empty", "text": "  "}
                ]}
                """)
            #expect(reply.status == 200)
            let job = reply.json["job"]
            #expect(job["state"].stringValue == "succeeded")
            #expect(job["progress"]["done"].intValue == 4)
            #expect(job["progress"]["total"].intValue == 4)
            #expect(job["progress"]["failed"].intValue == 1)
            #expect(job["items"].elements.map { $0["id"].stringValue }.prefix(2) == ["a", "b"])
            #expect(job["items"][3]["state"].stringValue == "failed")
            #expect(job["items"][3]["error"].stringValue?.contains("no text") == true)

            let document = try await client.get(Self.path + "/a").json
            #expect(document["id"].stringValue == "a")
            #expect(document["title"].stringValue == "Gifts")
            #expect(document["url"].stringValue == "https://x.org/a")
            #expect(document["metadata"] == .object(["lang": "en", "year": .int(2024)]))
            #expect(document["state"].stringValue == "indexed")
            #expect(document["chunks"].intValue == 1)
            #expect(document["chunk_list"][0]["text"].stringValue == "We wrap gifts for free.")
            #expect(try await client.get(Self.path + "/b").json["title"].stringValue == "Stores")
        }
    }

    @Test("without waiting a job is accepted, and later done")
    func accepted() async throws {
        try await TestShop().runWithArticles { client in
            let reply = try await client.post(Self.path, #"{"documents": [{"id": "a", "text": "We wrap gifts."}]}"#)
            #expect(reply.status == 202)
            let id = try #require(reply.json["job"]["id"].intValue)
            var job = try await client.get("/v1/jobs/\(id)").json
            while job["state"].stringValue != "succeeded" {
                try await Task.sleep(for: .milliseconds(5))
                job = try await client.get("/v1/jobs/\(id)").json
            }
            #expect(job["items"][0]["state"].stringValue == "succeeded")
        }
    }

    @Test("files of a form are documents by their names")
    func multipart() async throws {
        try await TestShop().runWithArticles { client in
            let form = [
                "--b", "Content-Disposition: form-data; name=\"note\"", "", "plain field",
                "--b", "Content-Disposition: form-data; name=\"file\"; filename=\"../docs/gift.md\"",
                "Content-Type: text/markdown", "", "# Gifts", "", "We wrap gifts.",
                "--b", "Content-Disposition: form-data; name=\"file\"; filename=\"stores.html\"", "",
                "<h1>Stores</h1><p>Our stores open at nine.</p>",
                "--b--", "",
            ].joined(separator: "\r\n")
            let reply = try await client.send(
                .post, Self.path + "?wait=true", form, contentType: "multipart/form-data; boundary=b")
            #expect(reply.status == 200)
            #expect(
                reply.json["job"]["items"].elements.map { $0["id"].stringValue } == ["docs/gift.md", "stores.html"])
            #expect(reply.json["job"]["progress"]["failed"].intValue == 0)
            #expect(try await client.get(Self.path + "/stores.html").json["title"].stringValue == "Stores")
        }
    }

    @Test("a body put under an id replaces what was there; the same body again changes nothing")
    func put() async throws {
        try await TestShop().runWithArticles { client in
            let path = Self.path + "/gift.md"
            let first = try await client.send(.put, path + "?wait=true", "# Gifts\n\nWe wrap gifts.")
            #expect(first.json["job"]["items"][0]["state"].stringValue == "succeeded")
            let same = try await client.send(.put, path + "?wait=true", "# Gifts\n\nWe wrap gifts.")
            #expect(same.json["job"]["items"][0]["state"].stringValue == "unchanged")
            _ = try await client.send(.put, path + "?wait=true", "# Gifts\n\nWrapping costs two euros.")
            let text = try await client.get(path + "/content").text
            #expect(text.contains("two euros"))
            #expect(!text.contains("We wrap"))
            #expect(try await client.get(Self.path).json["documents"].elements.count == 3)
        }
    }

    @Test(
        "ids may hold slashes, spaces, percent signs and letters of any kind",
        arguments: [
            ("a/b/c.md", "a%2Fb%2Fc.md"), ("über uns", "%C3%BCber%20uns"), ("50%", "50%25"), ("a%2Fb", "a%252Fb"),
        ])
    func oddIDs(id: String, encoded: String) async throws {
        try await TestShop().runWithArticles { client in
            let path = Self.path + "/" + encoded
            let made = try await client.send(.put, path + "?wait=true", "We wrap gifts.", contentType: "text/plain")
            #expect(made.json["job"]["items"][0]["id"].stringValue == id)
            #expect(try await client.get(path).json["id"].stringValue == id)
            #expect(try await client.get(path + "/content").text.contains("We wrap gifts."))
            #expect(try await client.delete(path).status == 204)
            #expect(try await client.get(path).errorCode == "document_not_found")
        }
    }

    @Test("escapes that aren't UTF-8 are refused")
    func badEscape() async throws {
        try await TestShop().runWithArticles { client in
            let reply = try await client.get(Self.path + "/%FF%FE")
            #expect(reply.status == 400)
            #expect(reply.errorCode == "invalid_path")
        }
    }

    @Test("a listing goes on from its cursor and can be narrowed to a state")
    func listing() async throws {
        try await TestShop().runWithArticles { client in
            let documents =
                (0..<5).map { #"{"id": "d\#($0)", "text": "Text number \#($0)."}"# } + [#"{"id": "e", "text": ""}"#]
            _ = try await client.post(
                Self.path + "?wait=true", #"{"documents": ["# + documents.joined(separator: ",") + "]}")
            var seen: [String] = []
            var cursor: String?
            repeat {
                let page = try await client.get(Self.path + "?limit=3" + (cursor.map { "&cursor=\($0)" } ?? "")).json
                #expect(page["documents"].elements.count <= 3)
                seen += page["documents"].elements.compactMap { $0["id"].stringValue }
                cursor = page["next_cursor"].stringValue
            } while cursor != nil
            #expect(seen.count == 8)
            #expect(Set(seen).count == 8)
            let failed = try await client.get(Self.path + "?state=failed").json["documents"].elements
            #expect(failed.map { $0["id"].stringValue } == ["e"])
            #expect(failed[0]["error"].stringValue?.isEmpty == false)
        }
    }

    @Test(
        "listing parameters out of range are refused",
        arguments: [
            ("limit=0", "invalid_limit"), ("limit=1001", "invalid_limit"), ("limit=ten", "invalid_limit"),
            ("state=gone", "invalid_state"),
        ])
    func badListing(query: String, code: String) async throws {
        try await TestShop().runWithArticles { client in
            let reply = try await client.get(Self.path + "?" + query)
            #expect(reply.status == 400)
            #expect(reply.errorCode == code)
        }
    }

    @Test(
        "submissions that hold no document are refused",
        arguments: [
            (#"{"documents": []}"#, "application/json", "no_documents"),
            ("{}", "application/json", "invalid_json"),
            ("nonsense", "application/json", "invalid_json"),
            (#"{"documents": [{"text": 5}]}"#, "application/json", "invalid_json"),
            (#"{"documents": [{"text": "a"}, {"id": "b"}]}"#, "application/json", "invalid_document"),
            (#"{"documents": [{"text": "a", "html": "b"}]}"#, "application/json", "invalid_document"),
            (#"{"documents": [{"id": "", "text": "a"}]}"#, "application/json", "invalid_document"),
            ("--b--\r\n", "multipart/form-data; boundary=b", "no_documents"),
            ("--b\r\nbroken", "multipart/form-data; boundary=b", "invalid_multipart"),
            ("", "multipart/form-data", "invalid_multipart"),
        ])
    func badSubmission(body: String, contentType: String, code: String) async throws {
        try await TestShop().runWithArticles { client in
            let reply = try await client.send(.post, Self.path, body, contentType: contentType)
            #expect(reply.status == 400)
            #expect(reply.errorCode == code)
            #expect(try await client.get(Self.path).json["documents"].elements.count == 2)
        }
    }

    @Test("the wrong field of the wrong document is named")
    func fieldName() async throws {
        try await TestShop().runWithArticles { client in
            let reply = try await client.post(Self.path, #"{"documents": [{"text": "a"}, {"text": 5}]}"#)
            #expect(reply.errorMessage == "the field 'documents[1].text' must be a string")
        }
    }

    @Test("an upload over the limit is refused", arguments: ["POST", "PUT"])
    func tooLarge(method: String) async throws {
        let shop = try TestShop { $0.uploadBytes = 1_000 }
        try await shop.runWithArticles { client in
            let text = String(repeating: "word ", count: 1_000)
            let reply =
                method == "PUT"
                ? try await client.send(.put, Self.path + "/d", text, contentType: "text/plain")
                : try await client.post(Self.path, #"{"documents": [{"text": "\#(text)"}]}"#)
            #expect(reply.status == 413)
            #expect(reply.errorCode == "body_too_large")
        }
    }

    @Test(
        "a file that can't be read fails with its reason and harms nothing else",
        arguments: [
            ("noise.html", String(decoding: (0..<600).map { UInt8($0 * 7 % 31) }, as: UTF8.self)), ("empty.txt", ""),
            ("scan.pdf", "%PDF-1.7\n\u{1}\u{2}\u{3}"),
        ])
    func badFile(id: String, content: String) async throws {
        try await TestShop().runWithArticles { client in
            let reply = try await client.send(.put, Self.path + "/\(id)?wait=true", content)
            #expect(reply.status == 200)
            #expect(reply.json["job"]["state"].stringValue == "failed")
            #expect(reply.json["job"]["items"][0]["error"].stringValue?.isEmpty == false)
            #expect(try await client.get(Self.path + "/\(id)").json["state"].stringValue == "failed")
            let hits = try await client.post("/v1/collections/help/search", #"{"query": "warranty of kettles"}"#)
            #expect(hits.json["hits"][0]["document_id"].stringValue == "warranty")
        }
    }

    @Test("a deleted document is gone from the very next search")
    func delete() async throws {
        try await TestShop().runWithArticles { client in
            let query = #"{"query": "warranty of kettles"}"#
            let before = try await client.post("/v1/collections/help/search", query).json["hits"].elements
            #expect(before.contains { $0["document_id"].stringValue == "warranty" })
            #expect(try await client.delete(Self.path + "/warranty").status == 204)
            let after = try await client.post("/v1/collections/help/search", query).json["hits"].elements
            #expect(!after.contains { $0["document_id"].stringValue == "warranty" })
            #expect(try await client.delete(Self.path + "/warranty").status == 404)
        }
    }

    @Test("a deleted collection's name can be used again, empty")
    func reuse() async throws {
        try await TestShop().runWithArticles { client in
            _ = try await client.post("/v1/collections/help/search", #"{"query": "kettles"}"#)
            _ = try await client.delete("/v1/collections/help")
            _ = try await client.post("/v1/collections", #"{"name": "help"}"#)
            let hits = try await client.post("/v1/collections/help/search", #"{"query": "kettles"}"#)
            #expect(hits.status == 200)
            #expect(hits.json["hits"].elements.isEmpty)
        }
    }

    @Test("a job's events end with the whole job")
    func events() async throws {
        try await TestShop().runWithArticles { client in
            let job = try await client.post(Self.path, #"{"documents": [{"id": "a", "text": "We wrap gifts."}]}"#)
            let id = try #require(job.json["job"]["id"].intValue)
            let reply = try await client.get("/v1/jobs/\(id)/events")
            #expect(reply.status == 200)
            #expect(reply.headers[.contentType] == "text/event-stream; charset=utf-8")
            let events = reply.events
            #expect(events.last?.name == "done")
            #expect(events.dropLast().allSatisfy { $0.name == "progress" })
            #expect(events.last?.data["state"].stringValue == "succeeded")
            #expect(events.last?.data["id"].intValue == id)
        }
    }

    @Test("a waiting job can be cancelled")
    func cancel() async throws {
        try await TestShop().run(hasRunner: false) { client in
            _ = try await client.post("/v1/collections", #"{"name": "help"}"#)
            let job = try await client.post(Self.path, #"{"documents": [{"text": "We wrap gifts."}]}"#)
            let id = try #require(job.json["job"]["id"].intValue)
            let cancelled = try await client.delete("/v1/jobs/\(id)")
            #expect(cancelled.status == 200)
            #expect(cancelled.json["state"].stringValue == "cancelled")
            #expect(try await client.get("/v1/jobs/\(id)/events").events.map(\.name) == ["done"])
        }
    }

    @Test("jobs left by an earlier run are done when the runner starts")
    func resumed() async throws {
        let shop = try TestShop()
        try await shop.run(hasRunner: false) { client in
            _ = try await client.post("/v1/collections", #"{"name": "help"}"#)
            _ = try await client.post(Self.path, #"{"documents": [{"id": "a", "text": "We wrap gifts."}]}"#)
        }
        try await shop.run { client in
            while try await client.get("/v1/jobs/1").json["state"].stringValue != "succeeded" {
                try await Task.sleep(for: .milliseconds(5))
            }
            #expect(try await client.get(Self.path + "/a").json["state"].stringValue == "indexed")
        }
    }

    @Test("a job that isn't there is 404", arguments: ["9999", "abc", "-1", "99999999999999999999"])
    func missingJob(id: String) async throws {
        try await TestShop().run { client in
            for reply in [
                try await client.get("/v1/jobs/\(id)"), try await client.get("/v1/jobs/\(id)/events"),
                try await client.delete("/v1/jobs/\(id)"),
            ] {
                #expect(reply.status == 404)
                #expect(reply.errorCode == "job_not_found")
            }
        }
    }
}
