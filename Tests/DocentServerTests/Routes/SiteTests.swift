import DocentServer
import HTTPTypes
import Storage
import Testing

@Suite("Health, web page and everything else", .timeLimit(.minutes(5)))
struct SiteTests {
    @Test("liveness, readiness and version")
    func health() async throws {
        let shop = try TestShop()
        let readiness = shop.application.readiness
        try await shop.run { client in
            #expect(try await client.get("/healthz").json["status"].stringValue == "ok")
            let early = try await client.get("/readyz")
            #expect(early.status == 503)
            #expect(early.errorCode == "not_ready")
            #expect(early.headers[.retryAfter] == "1")
            readiness.markReady()
            let ready = try await client.get("/readyz")
            #expect(ready.status == 200)
            #expect(ready.json["encoder"].stringValue == "bag-of-words")
            #expect(ready.json["generators"].elements.map(\.stringValue) == ["extractive"])
            #expect(ready.json.keys.contains("indexes"))
            let version = try await client.get("/version").json
            #expect(version.keys == ["architecture", "configuration", "kernels", "version"])
        }
    }

    private static let scripts = [
        "/docent.js", "/page.js", "/asking.js", "/intake.js", "/jobs.js", "/viewer.js",
    ]

    @Test(
        "the page and its files come with a policy that allows nothing from elsewhere",
        arguments: [("/", "text/html"), ("/docent.css", "text/css")] + scripts.map { ($0, "text/javascript") })
    func page(path: String, type: String) async throws {
        try await TestShop().run { client in
            let reply = try await client.get(path)
            #expect(reply.status == 200)
            #expect(reply.headers[.contentType] == type + "; charset=utf-8")
            #expect(reply.headers[.contentSecurityPolicy]?.contains("default-src 'none'") == true)
            #expect(reply.headers[.contentSecurityPolicy]?.contains("unsafe-inline") == false)
            #expect(reply.headers[.xContentTypeOptions] == "nosniff")
            #expect(!reply.bytes.isEmpty)
        }
    }

    @Test("the page keeps to its own policy: no inline script or style, nothing from elsewhere")
    func pageKeepsPolicy() async throws {
        try await TestShop().run { client in
            let html = try await client.get("/").text
            for forbidden in ["<style", " style=", "<script>", " onclick=", " onload=", "https://", "http://"] {
                #expect(!html.contains(forbidden), "\(forbidden)")
            }
            #expect(html.contains("docent.js") && html.contains("docent.css"))
            for path in Self.scripts {
                let script = try await client.get(path).text
                #expect(!script.contains("innerHTML") && !script.contains("eval(") && !script.contains(".style"))
                for imported in script.matches(of: #/from "(.+?)"/#) {
                    #expect(Self.scripts.contains(String(imported.output.1)), "\(path)")
                }
            }
        }
    }

    @Test("HEAD answers like GET, without a body", arguments: ["/", "/healthz", "/version", "/v1/collections"])
    func head(path: String) async throws {
        try await TestShop().run { client in
            let reply = try await client.send(.head, path)
            #expect(reply.status == 200)
            #expect(reply.bytes.isEmpty)
            #expect(reply.headers[.contentType] == (try await client.get(path)).headers[.contentType])
        }
    }

    @Test("an unknown path is a JSON 404", arguments: ["/nope", "/v1", "/v1/collections/a/b/c/d", "/docent.css.map"])
    func unknown(path: String) async throws {
        try await TestShop().run { client in
            let reply = try await client.get(path)
            #expect(reply.status == 404)
            #expect(reply.errorCode == "not_found")
        }
    }

    @Test(
        "a method that a path doesn't have is refused with those it has",
        arguments: [
            (HTTPRequest.Method.delete, "/healthz", "GET, HEAD"), (.put, "/v1/collections", "GET, HEAD, POST"),
            (.get, "/v1/collections/help/search", "POST"),
        ])
    func wrongMethod(method: HTTPRequest.Method, path: String, allowed: String) async throws {
        try await TestShop().run { client in
            let reply = try await client.send(method, path)
            #expect(reply.status == 405 && reply.errorCode == "method_not_allowed")
            #expect(reply.headers[.allow] == allowed)
        }
    }

    @Test("every response names its request")
    func requestID() async throws {
        try await TestShop().run { client in
            let first = try await client.get("/healthz").headers[.requestID]
            let second = try await client.get("/healthz").headers[.requestID]
            #expect(first != nil && second != nil && first != second)
        }
    }
}
