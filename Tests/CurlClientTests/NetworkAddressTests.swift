import CurlClient
import Synchronization
import TestSupport
import Testing

@Suite("Network addresses")
struct NetworkAddressTests {
    @Test(
        "private, local, shared, multicast and reserved addresses are not public",
        arguments: [
            "0.0.0.0", "10.1.2.3", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.254", "169.254.169.254",
            "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1",
            "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
            "::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::808:808", "64:ff9b:1::1", "fc00::1", "fd12::1",
            "fe80::1", "fec0::1", "ff02::1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::1", "3fff::1", "[::1]",
        ])
    func reserved(_ text: String) throws {
        #expect(try !#require(NetworkAddress(text)).isPublic)
    }

    @Test(
        "the others are",
        arguments: [
            "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
            "172.15.255.255", "172.32.0.0", "192.167.255.255", "223.255.255.255", "2606:4700:4700::1111", "2a00::1",
            "2001:4860:4860::8888", "2001:200::1",
        ])
    func open(_ text: String) throws {
        #expect(try #require(NetworkAddress(text)).isPublic)
    }

    @Test(
        "what is no address is none",
        arguments: ["", "localhost", "1.2.3", "1.2.3.4.5", "256.1.1.1", ":::", "[1.2.3.4"])
    func none(_ text: String) {
        #expect(NetworkAddress(text) == nil)
    }

    @Test("a connection to an address that isn't admitted is never made, whatever the host is called")
    func guarding() async throws {
        let connections = Atomic<Int>(0)
        let server = try LoopbackServer { connection in
            connections.add(1, ordering: .relaxed)
            connection.respond("200 OK", body: "inside")
        }
        defer { server.stop() }
        let port = server.baseURL.split(separator: ":").last ?? ""
        for host in ["127.0.0.1", "localhost", "2130706433", "0x7f.1"] {
            var request = HTTPRequest("GET", "http://\(host):\(port)/")
            request.admitsAddress = { $0.isPublic }
            let error = try #require(throws: CurlError.self) { try CurlFetch(request).run() }
            guard case .addressRefused = error else {
                Issue.record("\(host): \(error)")
                continue
            }
        }
        #expect(connections.load(ordering: .relaxed) == 0)
        var request = HTTPRequest("GET", server.baseURL + "/")
        request.admitsAddress = { _ in true }
        #expect(try CurlFetch(request).run().body == Array("inside".utf8))
    }

    @Test("a redirect to an address that isn't admitted is refused as well")
    func redirect() async throws {
        let inner = try LoopbackServer { $0.respond("200 OK", body: "inside") }
        let outer = try LoopbackServer { [base = inner.baseURL] connection in
            let target = base.replacing("127.0.0.1", with: "127.0.0.2")
            connection.respond("302 Found", headers: ["Location: \(target)/"])
        }
        defer {
            inner.stop()
            outer.stop()
        }
        var request = HTTPRequest("GET", outer.baseURL + "/")
        request.admitsAddress = { $0 == NetworkAddress("127.0.0.1") }
        let error = try #require(throws: CurlError.self) { try CurlFetch(request).run() }
        #expect("\(error)".contains("private or reserved"))
    }

    @Test("a body that isn't wanted isn't read; a fetch that is cancelled ends")
    func bodies() throws {
        let server = try LoopbackServer { connection in
            connection.send("HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n")
            while connection.send(String(repeating: "x", count: 65_536)) {}
        }
        defer { server.stop() }
        let response = try CurlFetch(HTTPRequest("GET", server.baseURL)) { _ in false }.run()
        #expect(response.status == 200 && response.body.isEmpty)
        let fetch = try CurlFetch(HTTPRequest("GET", server.baseURL))
        fetch.cancel()
        #expect(throws: CurlError.cancelled) { try fetch.run() }
    }
}
