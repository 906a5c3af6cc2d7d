import CurlClient
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("HTTP over libcurl", .timeLimit(.minutes(5)))
struct CurlClientTests {
    private let client = CurlClient()

    @Test("a response arrives whole, whatever its status", arguments: ["200 OK", "404 Not Found", "503 Busy"])
    func wholeResponse(status: String) async throws {
        let server = try LoopbackServer { $0.respond(status, headers: ["X-Thing: a", "X-Thing: b"], body: "hello") }
        defer { server.stop() }
        let response = try await client.send(HTTPRequest("GET", server.baseURL + "/"))
        #expect(response.status == Int(status.prefix(3)))
        #expect(response.head.headers["x-thing"] == "a, b")
        #expect(String(decoding: response.body, as: UTF8.self) == "hello")
    }

    @Test("a body and its headers are sent")
    func post() async throws {
        let server = try LoopbackServer { connection in
            let body = connection.request.components(separatedBy: "\r\n\r\n").last ?? ""
            connection.respond("200 OK", body: "\(connection.header("X-Key") ?? "none"):\(body)")
        }
        defer { server.stop() }
        let request = HTTPRequest(
            "POST", server.baseURL, headers: [(name: "X-Key", value: "k")], body: Array("{\"a\":1}".utf8))
        let response = try await client.send(request)
        #expect(String(decoding: response.body, as: UTF8.self) == "k:{\"a\":1}")
    }

    @Test("a response over the limit is stopped")
    func tooLarge() async throws {
        let server = try LoopbackServer { $0.respond("200 OK", body: String(repeating: "x", count: 10_000)) }
        defer { server.stop() }
        var request = HTTPRequest("GET", server.baseURL)
        request.maximumResponseBytes = 100
        await #expect(throws: CurlError.responseTooLarge(limit: 100)) { try await client.send(request) }
    }

    @Test("addresses that aren't http are refused", arguments: ["file:///etc/passwd", "ftp://127.0.0.1/", "", "x"])
    func otherProtocols(url: String) async {
        let refusal = CurlError.invalidRequest(reason: "its address is neither http nor https")
        await #expect(throws: refusal) { try await client.send(HTTPRequest("GET", url)) }
    }

    @Test("a redirect to another protocol is refused")
    func redirectToFile() async throws {
        let server = try LoopbackServer { $0.respond("302 Found", headers: ["Location: file:///etc/passwd"]) }
        defer { server.stop() }
        await #expect(throws: CurlError.self) { try await client.send(HTTPRequest("GET", server.baseURL)) }
    }

    @Test("nobody listening is a clear error")
    func refused() async throws {
        let server = try LoopbackServer { _ in }
        server.stop()
        await #expect(throws: CurlError.cannotConnect(host: String(server.baseURL.dropFirst(7)))) {
            try await client.send(HTTPRequest("GET", server.baseURL))
        }
    }

    @Test("a server that says nothing times out")
    func silence() async throws {
        let server = try LoopbackServer { _ in Thread.sleep(forTimeInterval: 5) }
        defer { server.stop() }
        var request = HTTPRequest("GET", server.baseURL)
        request.timeout = .milliseconds(200)
        await #expect(throws: CurlError.self) { try await client.send(request) }
    }

    @Test("a body that ends early is an error")
    func brokenOff() async throws {
        let server = try LoopbackServer { $0.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf") }
        defer { server.stop() }
        await #expect(throws: CurlError.self) { try await client.send(HTTPRequest("GET", server.baseURL)) }
    }

    @Test("a stream gives its head first and then each piece; leaving it ends the transfer")
    func streaming() async throws {
        let hasNoticed = Mutex(false)
        let server = try LoopbackServer { connection in
            connection.send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
            for index in 0..<5000 {
                guard connection.send("piece \(index)\n") else { return hasNoticed.withLock { $0 = true } }
                Thread.sleep(forTimeInterval: 0.01)
            }
        }
        defer { server.stop() }
        let seen = try await firstPieces(of: server.baseURL)
        #expect(seen.hasPrefix("piece 0\n"))
        // The server would go on for most of a minute; that it can't send any more ends the wait.
        while !hasNoticed.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(10)) }
    }

    /// Reads until the third piece and leaves.
    private func firstPieces(of url: String) async throws -> String {
        let stream = try await client.stream(HTTPRequest("GET", url))
        #expect(stream.head.status == 200)
        var seen = ""
        for try await bytes in stream.body {
            seen += String(decoding: bytes, as: UTF8.self)
            if seen.contains("piece 2") { break }
        }
        return seen
    }

    @Test("a cancelled task gets its error at once")
    func cancellation() async throws {
        let server = try LoopbackServer { _ in Thread.sleep(forTimeInterval: 30) }
        defer { server.stop() }
        let task = Task { try await client.send(HTTPRequest("GET", server.baseURL)) }
        try await Task.sleep(for: .milliseconds(50))
        let start = ContinuousClock.now
        task.cancel()
        await #expect(throws: CurlError.cancelled) { try await task.value }
        #expect(ContinuousClock.now - start < .seconds(10))
    }

    @Test("a download that was cut off goes on where it stopped")
    func resume() async throws {
        let content = String((0..<5000).map { Character(UnicodeScalar(UInt8(97 + $0 % 26))) })
        let requests = Mutex<[String?]>([])
        let server = try LoopbackServer { connection in
            let range = connection.header("Range")
            requests.withLock { $0.append(range) }
            if let range, let start = Int(range.dropFirst(6).dropLast()) {
                connection.respond("206 Partial Content", body: String(content.dropFirst(start)))
            } else {
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n\(content.prefix(1234))")
            }
        }
        defer { server.stop() }
        let folder = try TemporaryDirectory()
        let path = folder.file("model.bin")
        await #expect(throws: CurlError.self) {
            try await client.download(HTTPRequest("GET", server.baseURL), to: path)
        }
        #expect(!FileManager.default.fileExists(atPath: path))
        let head = try await client.download(HTTPRequest("GET", server.baseURL), to: path)
        #expect(head.status == 206)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == content)
        #expect(requests.withLock { $0 } == [nil, "bytes=1234-"])
        #expect(!FileManager.default.fileExists(atPath: path + ".part"))
    }

    @Test("a download whose file has changed since starts from the beginning")
    func changedFile() async throws {
        let attempts = Mutex(0)
        let validators = Mutex<[String?]>([])
        let server = try LoopbackServer { connection in
            validators.withLock { $0.append(connection.header("If-Range")) }
            let attempt = attempts.withLock { count in
                count += 1
                return count
            }
            if attempt == 1 {
                connection.send("HTTP/1.1 200 OK\r\nETag: \"one\"\r\nContent-Length: 5000\r\n\r\nold bytes")
            } else {
                connection.respond("200 OK", headers: ["ETag: \"two\""], body: "new")
            }
        }
        defer { server.stop() }
        let folder = try TemporaryDirectory()
        let path = folder.file("model.bin")
        await #expect(throws: CurlError.self) {
            try await client.download(HTTPRequest("GET", server.baseURL), to: path)
        }
        _ = try await client.download(HTTPRequest("GET", server.baseURL), to: path)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "new")
        #expect(validators.withLock { $0 } == [nil, "\"one\""])
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["model.bin"])
    }

    @Test("a request with a line break in a header is refused")
    func headerInjection() async {
        let request = HTTPRequest("GET", "http://127.0.0.1:1", headers: [(name: "X", value: "a\r\nHost: evil")])
        await #expect(throws: CurlError.invalidRequest(reason: "header X has a line break in its value")) {
            try await client.send(request)
        }
    }

    @Test("secrets of a request are not printed")
    func secrets() async throws {
        let request = HTTPRequest(
            "POST", "ftp://user:pa55@host.test:81/path?key=s3cret#s3cret",
            headers: [(name: "Authorization", value: "Bearer s3cret")], body: Array("s3cret".utf8))
        var dumped = ""
        dump(request, to: &dumped)
        let error = await #expect(throws: CurlError.self) { try await client.send(request) }
        for text in ["\(request)", String(reflecting: request), dumped, "\(try #require(error))"] {
            #expect(!text.contains("s3cret") && !text.contains("pa55"))
        }
        #expect("\(request)" == "POST ftp://host.test:81/path")
    }

    @Test("a download that isn't accepted leaves nothing behind")
    func refusedDownload() async throws {
        let server = try LoopbackServer { $0.respond("200 OK", body: "wrong") }
        defer { server.stop() }
        let folder = try TemporaryDirectory()
        let path = folder.file("model.bin")
        struct Wrong: Error {}
        await #expect(throws: Wrong.self) {
            try await client.download(HTTPRequest("GET", server.baseURL), to: path, accept: { _ in throw Wrong() })
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }
}

@Suite("Server-Sent Events from bytes")
struct EventStreamParserTests {
    @Test("however the bytes are cut, the same events come out", arguments: [1, 2, 3, 7, 1000])
    func cuts(size: Int) throws {
        let text =
            ": hello\r\nevent: token\r\ndata: {\"a\":1}\r\n\r\ndata: one\ndata:two\n\nid: 7\n\ndata: [DONE]\n\ndata: lost"
        var parser = EventStreamParser()
        var events: [EventStreamParser.Event] = []
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            events += try parser.append(Array(rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        #expect(
            events == [
                .init(name: "token", data: "{\"a\":1}"), .init(name: "message", data: "one\ntwo"),
                .init(name: "message", data: "[DONE]"),
            ])
    }

    @Test("an event without end is refused")
    func endless() throws {
        var parser = EventStreamParser()
        let bytes = [UInt8](repeating: 0x61, count: EventStreamParser.maximumEventBytes + 1)
        #expect(throws: CurlError.self) { try parser.append(bytes) }
    }
}
