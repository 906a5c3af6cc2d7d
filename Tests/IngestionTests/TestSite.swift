import Foundation
import Synchronization
import TestSupport

/// A site on a loopback port: pages by path, with what a test wants of headers and statuses, and a log of requests.
final class TestSite: Sendable {
    /// A response.
    struct Page: Sendable {
        var status = "200 OK"
        var headers: [String] = []
        var body = ""

        /// An HTML page that links to `links`.
        static func html(_ text: String, links: [String] = [], head: String = "", headers: [String] = []) -> Page {
            let anchors = links.map { "<a href=\"\($0)\">\($0)</a>" }.joined(separator: " ")
            return Page(
                headers: ["Content-Type: text/html; charset=utf-8"] + headers,
                body: "<html><head><title>\(text)</title>\(head)</head><body><main><h1>\(text)</h1>"
                    + "<p>This page is about \(text), and it says so in a whole sentence.</p>\(anchors)</main></body></html>"
            )
        }

        static func redirect(_ status: String = "301 Moved Permanently", to target: String) -> Page {
            Page(status: status, headers: ["Location: \(target)"])
        }

        static let missing = Page(status: "404 Not Found")
    }

    private struct State {
        var pages: [String: Page] = [:]
        var requests: [String] = []
        var bodies = 0
        var times: [ContinuousClock.Instant] = []
    }

    private let state: SharedState
    private let server: LoopbackServer

    /// Shared with the server's threads.
    private final class SharedState: Sendable {
        let value = Mutex(State())
    }

    /// Opens the site.
    init(_ pages: [String: Page] = [:]) throws {
        let state = SharedState()
        self.state = state
        state.value.withLock { $0.pages = pages }
        server = try LoopbackServer { connection in
            let target = connection.request.split(separator: " ").dropFirst().first.map(String.init) ?? "/"
            var page = state.value.withLock { state in
                state.requests.append(target)
                state.times.append(.now)
                return state.pages[target] ?? state.pages["*"] ?? .missing
            }
            let etag = page.headers.first { $0.hasPrefix("ETag: ") }?.dropFirst(6)
            if let etag, connection.header("If-None-Match") == String(etag) {
                page = Page(status: "304 Not Modified", headers: ["ETag: \(etag)"])
            } else if page.status.hasPrefix("200") {
                state.value.withLock { $0.bodies += 1 }
            }
            connection.respond(page.status, headers: page.headers, body: page.body)
        }
    }

    deinit { server.stop() }

    /// The address without a path.
    var base: String { server.baseURL }

    /// The paths that were asked for since the last call, in order.
    func takeRequests() -> [String] {
        state.value.withLock { state in
            defer { state.requests = [] }
            return state.requests
        }
    }

    /// How many pages were sent whole since the last call.
    func takeBodyCount() -> Int {
        state.value.withLock { state in
            defer { state.bodies = 0 }
            return state.bodies
        }
    }

    /// When requests came.
    var times: [ContinuousClock.Instant] { state.value.withLock { $0.times } }

    subscript(path: String) -> Page? {
        get { state.value.withLock { $0.pages[path] } }
        set { state.value.withLock { $0.pages[path] = newValue } }
    }
}
