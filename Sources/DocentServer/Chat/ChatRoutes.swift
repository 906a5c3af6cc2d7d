import Decoders
import Foundation
import Generation
import HTTPTypes
import Hummingbird
import Retrieval
import Storage
import Tokenizers

/// `POST /v1/chat/completions`, as OpenAI's clients send it.
///
/// The model `docent/{collection}` answers from a collection, with citation marks in the text and the whole answer under
/// `docent`; the local decoder's name lets it write freely.
struct ChatRoutes {
    let services: ServerServices
    let permits: Permits

    func add(to router: Router<ServerContext>) {
        router.post("/v1/chat/completions") { request, context in
            do {
                return try await reply(to: request, context)
            } catch {
                throw HTTPFailure(error).forOpenAI
            }
        }
    }

    private func reply(to request: Request, _ context: ServerContext) async throws -> Response {
        let bytes = try await JSONWire.bytes(of: request, limit: services.limits.requestBytes)
        let body: ChatRequest
        do {
            body = try JSONDecoder().decode(ChatRequest.self, from: Data(bytes))
        } catch let error as DecodingError {
            throw HTTPFailure(.badRequest, "invalid_json", JSONWire.describe(error))
        }
        try body.refuseUnsupported()
        let conversation = try body.conversation()
        // Compiling a schema is no work for an event loop.
        let sampling =
            body.responseFormat == nil
            ? try body.sampling(bytes) : try await services.queue.run { try body.sampling(bytes) }
        if let collection = body.collection {
            return try await answer(body, conversation, sampling, from: collection, context)
        }
        guard let decoder = services.decoder, body.model == decoder.modelName else {
            throw HTTPFailure(
                .notFound, "model_not_found",
                "the model '\(body.model)' does not exist: use docent/{collection} or a decoder of GET /v1/models")
        }
        return try await write(body, conversation, sampling, with: decoder, context)
    }

    private func makeReply(_ body: ChatRequest) -> ChatReply {
        ChatReply(model: body.model, fingerprint: "docent-\(services.build.version)-\(services.build.kernels)")
    }

    // MARK: - The decoder alone

    private func write(
        _ body: ChatRequest, _ conversation: [ChatMessage], _ sampling: SamplingParameters,
        with decoder: LocalDecoder, _ context: ServerContext
    ) async throws -> Response {
        let permit = try permits.take()
        let reply = makeReply(body)
        let (model, events) = try await decoder.text(parameters: sampling) { model in
            let prompt = try model.chatTemplate.render(
                conversation.map { message in
                    ChatMessage(role: message.role, content: PromptLibrary.neutralised(message.content))
                }, addGenerationPrompt: true)
            return model.encode(prompt: prompt)
        }
        guard body.stream == true else {
            defer { permit.release() }
            return try await JSONWire.response(whole(reply, model, events, sampling))
        }
        let hasUsage = body.includesUsage
        return stream(context) { writer in
            defer { permit.release() }
            let role: [String: JSONValue] = ["role": .string("assistant"), "content": .string(""), "refusal": .null]
            try await writer.sendJSON(reply.chunk(role, hasUsage: hasUsage))
            var waiting: [DecodedToken] = []
            for try await event in events {
                switch event {
                case .token(let token):
                    waiting.append(token)
                    // A token without text is half of a character, or may begin a stop string.
                    guard !token.text.isEmpty else { continue }
                    let isLast = model.endTokens.contains(token.id)
                    let logprobs =
                        sampling.logprobs && !isLast ? ChatReply.logprobs(waiting, model.tokenizer) : JSONValue.null
                    waiting = []
                    try await writer.sendJSON(
                        reply.chunk(["content": .string(token.text)], logprobs: logprobs, hasUsage: hasUsage))
                case .finished(let text):
                    try await writer.sendJSON(
                        reply.chunk([:], finishReason: ChatReply.reason(text.finishReason), hasUsage: hasUsage))
                    if hasUsage { try await writer.sendJSON(reply.chunk(usage: Self.usage(text))) }
                }
            }
        }
    }

    private func whole(
        _ reply: ChatReply, _ model: DecoderModel, _ events: AsyncThrowingStream<DecoderScheduler.Event, any Error>,
        _ sampling: SamplingParameters
    ) async throws -> JSONValue {
        var tokens: [DecodedToken] = []
        for try await event in events {
            switch event {
            case .token(let token): if sampling.logprobs { tokens.append(token) }
            case .finished(let text):
                let written = tokens.filter { !model.endTokens.contains($0.id) }
                return reply.whole(
                    content: text.text, finishReason: ChatReply.reason(text.finishReason), usage: Self.usage(text),
                    logprobs: sampling.logprobs ? ChatReply.logprobs(written, model.tokenizer) : .null)
            }
        }
        throw CancellationError()
    }

    private static func usage(_ text: DecodedText) -> JSONValue {
        ChatReply.usage(
            prompt: text.promptTokenCount, cached: text.reusedTokenCount, completion: text.tokens.count)
    }

    // MARK: - Answers from a collection

    private func answer(
        _ body: ChatRequest, _ conversation: [ChatMessage], _ sampling: SamplingParameters, from name: String,
        _ context: ServerContext
    ) async throws -> Response {
        let collection: CollectionRecord
        do { collection = try services.store.collection(named: name) } catch {
            guard case .collectionNotFound = error else { throw error }
            throw HTTPFailure(
                .notFound, "model_not_found",
                "the model '\(body.model)' does not exist: there is no collection '\(name)'")
        }
        let wanted = try body.answerRequest(conversation, sampling, from: collection.name)
        try services.answers.validate(wanted)
        let permit = try permits.take()
        let reply = makeReply(body)
        guard body.stream == true else {
            defer { permit.release() }
            let answer = try await services.answers.finishedAnswer(wanted)
            return try JSONWire.response(
                reply.whole(
                    content: answer.answer, finishReason: "stop", usage: Self.usage(answer),
                    docent: services.record(answer, to: wanted.question, in: collection)))
        }
        let hasUsage = body.includesUsage
        return stream(context) { writer in
            defer { permit.release() }
            let role: [String: JSONValue] = ["role": .string("assistant"), "content": .string(""), "refusal": .null]
            try await writer.sendJSON(reply.chunk(role, hasUsage: hasUsage))
            var hasText = false
            for try await event in services.answers.answer(wanted) {
                switch event {
                case .passages, .citation: continue
                case .token(let text):
                    hasText = true
                    try await writer.sendJSON(reply.chunk(["content": .string(text)], hasUsage: hasUsage))
                case .done(let answer):
                    if !hasText {
                        try await writer.sendJSON(
                            reply.chunk(["content": .string(answer.answer)], hasUsage: hasUsage))
                    }
                    try await writer.sendJSON(
                        reply.chunk(
                            [:], finishReason: "stop", hasUsage: hasUsage,
                            docent: services.record(answer, to: wanted.question, in: collection)))
                    if hasUsage { try await writer.sendJSON(reply.chunk(usage: Self.usage(answer))) }
                }
            }
        }
    }

    private static func usage(_ answer: Answer) -> JSONValue {
        ChatReply.usage(
            prompt: answer.usage.promptTokens, cached: answer.usage.cachedTokens,
            completion: answer.usage.completionTokens)
    }

    /// A stream of `data:` lines that ends with `[DONE]`; a failure under way is a line with the error.
    private func stream(
        _ context: ServerContext,
        _ produce: @escaping @Sendable @concurrent (inout ServerSentEvents.Writer) async throws -> Void
    ) -> Response {
        let requestID = context.requestID
        return ServerSentEvents.response(requestID: requestID) { writer in
            do {
                try await produce(&writer)
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                try await writer.sendJSON(ErrorBody(HTTPFailure(error).forOpenAI, requestID: requestID))
            }
            try await writer.sendData("[DONE]")
        }
    }
}

extension ChatRequest {
    /// The question is the last turn, which is the user's; what the system says steers no answer from documents.
    func answerRequest(
        _ conversation: [ChatMessage], _ sampling: SamplingParameters, from collection: String
    ) throws -> AnswerRequest {
        guard let last = conversation.last, last.role == .user else {
            throw HTTPFailure(
                .badRequest, "invalid_request", "the last message is not the user's: end with the question",
                param: "messages")
        }
        var request = AnswerRequest(question: last.content, source: .collection(collection), sampling: sampling)
        request.conversation = conversation.dropLast().filter { $0.role != .system }
        if let topK = docent?.topK { request.topK = topK.value }
        request.filter = try docent?.filter.map { try MetadataFilter(json: $0) }
        request.mode = try SearchMode(named: docent?.mode)
        request.generator = docent?.generator ?? "auto"
        if let policy = docent?.unsupported { request.unsupportedSentences = policy }
        request.collapseDuplicates = docent?.collapseDuplicates ?? true
        request.context = docent?.context?.request
        return request
    }
}
