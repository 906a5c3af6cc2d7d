/// A request to an http or https address, with its limits.
public struct HTTPRequest: Sendable {
    /// The method, such as `GET` or `POST`.
    public var method: String
    /// The whole address.
    public var url: String
    /// Names and values in the order they are sent.
    public var headers: [(name: String, value: String)]
    /// The body, if there is one.
    public var body: [UInt8]?
    /// The most time to a connection.
    ///
    /// Default 10 s.
    public var connectTimeout: Duration = .seconds(10)
    /// The most time without a byte.
    ///
    /// Default 60 s.
    public var idleTimeout: Duration = .seconds(60)
    /// The most time for everything; nil for no limit.
    public var timeout: Duration?
    /// Whether `Location` is followed, ten times at most.
    ///
    /// Default true.
    public var followsRedirects = true
    /// Whether the server may compress the body on its way.
    ///
    /// Default true; downloads, whose bytes are counted, turn it off.
    public var acceptsCompression = true
    /// The largest response body that is accepted.
    ///
    /// Default 64 MiB.
    public var maximumResponseBytes = 64 << 20
    /// Which addresses may be connected to; nil for all.
    ///
    /// Asked about the very address of each connection, redirects included, after the name was resolved: a name that
    /// resolves to something else a moment later changes nothing. A proxy of the environment is passed by then.
    public var admitsAddress: (@Sendable (NetworkAddress) -> Bool)?

    /// A request with the default limits.
    public init(
        _ method: String = "GET", _ url: String, headers: [(name: String, value: String)] = [], body: [UInt8]? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }

    /// The host, for messages; never the path, the query or the user part.
    var host: String {
        guard let start = url.firstRange(of: "://")?.upperBound else { return "the server" }
        let authority = url[start...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        return String(authority.split(separator: "@").last ?? authority)
    }
}

extension HTTPRequest {
    /// Checks what libcurl would send as it is: a line break in a header would start another one.
    func validate() throws(CurlError) {
        let lowered = url.prefix(8).lowercased()
        guard lowered.hasPrefix("http://") || lowered.hasPrefix("https://") else {
            throw .invalidRequest(reason: "its address is neither http nor https")
        }
        guard !url.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) else {
            throw .invalidRequest(reason: "its address has a space or a control character")
        }
        guard !method.isEmpty, method.utf8.allSatisfy({ ($0 | 0x20) &- 0x61 < 26 }) else {
            throw .invalidRequest(reason: "its method is not a word")
        }
        for (name, value) in headers {
            guard !name.isEmpty, name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }) else {
                throw .invalidRequest(reason: "a header has no valid name")
            }
            guard !value.utf8.contains(where: { $0 == 0 || $0 == 0x0A || $0 == 0x0D }) else {
                throw .invalidRequest(reason: "header \(name) has a line break in its value")
            }
        }
    }
}

extension HTTPRequest: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Method, host and path: no user part, query, header or body, which may hold secrets.
    public var description: String {
        guard let start = url.firstRange(of: "://")?.upperBound else { return method }
        let path = url[start...].drop { $0 != "/" && $0 != "?" && $0 != "#" }.prefix { $0 != "?" && $0 != "#" }
        return "\(method) \(url[..<start])\(host)\(path)"
    }

    /// The same as `description`.
    public var debugDescription: String { description }

    /// The description alone, so that `dump` keeps the secrets too.
    public var customMirror: Mirror { Mirror(self, children: ["request": description]) }
}

/// Status and headers of a response.
public struct HTTPResponseHead: Sendable, Equatable {
    /// The status of the last response, after redirects.
    public var status: Int
    /// The headers of that response, names in lower case; a repeated header has its values joined by ", ".
    public var headers: [String: String]

    /// Bundles a head.
    public init(status: Int, headers: [String: String]) {
        self.status = status
        self.headers = headers
    }
}

/// A whole response.
public struct HTTPResponse: Sendable, Equatable {
    /// Status and headers.
    public var head: HTTPResponseHead
    /// The body.
    public var body: [UInt8]

    /// The head's status.
    public var status: Int { head.status }

    /// Bundles a response.
    public init(head: HTTPResponseHead, body: [UInt8]) {
        self.head = head
        self.body = body
    }
}
