/// What one request may ask of the server.
public struct ServerLimits: Sendable, Equatable {
    /// The longest JSON body of a search, an answer or a collection, in bytes.
    ///
    /// Default 1 MiB.
    public var requestBytes = 1 << 20
    /// The longest JSON body with texts to embed or to rank, in bytes.
    ///
    /// Default 16 MiB.
    public var embeddingBytes = 16 << 20
    /// The longest body of an upload, in bytes.
    ///
    /// Default 256 MiB.
    public var uploadBytes = 256 << 20
    /// The most documents in one listing.
    ///
    /// Default 1,000.
    public var pageSize = 1_000
    /// The most answers that are being written at once; one more is refused with 503.
    ///
    /// Default 64.
    public var concurrentAnswers = 64

    /// The defaults.
    public init() {}
}
