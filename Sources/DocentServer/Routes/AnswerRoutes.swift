import Decoders
import Foundation
import Generation
import Hummingbird
import Logging
import Retrieval
import Storage

/// `POST /v1/collections/{c}/answer`, whole or streamed, and feedback on answers.
struct AnswerRoutes {
    let services: ServerServices
    let permits: Permits

    private struct Body: Decodable {
        var question: String
        var conversation: [ChatMessage]?
        var topK: WholeNumber?
        var filter: JSONValue?
        var mode: String?
        var generator: String?
        var model: String?
        var temperature: Float?
        var maxTokens: WholeNumber?
        var seed: UInt64?
        var stream: Bool?
        var unsupported: UnsupportedPolicy?
        var collapseDuplicates: Bool?
        var context: ContextBody?

        enum CodingKeys: String, CodingKey {
            case question
            case conversation
            case topK = "top_k"
            case filter
            case mode
            case generator
            case model
            case temperature
            case maxTokens = "max_tokens"
            case seed
            case stream
            case unsupported
            case collapseDuplicates = "collapse_duplicates"
            case context
        }
    }

    private struct TokenEvent: Encodable {
        var text: String
    }

    private struct PassagesEvent: Encodable {
        struct Entry: Encodable {
            var marker: Int
            var hit: SearchHit

            private enum CodingKeys: String, CodingKey { case marker }

            func encode(to encoder: any Encoder) throws {
                try hit.encode(to: encoder)
                var container = encoder.container(keyedBy: CodingKeys.self)
                try container.encode(marker, forKey: .marker)
            }
        }
        var passages: [Entry]
    }

    func add(to router: Router<ServerContext>) {
        router.post("/v1/collections/:collection/answer") { request, context in
            try await answer(request, context)
        }
        router.post("/v1/answers/:answer/feedback") { request, context in
            let feedback = try await JSONWire.decode(
                FeedbackRecord.self, from: request, limit: services.limits.requestBytes)
            try services.store.addFeedback(feedback, toAnswer: try context.parameter("answer"))
            return try JSONWire.response(feedback, status: .created)
        }
    }

    private func answer(_ request: Request, _ context: ServerContext) async throws -> Response {
        let collection = try services.store.collection(named: try context.parameter("collection"))
        let body = try await JSONWire.decode(Body.self, from: request, limit: services.limits.requestBytes)
        let wanted = try answerRequest(body, collection.name)
        // Before the first event is sent a bad request can still get its status.
        try services.answers.validate(wanted)
        let permit = try permits.take()
        guard body.stream == true else {
            defer { permit.release() }
            let answer = try await services.answers.finishedAnswer(wanted)
            services.record(answer, to: wanted.question, in: collection)
            return try JSONWire.response(answer)
        }
        return ServerSentEvents.response(requestID: context.requestID) { writer in
            defer { permit.release() }
            for try await event in services.answers.answer(wanted) {
                switch event {
                case .passages(let passages):
                    let entries = passages.map { PassagesEvent.Entry(marker: $0.number, hit: $0.hit) }
                    try await writer.send("passages", PassagesEvent(passages: entries))
                case .token(let text): try await writer.send("token", TokenEvent(text: text))
                case .citation(let citation): try await writer.send("citation", citation)
                case .done(let answer):
                    services.record(answer, to: wanted.question, in: collection)
                    try await writer.send("done", answer)
                }
            }
        }
    }

    private func answerRequest(_ body: Body, _ collection: String) throws -> AnswerRequest {
        var sampling = SamplingParameters()
        sampling.temperature = body.temperature ?? 0
        if let maxTokens = body.maxTokens { sampling.maxTokens = maxTokens.value }
        if let seed = body.seed { sampling.seed = seed }
        var request = AnswerRequest(
            question: body.question, source: .collection(collection), sampling: sampling)
        request.conversation = body.conversation ?? []
        if let topK = body.topK { request.topK = topK.value }
        request.filter = try body.filter.map { try MetadataFilter(json: $0) }
        request.mode = try SearchMode(named: body.mode)
        request.generator = body.generator ?? "auto"
        request.model = body.model
        request.collapseDuplicates = body.collapseDuplicates ?? true
        request.context = body.context?.request
        if let policy = body.unsupported { request.unsupportedSentences = policy }
        return request
    }
}

extension SearchMode {
    /// The mode called `name`; hybrid without one.
    /// - Throws: `HTTPFailure` 400 `invalid_mode`.
    init(named name: String?) throws {
        guard let name else {
            self = .hybrid
            return
        }
        guard let known = SearchMode(rawValue: name) else {
            throw HTTPFailure(.badRequest, "invalid_mode", "mode is '\(name)': use hybrid, dense or lexical")
        }
        self = known
    }
}

extension ServerServices {
    /// Keeps the answer so that feedback can point at it.
    ///
    /// A failure costs the feedback, not the answer.
    /// - Returns: the answer as JSON; null when it couldn't be encoded.
    @discardableResult
    func record(_ answer: Answer, to question: String, in collection: CollectionRecord) -> JSONValue {
        var json = JSONValue.null
        do {
            json = try JSONDecoder().decode(JSONValue.self, from: try JSONWire.encoder().encode(answer))
            try store.recordAnswer(id: answer.id, in: collection.id, question: question, answer: json)
        } catch {
            logger.warning("an answer could not be kept for feedback", metadata: ["error": "\(error)"])
        }
        return json
    }
}
