import DocentServer
import Foundation
import HTTPTypes
import HummingbirdTesting
import Storage
import TestSupport
import Testing

@Suite("Jobs and syncs over HTTP")
struct JobRouteTests {
    private static let path = "/v1/collections/help/documents"

    /// A multipart form of files by their names.
    private func form(_ files: [(name: String, text: String)]) -> String {
        let parts = files.map { file in
            "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\(file.name)\"\r\n\r\n\(file.text)\r\n"
        }
        return parts.joined() + "--b--\r\n"
    }

    private func upload(
        _ client: ShopClient, _ files: [(name: String, text: String)], _ query: String
    ) async throws -> Reply {
        try await client.send(
            .post, Self.path + "?wait=true" + query, form(files), contentType: "multipart/form-data; boundary=b")
    }

    @Test("a synchronised upload removes what is gone below its folders, and nothing else")
    func syncedUpload() async throws {
        try await TestShop().runWithArticles { client in
            let files = [
                ("docs/a.md", "# A\n\nText a."), ("docs/b.md", "# B\n\nText b."), ("more/c.md", "# C\n\nText c."),
            ]
            _ = try await upload(client, files, "&sync=true")
            let again = try await upload(client, [files[0]], "&sync=true").json["job"]
            #expect(again["removed"] == ["docs/b.md"])
            #expect(again["progress"]["removed"].intValue == 1 && again["progress"]["unchanged"].intValue == 1)
            #expect(try await client.get(Self.path + "/docs%2Fb.md").status == 404)
            #expect(try await client.get(Self.path + "/more%2Fc.md").status == 200)
            #expect(try await client.get(Self.path).json["documents"].elements.count == 4)
            let prefixed = try await upload(client, [files[0]], "&sync=true&prefix=docs/a")
            #expect(prefixed.json["job"]["removed"] == [])
            let failed = try await upload(client, [("docs/z.txt", "")], "&sync=true").json["job"]
            #expect(failed["removed"] == [])
            #expect(failed["not_removed_reason"].stringValue?.contains("docs/z.txt") == true)
            #expect(try await client.get(Self.path + "/docs%2Fa.md").status == 200)
        }
    }

    @Test(
        "a sync whose scope is not clear is refused",
        arguments: ["&sync=yes", "&sync=true", "&sync=true&prefix=", "&sync=true&prefix=x/", "&prefix=a"])
    func badSync(query: String) async throws {
        try await TestShop().runWithArticles { client in
            let reply = try await upload(client, [("a.md", "Text.")], query)
            #expect(reply.status == 400 && reply.errorCode == "invalid_sync")
            #expect(try await client.get(Self.path).json["documents"].elements.count == 2)
        }
    }

    @Test("the same body put again has ended when it is accepted")
    func unchangedPut() async throws {
        try await TestShop().runWithArticles { client in
            _ = try await client.send(.put, Self.path + "/g.md?wait=true", "# Gifts\n\nWe wrap gifts.")
            let same = try await client.send(.put, Self.path + "/g.md", "# Gifts\n\nWe wrap gifts.")
            #expect(same.status == 202)
            #expect(same.json["job"]["state"].stringValue == "succeeded")
            #expect(same.json["job"]["items"][0]["state"].stringValue == "unchanged")
        }
    }

    @Test("a job is paused, stays so, and goes on when it is resumed")
    func pauseAndResume() async throws {
        let shop = try TestShop()
        try await shop.run(hasRunner: false) { client in
            _ = try await client.post("/v1/collections", #"{"name": "help"}"#)
            _ = try await client.post(Self.path, #"{"documents": [{"id": "a", "text": "We wrap gifts."}]}"#)
            let paused = try await client.post("/v1/jobs/1/pause", "")
            #expect(paused.status == 200 && paused.json["paused"] == true)
            #expect(paused.json["state"].stringValue == "queued")
        }
        try await shop.run { client in
            let waiting = try await client.get("/v1/jobs?state=queued").json["jobs"]
            #expect(waiting[0]["id"].intValue == 1 && waiting[0]["paused"] == true)
            #expect(waiting[0]["collection"].stringValue == "help" && waiting[0].keys.contains("items") == false)
            #expect(try await client.post("/v1/jobs/1/resume", "").json["paused"] == false)
            while try await client.get("/v1/jobs/1").json["state"].stringValue != "succeeded" {
                try await Task.sleep(for: .milliseconds(5))
            }
        }
    }

    @Test("failed items are tried again, and the reply says how many")
    func retry() async throws {
        try await TestShop().runWithArticles { client in
            let job = try await client.post(
                Self.path + "?wait=true", #"{"documents": [{"id": "a", "text": "Gifts."}, {"id": "b", "text": " "}]}"#)
            let id = try #require(job.json["job"]["id"].intValue)
            let reply = try await client.post("/v1/jobs/\(id)/retry", "")
            #expect(reply.json["retried"].intValue == 1)
            #expect(reply.json["job"]["state"].stringValue == "queued")
            while try await client.get("/v1/jobs/\(id)").json["state"].stringValue != "succeeded" {
                try await Task.sleep(for: .milliseconds(5))
            }
            #expect(try await client.get("/v1/jobs/\(id)").json["progress"]["failed"].intValue == 1)
            #expect(try await client.post("/v1/jobs/99/retry", "").errorCode == "job_not_found")
        }
    }

    @Test("jobs are listed newest first, by collection and state, in pages")
    func list() async throws {
        try await TestShop().runWithArticles { client in
            for id in ["x", "y", "z"] {
                _ = try await client.send(
                    .put, Self.path + "/\(id)?wait=true", "Text \(id).", contentType: "text/plain")
            }
            let page = try await client.get("/v1/jobs?collection=help&state=succeeded&limit=2").json
            let ids = page["jobs"].elements.compactMap { $0["id"].intValue }
            #expect(ids.count == 2 && ids[0] > ids[1])
            let cursor = try #require(page["next_cursor"].stringValue)
            let next = try await client.get("/v1/jobs?collection=help&cursor=\(cursor)").json["jobs"].elements
            #expect(next.compactMap { $0["id"].intValue }.allSatisfy { $0 < ids[1] } && !next.isEmpty)
            #expect(try await client.get("/v1/jobs?collection=none").errorCode == "collection_not_found")
            #expect(try await client.get("/v1/jobs?state=gone").errorCode == "invalid_state")
            #expect(try await client.get("/v1/jobs?cursor=x").status == 400)
        }
    }
}
