/// How to reach an OpenAI-compatible model.
public struct RemoteModelConfiguration: Sendable {
    /// The address before `/chat/completions`, such as `http://127.0.0.1:8000/v1`.
    public var baseURL: String
    /// The model's name as the server knows it.
    public var model: String
    /// The bearer key; never logged.
    ///
    /// nil sends none.
    public var apiKey: Secret?
    /// The most seconds to a connection.
    ///
    /// Default 5.
    public var connectTimeout: Duration = .seconds(5)
    /// The most seconds without a byte, the wait for the first included.
    ///
    /// Default 60.
    public var idleTimeout: Duration = .seconds(60)
    /// The most seconds for a whole answer.
    ///
    /// Default 180.
    public var timeout: Duration = .seconds(180)
    /// How often a request that failed before its first token is sent again.
    ///
    /// Default 2.
    public var maximumRetries = 2
    /// The wait before the first retry; doubled each time, with jitter, and never shorter than `Retry-After`.
    public var retryDelay: Duration = .milliseconds(500)

    /// Bundles a configuration with the default limits.
    public init(baseURL: String, model: String, apiKey: Secret? = nil) {
        self.baseURL = baseURL
        self.model = model
        self.apiKey = apiKey
    }
}

/// A string that doesn't show itself in logs, errors or dumps.
public struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The value, to be put where it belongs and nowhere else.
    public let value: String

    /// Wraps `value`.
    public init(_ value: String) {
        self.value = value
    }

    /// `<REDACTED>`.
    public var description: String { "<REDACTED>" }

    /// `<REDACTED>`.
    public var debugDescription: String { "<REDACTED>" }

    /// No children, so that `dump` shows nothing either.
    public var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}
