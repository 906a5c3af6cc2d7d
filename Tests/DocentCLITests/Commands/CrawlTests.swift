import Foundation
import TestSupport
import Testing

@Suite("docent ingest of a site", .enabled(if: DocentProcess.isBuilt && TestModels.hasEncoder))
struct CrawlCommandTests {
    @Test("a site is crawled into a collection; private addresses need --allow-private")
    func crawl() async throws {
        let server = try LoopbackServer { connection in
            let path = connection.request.split(separator: " ").dropFirst().first ?? "/"
            switch path {
            case "/":
                connection.respond(
                    "200 OK", headers: ["Content-Type: text/html"],
                    body: "<h1>Garden</h1><p>Opens at eight.</p><a href=beds>b</a>")
            case "/beds":
                connection.respond(
                    "200 OK", headers: ["Content-Type: text/html"],
                    body: "<h1>Beds</h1><p>Tulips grow here.</p><a href=gone>g</a>")
            default: connection.respond("404 Not Found")
            }
        }
        defer { server.stop() }
        let docent = try DocentProcess()
        let arguments = ["ingest", server.baseURL, "--collection", "garden", "--delay-ms", "0"] + DocentProcess.models
        let refused = try await docent.run(arguments)
        #expect(refused.exitCode == 1 && refused.isOneClearLine && refused.errors.contains("private"))
        let crawled = try await docent.run(arguments + ["--allow-private", "--json", "--quiet"])
        #expect(crawled.exitCode == 0)
        let job = (crawled.json as? [String: Any])?["job"] as? [String: Any]
        #expect(job?["kind"] as? String == "crawl" && job?["state"] as? String == "succeeded")
        let again = try await docent.run(arguments + ["--allow-private", "--quiet"])
        #expect(again.output.contains("2 unchanged, 1 failed"))
        let mixed = try await docent.run(arguments + ["."])
        #expect(mixed.exitCode == 64)
    }
}
