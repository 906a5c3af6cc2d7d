import Foundation
import Synchronization

/// HTTP over libcurl: whole responses, streams, and downloads that resume.
///
/// Every transfer has a thread of its own, so nothing blocks an event loop or Swift's cooperative threads. Cancelling
/// the task that waits, or dropping the stream, ends the transfer at once. Only http and https are spoken, redirects
/// included.
public struct CurlClient: Sendable {
    /// Bytes that may wait for a slow reader before the transfer pauses.
    static let bufferBytes = 1 << 20

    /// A client; there is no state to share.
    public init() {}

    /// Sends `request` and collects the response.
    /// - Returns: the response, whatever its status.
    /// - Throws: `CurlError`.
    public func send(_ request: HTTPRequest) async throws(CurlError) -> HTTPResponse {
        let stream = try await self.stream(request)
        var body: [UInt8] = []
        do {
            for try await bytes in stream.body { body += bytes }
        } catch let error as CurlError {
            throw error
        } catch {
            throw .cancelled
        }
        if Task.isCancelled { throw .cancelled }
        return HTTPResponse(head: stream.head, body: body)
    }

    /// Sends `request` and returns as soon as the head is there.
    /// - Returns: status, headers, and the body as it comes in.
    /// - Throws: `CurlError` when there is no response; the body's iteration throws what happens later.
    public func stream(_ request: HTTPRequest) async throws(CurlError) -> HTTPStream {
        try request.validate()
        let state = StreamState()
        let (chunks, chunkContinuation) = AsyncThrowingStream<[UInt8], any Error>.makeStream()
        let (heads, headContinuation) = AsyncThrowingStream<HTTPResponseHead, any Error>.makeStream()
        let transfer = Transfer(
            request,
            Transfer.Handlers(
                head: { headContinuation.yield($0) },
                bytes: { bytes in
                    chunkContinuation.yield(bytes)
                    return state.waitForReader(adding: bytes.count)
                },
                end: { error in
                    headContinuation.finish(throwing: error)
                    chunkContinuation.finish(throwing: error)
                }))
        chunkContinuation.onTermination = { _ in
            state.abandon()
            transfer.cancel()
        }
        transfer.start()
        do {
            for try await head in heads {
                return HTTPStream(head: head, body: HTTPBody(chunks: chunks, state: state))
            }
        } catch let error as CurlError {
            throw error
        } catch {
            transfer.cancel()
            throw .cancelled
        }
        // The waiting task was cancelled.
        state.abandon()
        transfer.cancel()
        throw .cancelled
    }
}

/// A response whose body is still coming in.
public struct HTTPStream: Sendable {
    /// Status and headers.
    public let head: HTTPResponseHead
    /// The body, chunk by chunk.
    public let body: HTTPBody
}

/// A body as it comes in.
///
/// Iterate it once; leaving the loop ends the transfer.
public struct HTTPBody: AsyncSequence, Sendable {
    let chunks: AsyncThrowingStream<[UInt8], any Error>
    let state: StreamState

    /// Starts reading.
    public func makeAsyncIterator() -> Iterator {
        Iterator(base: chunks.makeAsyncIterator(), state: state, reading: Reading(state))
    }

    /// Reads chunk by chunk.
    public struct Iterator: AsyncIteratorProtocol {
        var base: AsyncThrowingStream<[UInt8], any Error>.Iterator
        let state: StreamState
        let reading: Reading

        /// The next bytes, nil at the end.
        /// - Throws: `CurlError`.
        public mutating func next(isolation actor: isolated (any Actor)?) async throws -> [UInt8]? {
            let chunk = try await base.next(isolation: actor)
            if let chunk { state.hasRead(chunk.count) }
            return chunk
        }

        /// The next bytes, nil at the end.
        /// - Throws: `CurlError`.
        public mutating func next() async throws -> [UInt8]? {
            try await next(isolation: #isolation)
        }
    }
}

/// Lives as long as somebody reads; what comes in afterwards ends the transfer.
final class Reading: Sendable {
    private let state: StreamState

    init(_ state: StreamState) {
        self.state = state
    }

    deinit { state.abandon() }
}

/// How many bytes wait for the reader, shared by the transfer's thread and the reader.
final class StreamState: Sendable {
    private struct Waiting {
        var byteCount = 0
        var isAbandoned = false
    }

    private let waiting = Mutex(Waiting())

    /// Counts `count` bytes as waiting, and waits on the transfer's own thread while there are too many.
    func waitForReader(adding count: Int) -> CurlError? {
        waiting.withLock { $0.byteCount += count }
        while true {
            let (isFull, isAbandoned) = waiting.withLock { ($0.byteCount > CurlClient.bufferBytes, $0.isAbandoned) }
            if isAbandoned { return .cancelled }
            if !isFull { return nil }
            Thread.sleep(forTimeInterval: 0.002)
        }
    }

    func hasRead(_ count: Int) {
        waiting.withLock { $0.byteCount -= count }
    }

    func abandon() {
        waiting.withLock { $0.isAbandoned = true }
    }
}
