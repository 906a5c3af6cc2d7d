// The wire types of OpenAI-compatible chat completions that Docent sends and reads.
// Source: the "Create chat completion" reference of OpenAI's API; fields that Docent doesn't use are left out.
import Decoders

/// The request body.
struct ChatCompletionRequest: Encodable {
    struct StreamOptions: Encodable {
        var includeUsage = true
        enum CodingKeys: String, CodingKey { case includeUsage = "include_usage" }
    }

    var model: String
    var messages: [ChatMessage]
    var temperature: Float
    var maxTokens: Int
    var seed: UInt64?
    var stop: [String]?
    var presencePenalty: Float?
    var frequencyPenalty: Float?
    var stream = true
    var streamOptions = StreamOptions()

    enum CodingKeys: String, CodingKey {
        case model
        case messages
        case temperature
        case maxTokens = "max_tokens"
        case seed
        case stop
        case presencePenalty = "presence_penalty"
        case frequencyPenalty = "frequency_penalty"
        case stream
        case streamOptions = "stream_options"
    }
}

/// One event of a streamed response.
struct ChatCompletionChunk: Decodable {
    struct Choice: Decodable {
        struct Delta: Decodable {
            var content: String?
        }
        var delta: Delta?
        var finishReason: String?
        enum CodingKeys: String, CodingKey {
            case delta
            case finishReason = "finish_reason"
        }
    }
    struct Usage: Decodable {
        var promptTokens: Int?
        var completionTokens: Int?
        enum CodingKeys: String, CodingKey {
            case promptTokens = "prompt_tokens"
            case completionTokens = "completion_tokens"
        }
    }

    var model: String?
    var choices: [Choice]?
    var usage: Usage?
    var error: ChatCompletionFailure.Detail?
}

/// The body of an error response, and of an error in mid-stream.
struct ChatCompletionFailure: Decodable {
    struct Detail: Decodable {
        var message: String?
    }
    var error: Detail
}
