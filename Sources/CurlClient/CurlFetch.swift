import Synchronization

/// One request whose response is waited for on the calling thread, for workers that have a thread of their own.
///
/// Never call ``run()`` from async code: it blocks. ``cancel()`` may be called from anywhere.
public final class CurlFetch: Sendable {
    private struct Collected {
        var head: HTTPResponseHead?
        var body: [UInt8] = []
        var isRefused = false
    }

    private let transfer: Transfer
    private let collected: Received

    /// Shared with the transfer's closures, which must not hold the fetch itself.
    private final class Received: Sendable {
        let value = Mutex(Collected())
    }

    /// A request that hasn't been sent yet.
    /// - Parameters:
    ///   - request: what to send; its limits hold.
    ///   - wantsBody: sees the head; false ends the transfer before a body is read, and the response has none.
    /// - Throws: `CurlError.invalidRequest`.
    public init(
        _ request: HTTPRequest, wantsBody: @escaping @Sendable (HTTPResponseHead) -> Bool = { _ in true }
    ) throws(CurlError) {
        try request.validate()
        let received = Received()
        collected = received
        transfer = Transfer(
            request,
            Transfer.Handlers(
                head: { head in
                    let isRefused = !wantsBody(head)
                    received.value.withLock { ($0.head, $0.isRefused) = (head, isRefused) }
                },
                bytes: { bytes in
                    received.value.withLock { collected in
                        if collected.isRefused { return .cancelled }
                        collected.body += bytes
                        return nil
                    }
                },
                end: { _ in }))
    }

    /// Sends the request and waits for the response.
    /// - Returns: the response, whatever its status.
    /// - Throws: `CurlError`.
    public func run() throws(CurlError) -> HTTPResponse {
        let error = transfer.perform()
        let result = collected.value.withLock { $0 }
        if let head = result.head, result.isRefused { return HTTPResponse(head: head, body: []) }
        if let error { throw error }
        guard let head = result.head else { throw .interrupted(reason: "no response came") }
        return HTTPResponse(head: head, body: result.body)
    }

    /// Ends the transfer at once; ``run()`` then throws `CurlError.cancelled`.
    public func cancel() {
        transfer.cancel()
    }
}
