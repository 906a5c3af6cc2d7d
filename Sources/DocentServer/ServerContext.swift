import Foundation
public import Hummingbird
import Logging

/// What travels with a request: its id and a logger that has it.
public struct ServerContext: RequestContext {
    /// Hummingbird's own part.
    public var coreContext: CoreRequestContextStorage

    /// Made by Hummingbird for each request.
    public init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
    }

    /// The id that error bodies, logs and the `X-Request-Id` header share.
    ///
    /// Hummingbird keeps it in the logger's metadata and insists that it is there; a log handler that keeps none must not
    /// end the process.
    var requestID: String { logger[metadataKey: "hb.request.id"]?.description ?? "none" }

    /// The path parameter `name`, with percent escapes decoded: document ids may hold slashes.
    /// - Throws: `HTTPFailure` 400 when the escapes aren't valid UTF-8.
    func parameter(_ name: String) throws -> String {
        guard let raw = parameters.get(name), let decoded = raw.removingPercentEncoding, !decoded.isEmpty else {
            throw HTTPFailure(.badRequest, "invalid_path", "the path's \(name) is empty or not valid percent-encoding")
        }
        return decoded
    }
}
