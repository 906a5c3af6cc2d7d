import HTTPTypes
import Hummingbird
import Logging

/// Turns whatever a route throws into the JSON error of the contract, and logs what is the server's own fault.
struct FailureMiddleware: RouterMiddleware {
    @concurrent
    func handle(
        _ request: Request, context: ServerContext,
        next: @concurrent (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            let failure = HTTPFailure(error)
            if failure.status.code >= 500 {
                context.logger.error(
                    "request failed",
                    metadata: [
                        "code": "\(failure.code)", "path": "\(request.uri.path)", "error": "\(failure.message)",
                    ])
            }
            var response = try JSONWire.response(
                ErrorBody(failure, requestID: context.requestID), status: failure.status)
            if let retryAfter = failure.retryAfter {
                response.headers[.retryAfter] = "\(max(1, retryAfter.components.seconds))"
            }
            if !failure.allow.isEmpty {
                response.headers[.allow] = failure.allow.map(\.rawValue).joined(separator: ", ")
            }
            return response
        }
    }
}
