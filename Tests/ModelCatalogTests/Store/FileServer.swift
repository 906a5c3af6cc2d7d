import Foundation
import Synchronization

/// A server on a free loopback port that serves a dictionary of files, ranges included.
final class FileServer: Sendable {
    private struct State {
        var requestCount = 0
        var ranges: [String] = []
        var isCut = false
    }

    private let listener: Int32
    private let files: [String: String]
    private let cut: Int?
    private let staysOpen: Bool
    private let state = Mutex(State())

    /// The server's address, without a path.
    let baseURL: String
    /// The requests so far.
    var requestCount: Int { state.withLock { $0.requestCount } }
    /// The `Range` headers so far.
    var ranges: [String] { state.withLock { $0.ranges } }

    /// Serves `files`, text by path, until the value goes.
    ///
    /// With `cutFirstAt`, the first response breaks off after so many bytes of its body; with `staysOpen`, it stops
    /// there with the connection open.
    /// - Throws: `POSIXError` when there is no free port.
    init(_ files: [String: String], cutFirstAt: Int? = nil, staysOpen: Bool = false) throws {
        self.files = files
        cut = cutFirstAt
        self.staysOpen = staysOpen
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { rebound in
                unsafe bind(descriptor, rebound, length) == 0 && listen(descriptor, 16) == 0
                    && getsockname(descriptor, rebound, &length) == 0
            }
        }
        guard isBound else { throw POSIXError(.EADDRNOTAVAIL) }
        listener = descriptor
        baseURL = "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
        Thread { [weak self] in
            // Shut down by deinit; closed here, where nothing else can have taken its number.
            defer { close(descriptor) }
            while true {
                let peer = accept(descriptor, nil, nil)
                guard peer >= 0, let self else { return }
                Thread { self.serve(peer) }.start()
            }
        }.start()
    }

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    private func serve(_ peer: Int32) {
        defer { close(peer) }
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while !String(decoding: received, as: UTF8.self).contains("\r\n\r\n") {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(peer, $0.baseAddress, $0.count, 0) }
            guard count > 0 else { return }
            received += buffer.prefix(count)
        }
        let lines = String(decoding: received, as: UTF8.self).split(whereSeparator: \.isNewline)
        let path = lines[0].split(separator: " ").dropFirst().first.map(String.init) ?? ""
        let range = lines.first { $0.lowercased().hasPrefix("range: ") }.map { String($0.dropFirst(7)) }
        let isFirst = state.withLock { state in
            state.requestCount += 1
            if let range { state.ranges.append(range) }
            defer { state.isCut = true }
            return !state.isCut
        }
        guard let text = files[path] else {
            send(peer, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        }
        let start = range.flatMap { Int($0.dropFirst(6).prefix { $0 != "-" }) } ?? 0
        guard start < text.utf8.count else {
            send(
                peer,
                "HTTP/1.1 416 No\r\nContent-Range: bytes */\(text.utf8.count)\r\nContent-Length: 0\r\n"
                    + "Connection: close\r\n\r\n")
            return
        }
        let body = String(text.dropFirst(start))
        let status = start > 0 ? "206 Partial Content" : "200 OK"
        let end = text.utf8.count - 1
        let contentRange = start > 0 ? "Content-Range: bytes \(start)-\(end)/\(text.utf8.count)\r\n" : ""
        let head =
            "HTTP/1.1 \(status)\r\n\(contentRange)Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n"
        if isFirst, let cut {
            send(peer, head + body.prefix(cut))
            // Until the client goes away.
            if staysOpen { _ = unsafe buffer.withUnsafeMutableBytes { unsafe recv(peer, $0.baseAddress, 1, 0) } }
        } else {
            send(peer, head + body)
        }
    }

    private func send(_ peer: Int32, _ text: String) {
        let bytes = Array(text.utf8)
        _ = unsafe bytes.withUnsafeBytes { unsafe Glibc.send(peer, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }
}
