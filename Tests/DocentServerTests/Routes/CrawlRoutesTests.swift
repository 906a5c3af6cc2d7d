import Storage
import Testing

@Suite("POST /v1/collections/{c}/crawl")
struct CrawlRoutesTests {
    @Test("a crawl is a job of its own kind whose first item is the start")
    func accepted() async throws {
        try await TestShop().run(hasRunner: false) { client in
            _ = try await client.post("/v1/collections", #"{"name": "help"}"#)
            let reply = try await client.post(
                "/v1/collections/help/crawl",
                #"{"url": "HTTPS://Shop.example/docs/#top", "max_pages": 5, "sync": true}"#)
            #expect(reply.status == 202)
            let job = reply.json["job"]
            #expect(job["kind"] == "crawl" && job["state"] == "queued" && job["progress"]["total"] == 1)
            #expect(job["items"][0]["id"] == "https://shop.example/docs/")
        }
    }

    @Test("bad settings, private addresses and unknown collections are refused")
    func refused() async throws {
        try await TestShop().run(hasRunner: false) { client in
            _ = try await client.post("/v1/collections", #"{"name": "help"}"#)
            func post(_ body: String, to collection: String = "help") async throws -> (Int, String?) {
                let reply = try await client.post("/v1/collections/\(collection)/crawl", body)
                return (reply.status, reply.errorCode)
            }
            #expect(try await post(#"{"url": "ftp://a/"}"#) == (400, "invalid_crawl"))
            #expect(try await post(#"{"url": "https://a/", "max_pages": 0}"#) == (400, "invalid_crawl"))
            #expect(try await post(#"{"url": "https://a/", "scope": "all"}"#) == (400, "invalid_crawl"))
            #expect(try await post(#"{"url": "https://a/", "max_pages": 1.5}"#) == (400, "invalid_json"))
            #expect(try await post("{}") == (400, "invalid_json"))
            #expect(try await post(#"{"url": "http://169.254.169.254/"}"#) == (403, "private_address"))
            #expect(try await post(#"{"url": "http://[::ffff:10.0.0.1]/"}"#) == (403, "private_address"))
            #expect(try await post(#"{"url": "https://a/", "allow_private": true}"#) == (403, "private_address"))
            #expect(try await post(#"{"url": "https://a/"}"#, to: "none") == (404, "collection_not_found"))
        }
    }
}
