import Decoders
import Foundation
import Generation
import HTTPTypes
import Retrieval
import Storage

/// The body of `POST /v1/chat/completions`.
///
/// Source: the "Create chat completion" reference of OpenAI's API. Fields that only steer OpenAI's own service (`user`,
/// `store`, `metadata`, `service_tier` …) are accepted and do nothing; fields that ask for what isn't there (`tools`,
/// `n` above 1, `logit_bias`, audio) are refused, so that nobody waits for their effect. `top_k`, `min_p`,
/// `repeat_penalty` and `docent` are additions.
struct ChatRequest: Decodable {
    var model: String
    var messages: [Message]
    var stream: Bool?
    var streamOptions: StreamOptions?
    var maxTokens: WholeNumber?
    var maxCompletionTokens: WholeNumber?
    var temperature: Float?
    var topP: Float?
    var topK: WholeNumber?
    var minP: Float?
    var repeatPenalty: Float?
    var presencePenalty: Float?
    var frequencyPenalty: Float?
    var seed: Int64?
    var stop: Stops?
    var logprobs: Bool?
    var topLogprobs: WholeNumber?
    var responseFormat: ResponseFormat?
    var n: WholeNumber?
    var tools: [JSONValue]?
    var functions: [JSONValue]?
    var logitBias: [String: Float]?
    var modalities: [String]?
    var docent: Extras?

    enum CodingKeys: String, CodingKey {
        case model, messages, stream, temperature, seed, stop, logprobs, n, tools, functions, modalities, docent
        case streamOptions = "stream_options"
        case maxTokens = "max_tokens"
        case maxCompletionTokens = "max_completion_tokens"
        case topP = "top_p"
        case topK = "top_k"
        case minP = "min_p"
        case repeatPenalty = "repeat_penalty"
        case presencePenalty = "presence_penalty"
        case frequencyPenalty = "frequency_penalty"
        case topLogprobs = "top_logprobs"
        case responseFormat = "response_format"
        case logitBias = "logit_bias"
    }

    struct StreamOptions: Decodable {
        var includeUsage: Bool?

        enum CodingKeys: String, CodingKey { case includeUsage = "include_usage" }
    }

    struct ResponseFormat: Decodable {
        var type: String
    }

    /// What a collection's answer may be asked for beyond OpenAI's fields.
    struct Extras: Decodable {
        var topK: WholeNumber?
        var filter: JSONValue?
        var mode: String?
        var generator: String?
        var unsupported: UnsupportedPolicy?
        var collapseDuplicates: Bool?
        var context: ContextBody?

        enum CodingKeys: String, CodingKey {
            case filter, mode, generator, unsupported, context
            case topK = "top_k"
            case collapseDuplicates = "collapse_duplicates"
        }
    }

    /// One turn; its content is a text, a list of parts with texts, or nothing.
    struct Message: Decodable {
        var role: String
        var content: String

        private enum CodingKeys: String, CodingKey { case role, content }

        private struct Part: Decodable {
            var type: String
            var text: String?
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            role = try container.decode(String.self, forKey: .role)
            if let text = try? container.decodeIfPresent(String.self, forKey: .content) {
                content = text
                return
            }
            guard container.contains(.content), try !container.decodeNil(forKey: .content) else {
                content = ""
                return
            }
            let parts = try container.decode([Part].self, forKey: .content)
            if let other = parts.first(where: { $0.type != "text" }) {
                throw HTTPFailure(
                    .badRequest, "unsupported_content", "content of type '\(other.type)' is not supported: send text",
                    param: "messages")
            }
            content = parts.compactMap(\.text).joined()
        }
    }

    /// One string or several.
    struct Stops: Decodable {
        var strings: [String]

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                strings = [text]
            } else {
                strings = try container.decode([String].self)
            }
        }
    }
}

extension ChatRequest {
    /// The most tokens of a text without `max_tokens`.
    static let defaultMaxTokens = 1_024
    /// What a model's name begins with that answers from a collection.
    static let collectionPrefix = "docent/"

    /// The collection to answer from; nil for a decoder.
    var collection: String? {
        model.hasPrefix(Self.collectionPrefix) ? String(model.dropFirst(Self.collectionPrefix.count)) : nil
    }

    /// Whether the stream ends with the counts of tokens.
    var includesUsage: Bool { streamOptions?.includeUsage == true }

    /// The conversation.
    /// - Throws: `HTTPFailure` 400 for roles that mean nothing here.
    func conversation() throws -> [ChatMessage] {
        guard !messages.isEmpty else {
            throw HTTPFailure(.badRequest, "invalid_request", "messages is empty: send at least one", param: "messages")
        }
        return try messages.map { message in
            switch message.role {
            case "system", "developer": ChatMessage(role: .system, content: message.content)
            case "user": ChatMessage(role: .user, content: message.content)
            case "assistant": ChatMessage(role: .assistant, content: message.content)
            default:
                throw HTTPFailure(
                    .badRequest, "invalid_request",
                    "the role '\(message.role)' is not supported: use system, developer, user or assistant",
                    param: "messages")
            }
        }
    }

    /// Refuses what would be waited for in vain.
    /// - Throws: `HTTPFailure` 400 that names the field.
    func refuseUnsupported() throws {
        func refuse(_ field: String, _ reason: String) -> HTTPFailure {
            HTTPFailure(.badRequest, "unsupported_parameter", "\(field) \(reason)", param: field)
        }
        if let n, n.value != 1 { throw refuse("n", "is \(n.value): only 1 is supported, send one request each") }
        if tools?.isEmpty == false { throw refuse("tools", "is not supported: leave it out") }
        if functions?.isEmpty == false { throw refuse("functions", "is not supported: leave it out") }
        if logitBias?.isEmpty == false { throw refuse("logit_bias", "is not supported: leave it out") }
        if let modalities, modalities != ["text"] { throw refuse("modalities", "can only be [\"text\"]") }
        if streamOptions != nil, stream != true { throw refuse("stream_options", "is only for stream: true") }
        if topLogprobs != nil, logprobs != true { throw refuse("top_logprobs", "needs logprobs: true") }
        guard collection != nil else { return }
        if logprobs == true { throw refuse("logprobs", "is not known of answers from a collection") }
        if let responseFormat, responseFormat.type != "text" {
            throw refuse("response_format", "can only be text for answers from a collection")
        }
    }

    /// How tokens are chosen: OpenAI's defaults for a decoder, always the same answer for a collection.
    /// - Parameter body: the request's bytes; a schema's properties keep their order there.
    /// - Returns: parameters within their ranges.
    /// - Throws: `HTTPFailure` 400 or `DecoderError` that names the field.
    func sampling(_ body: [UInt8]) throws -> SamplingParameters {
        let isFree = collection == nil
        var sampling = SamplingParameters(
            temperature: temperature ?? (isFree ? 1 : SamplingParameters.defaultTemperature),
            topK: topK?.value ?? (isFree ? 0 : SamplingParameters.defaultTopK),
            topP: topP ?? (isFree ? 1 : SamplingParameters.defaultTopP),
            minP: minP ?? (isFree ? 0 : SamplingParameters.defaultMinP),
            repeatPenalty: repeatPenalty ?? SamplingParameters.defaultRepeatPenalty,
            presencePenalty: presencePenalty ?? 0, frequencyPenalty: frequencyPenalty ?? 0,
            seed: seed.map { UInt64(bitPattern: $0) } ?? (isFree ? UInt64.random(in: .min ... .max) : 0),
            maxTokens: (maxCompletionTokens ?? maxTokens)?.value
                ?? (isFree ? Self.defaultMaxTokens : SamplingParameters.defaultMaxTokens),
            stop: stop?.strings ?? [], logprobs: logprobs ?? false, topLogprobs: topLogprobs?.value ?? 0)
        sampling.constraint = try constraint(body)
        try Self.naming { () throws(DecoderError) in try sampling.validate() }
        return sampling
    }

    private func constraint(_ body: [UInt8]) throws -> OutputConstraint? {
        switch responseFormat?.type {
        case nil, "text": return nil
        case "json_object": return try OutputConstraint.anyObject()
        case "json_schema":
            guard let schema = try OrderedJSON(parsing: body)["response_format"]?["json_schema"]?["schema"] else {
                throw HTTPFailure(
                    .badRequest, "invalid_request", "response_format.json_schema.schema is missing",
                    param: "response_format")
            }
            do { return try OutputConstraint(schema: schema) } catch {
                throw HTTPFailure(.badRequest, "invalid_schema", error.description, param: "response_format")
            }
        case .some(let other):
            throw HTTPFailure(
                .badRequest, "invalid_request",
                "response_format.type is '\(other)': use text, json_object or json_schema", param: "response_format")
        }
    }

    /// Puts a sampling parameter's name as it is in the request into the error.
    private static func naming(_ body: () throws(DecoderError) -> Void) throws {
        do throws(DecoderError) {
            try body()
        } catch {
            guard case .invalidParameter(let name, let reason) = error else { throw error }
            let field = name.hasPrefix("the ") ? "stop" : name.replacing("-", with: "_")
            throw HTTPFailure(.badRequest, "invalid_request", "\(field) \(reason)", param: field)
        }
    }
}

extension HTTPFailure {
    /// A failure that a field of the request is to blame for.
    init(_ status: HTTPResponse.Status, _ code: String, _ message: String, param: String) {
        self.init(status, code, message)
        openAI = OpenAIDetail(type: "invalid_request_error", param: param)
    }

    /// The same failure with what OpenAI's clients expect.
    var forOpenAI: HTTPFailure {
        guard openAI == nil else { return self }
        var failure = self
        let type =
            switch status.code {
            case 401, 403: "authentication_error"
            case 429: "rate_limit_error"
            case 400..<500: "invalid_request_error"
            default: "server_error"
            }
        let param = code == "model_not_found" ? "model" : code == "context_length_exceeded" ? "messages" : nil
        failure.openAI = OpenAIDetail(type: type, param: param)
        return failure
    }
}
