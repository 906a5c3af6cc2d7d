import Foundation
import Synchronization

/// A server on a free loopback port that answers each connection with what a closure writes: enough to play a slow,
/// broken or partial peer.
public final class LoopbackServer: Sendable {
    /// A connection after its request has been read.
    public struct Connection: Sendable {
        fileprivate let descriptor: Int32
        /// The request line and headers, and whatever of the body came with them.
        public let request: String

        /// Sends `text`; false when the peer has gone.
        @discardableResult
        public func send(_ text: String) -> Bool {
            let bytes = Array(text.utf8)
            return unsafe bytes.withUnsafeBytes {
                unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
                == bytes.count
        }

        /// Sends a whole response and names its length.
        public func respond(_ status: String, headers: [String] = [], body: String = "") {
            let lines = ["HTTP/1.1 \(status)", "Content-Length: \(body.utf8.count)", "Connection: close"] + headers
            send(lines.joined(separator: "\r\n") + "\r\n\r\n" + body)
        }

        /// What came after the request's headers.
        public var body: String {
            guard let head = request.range(of: "\r\n\r\n") else { return "" }
            return String(request[head.upperBound...])
        }

        /// The value of the request's header `name`.
        public func header(_ name: String) -> String? {
            for line in request.split(whereSeparator: \.isNewline)
            where line.lowercased().hasPrefix(name.lowercased() + ":") {
                return line.drop { $0 != ":" }.dropFirst().trimmingCharacters(in: .whitespaces)
            }
            return nil
        }
    }

    private let listener: Int32
    private let isStopped = Atomic<Bool>(false)
    /// The address to send requests to, without a path.
    public let baseURL: String

    /// Listens and handles each connection on a thread of its own.
    /// - Throws: `POSIXError` when no port can be had.
    public init(_ handle: @escaping @Sendable (Connection) -> Void) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { rebound in
                unsafe bind(descriptor, rebound, length) == 0 && listen(descriptor, 64) == 0
                    && getsockname(descriptor, rebound, &length) == 0
            }
        }
        guard isBound else { throw POSIXError(.EADDRNOTAVAIL) }
        listener = descriptor
        baseURL = "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
        Thread { [self] in
            while true {
                let peer = accept(listener, nil, nil)
                if peer < 0 || isStopped.load(ordering: .relaxed) {
                    // Closed here and not in stop(): a closed descriptor's number is given to the next socket, and this
                    // thread would take that one's connections.
                    close(listener)
                    return
                }
                Thread {
                    handle(Connection(descriptor: peer, request: Self.readHead(peer)))
                    close(peer)
                }.start()
            }
        }.start()
    }

    /// Stops listening.
    public func stop() {
        isStopped.store(true, ordering: .relaxed)
        shutdown(listener, Int32(SHUT_RDWR))
    }

    private static func readHead(_ descriptor: Int32) -> String {
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
            guard count > 0 else { break }
            received += buffer.prefix(count)
            let text = String(decoding: received, as: UTF8.self)
            guard let head = text.range(of: "\r\n\r\n") else { continue }
            let length = text[..<head.lowerBound].lowercased().split(separator: "\r\n")
                .first { $0.hasPrefix("content-length:") }
                .flatMap { Int($0.dropFirst("content-length:".count).trimmingCharacters(in: .whitespaces)) }
            if text[head.upperBound...].utf8.count >= (length ?? 0) { break }
        }
        return String(decoding: received, as: UTF8.self)
    }
}
