public import CurlClient
import Decoders
import Foundation

/// Lets an OpenAI-compatible model write the answer, over libcurl.
///
/// A request that fails before its first token is sent again with growing waits when there is hope: no connection, a
/// time-out, status 408, 409, 425, 429 or 5xx. After the first token a failure is final, because the text already
/// written can't be taken back. A model that fails several times in a row isn't asked for a while (``CircuitBreaker``).
public struct RemoteGenerator: TextGenerating {
    /// `remote`.
    public let name = "remote"
    private let configuration: RemoteModelConfiguration
    private let prompts: PromptLibrary
    private let client: CurlClient
    private let breaker: CircuitBreaker

    /// Sets up the generator; nothing is sent before the first answer.
    /// - Parameters:
    ///   - configuration: where the model is and how long to wait for it.
    ///   - prompts: the templates.
    ///   - client: speaks HTTP.
    ///   - breaker: counts failures.
    public init(
        configuration: RemoteModelConfiguration, prompts: PromptLibrary, client: CurlClient = CurlClient(),
        breaker: CircuitBreaker = CircuitBreaker()
    ) {
        self.configuration = configuration
        self.prompts = prompts
        self.client = client
        self.breaker = breaker
    }

    /// Writes what the model streams.
    public func generate(_ request: GenerationRequest) -> AsyncThrowingStream<GenerationEvent, any Error> {
        let (stream, continuation) = AsyncThrowingStream<GenerationEvent, any Error>.makeStream()
        let task = Task {
            do {
                try breaker.admit()
            } catch {
                return continuation.finish(throwing: error)
            }
            do {
                try await write(request) { continuation.yield($0) }
                breaker.record(.success)
                continuation.finish()
            } catch {
                let failure = Self.failure(error)
                breaker.record(CircuitBreaker.Outcome(failure))
                continuation.finish(throwing: failure)
            }
        }
        continuation.onTermination = { _ in task.cancel() }
        return stream
    }

    /// The error that callers see.
    private static func failure(_ error: any Error) -> any Error {
        switch error {
        case CurlError.cancelled: CancellationError()
        case let error as CurlError: GenerationError.remoteFailed(reason: "\(error)")
        default: error
        }
    }

    private func write(_ request: GenerationRequest, yield: (GenerationEvent) -> Void) async throws {
        let model = request.model ?? configuration.model
        let stream = try await connect(try httpRequest(for: request, model: model))
        var summary = GenerationSummary(generator: name, model: model)
        var parser = EventStreamParser()
        var isDone = false
        reading: for try await bytes in stream.body {
            for event in try parser.append(bytes) {
                if event.data == "[DONE]" {
                    isDone = true
                    // Some servers keep the connection open; there is nothing left to wait for.
                    break reading
                }
                isDone = try consume(event.data, &summary, yield) || isDone
            }
        }
        try Task.checkCancellation()
        guard isDone else {
            throw GenerationError.remoteFailed(reason: "the stream ended in the middle of the answer")
        }
        yield(.finished(summary))
    }

    /// Takes in one event; true when it carries the reason why the text ends.
    private func consume(
        _ data: String, _ summary: inout GenerationSummary, _ yield: (GenerationEvent) -> Void
    ) throws -> Bool {
        let chunk: ChatCompletionChunk
        do {
            chunk = try JSONDecoder().decode(ChatCompletionChunk.self, from: Data(data.utf8))
        } catch {
            throw GenerationError.remoteFailed(reason: "an event of the stream is not a chat completion chunk")
        }
        if let error = chunk.error {
            throw GenerationError.remoteFailed(reason: oneLine(error.message ?? "unnamed error"))
        }
        if let model = chunk.model { summary.model = model }
        if let usage = chunk.usage {
            summary.promptTokenCount = usage.promptTokens ?? summary.promptTokenCount
            summary.completionTokenCount = usage.completionTokens ?? summary.completionTokenCount
        }
        guard let choice = chunk.choices?.first else { return false }
        if let text = choice.delta?.content, !text.isEmpty { yield(.text(text)) }
        guard let reason = choice.finishReason else { return false }
        summary.finishReason = reason == "length" ? .length : .stop
        return true
    }

    /// Sends the request until a 200 comes back, waiting longer each time.
    private func connect(_ request: HTTPRequest) async throws -> HTTPStream {
        var delay = configuration.retryDelay
        var attempt = 0
        while true {
            let wait: Duration
            do {
                let stream = try await client.stream(request)
                if stream.head.status == 200 { return stream }
                let failure = GenerationError.remoteRefused(
                    status: stream.head.status, message: await message(of: stream))
                let isTransient =
                    [408, 409, 425, 429].contains(stream.head.status) || stream.head.status >= 500
                guard isTransient, attempt < configuration.maximumRetries else { throw failure }
                let asked = stream.head.headers["retry-after"].flatMap(Int.init).map { Duration.seconds(min($0, 30)) }
                wait = max(asked ?? .zero, delay)
            } catch let error as CurlError {
                guard error.isTransient, attempt < configuration.maximumRetries else { throw error }
                wait = delay
            }
            try await Task.sleep(for: wait * Double.random(in: 1...1.25))
            delay *= 2
            attempt += 1
        }
    }

    private func httpRequest(for request: GenerationRequest, model: String) throws -> HTTPRequest {
        let (system, user) = prompts.render(
            system: .answerSystem, user: .answerUser, question: request.question, passages: request.passages,
            fence: "passage-" + String(UInt64.random(in: .min ... .max), radix: 36))
        let sampling = request.parameters
        let body = ChatCompletionRequest(
            model: model,
            messages: [ChatMessage(role: .system, content: system), ChatMessage(role: .user, content: user)],
            temperature: sampling.temperature, maxTokens: sampling.maxTokens, seed: sampling.seed,
            stop: sampling.stop.isEmpty ? nil : sampling.stop,
            presencePenalty: sampling.presencePenalty == 0 ? nil : sampling.presencePenalty,
            frequencyPenalty: sampling.frequencyPenalty == 0 ? nil : sampling.frequencyPenalty)
        var headers = [(name: "Content-Type", value: "application/json"), (name: "Accept", value: "text/event-stream")]
        if let key = configuration.apiKey { headers.append((name: "Authorization", value: "Bearer \(key.value)")) }
        var http = HTTPRequest(
            "POST", configuration.baseURL + "/chat/completions", headers: headers,
            body: Array(try JSONEncoder().encode(body)))
        http.connectTimeout = configuration.connectTimeout
        http.idleTimeout = configuration.idleTimeout
        http.timeout = configuration.timeout
        // A key must not travel on to wherever a redirect points.
        http.followsRedirects = false
        return http
    }

    /// What an error response says, in one line.
    private func message(of stream: HTTPStream) async -> String {
        var body: [UInt8] = []
        do {
            for try await bytes in stream.body where body.count < 65_536 { body += bytes }
        } catch {
            return "no readable message"
        }
        let failure = try? JSONDecoder().decode(ChatCompletionFailure.self, from: Data(body))
        return oneLine(failure?.error.message ?? String(decoding: body.prefix(200), as: UTF8.self))
    }

    /// `text` on one line, cut to a length for logs, without the key should the server repeat it.
    private func oneLine(_ text: String) -> String {
        var text = text
        if let key = configuration.apiKey, !key.value.isEmpty {
            text = text.replacingOccurrences(of: key.value, with: key.description)
        }
        let line = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return line.count > 300 ? line.prefix(299) + "…" : line
    }
}

extension CurlError {
    /// Whether the same request may well succeed a little later.
    fileprivate var isTransient: Bool {
        switch self {
        case .cannotResolve, .cannotConnect, .timedOut, .interrupted: true
        default: false
        }
    }
}
