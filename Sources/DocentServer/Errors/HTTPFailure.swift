import Foundation
import Generation
import HTTPTypes
import Ingestion
import Retrieval
import Storage

/// An error as a client sees it: a status, a stable code, a message that says what was wrong and what to do.
///
/// This file is the one place where the modules' errors become HTTP.
public struct HTTPFailure: Error, Sendable {
    /// The response's status.
    public var status: HTTPResponse.Status
    /// A stable, machine-readable name such as `collection_not_found`.
    public var code: String
    /// What was wrong and what to do.
    public var message: String
    /// When to try again, for 429 and 503.
    public var retryAfter: Duration?

    /// Bundles a failure.
    public init(
        _ status: HTTPResponse.Status, _ code: String, _ message: String, retryAfter: Duration? = nil
    ) {
        self.status = status
        self.code = code
        self.message = message
        self.retryAfter = retryAfter
    }
}

/// The JSON of an error response.
struct ErrorBody: Encodable {
    struct Detail: Encodable {
        var code: String
        var message: String
        var requestID: String

        enum CodingKeys: String, CodingKey {
            case code
            case message
            case requestID = "request_id"
        }
    }

    var error: Detail

    init(_ failure: HTTPFailure, requestID: String) {
        error = Detail(code: failure.code, message: failure.message, requestID: requestID)
    }
}
