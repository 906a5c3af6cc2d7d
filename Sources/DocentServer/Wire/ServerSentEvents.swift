import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// A response of Server-Sent Events, each with a name and one line of JSON.
///
/// Source: the "Server-sent events" section of the HTML standard.
struct ServerSentEvents {
    /// Events whose comment keeps proxies from closing an idle stream are sent this often.
    static let heartbeat: Duration = .seconds(15)

    /// Writes events to the client; throws when the client has gone.
    struct Writer {
        private var body: any ResponseBodyWriter

        init(_ body: any ResponseBodyWriter) {
            self.body = body
        }

        /// Sends one event.
        @concurrent
        mutating func send(_ event: String, _ value: some Encodable & Sendable) async throws {
            let data = try JSONWire.encoder().encode(value)
            var buffer = ByteBuffer()
            buffer.writeString("event: \(event)\ndata: ")
            buffer.writeBytes(data)
            buffer.writeString("\n\n")
            try await body.write(buffer)
        }

        /// Sends one `data:` line without an event name, as OpenAI-compatible streams do.
        @concurrent
        mutating func sendData(_ text: String) async throws {
            try await body.write(ByteBuffer(string: "data: \(text)\n\n"))
        }

        /// Sends a value as one `data:` line without an event name.
        @concurrent
        mutating func sendJSON(_ value: some Encodable & Sendable) async throws {
            try await sendData(String(decoding: try JSONWire.encoder().encode(value), as: UTF8.self))
        }

        /// Sends a comment, which clients ignore.
        @concurrent
        mutating func sendHeartbeat() async throws {
            try await body.write(ByteBuffer(string: ": keep-alive\n\n"))
        }

        /// Ends the stream.
        @concurrent
        mutating func finish() async throws {
            try await body.finish(nil)
        }
    }

    /// A streaming response that `produce` fills.
    ///
    /// An error that `produce` throws becomes an `error` event: the status has been sent by then.
    static func response(
        requestID: String, _ produce: @escaping @Sendable @concurrent (inout Writer) async throws -> Void
    ) -> Response {
        Response(
            status: .ok,
            headers: [
                .contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-store",
                HTTPField.Name("X-Accel-Buffering") ?? .connection: "no",
            ],
            body: ResponseBody { body in
                var writer = Writer(body)
                do {
                    try await produce(&writer)
                } catch is CancellationError {
                    throw CancellationError()
                } catch {
                    let failure = HTTPFailure(error)
                    try await writer.send("error", ErrorBody(failure, requestID: requestID))
                }
                try await writer.finish()
            })
    }
}
