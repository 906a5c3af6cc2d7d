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
    /// The largest response body that is accepted.
    ///
    /// Default 64 MiB.
    public var maximumResponseBytes = 64 << 20

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
