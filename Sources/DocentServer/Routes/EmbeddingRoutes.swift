import Encoders
import Foundation
import Hummingbird

/// `POST /v1/embeddings`, as OpenAI's clients send it.
///
/// Beyond OpenAI's fields, `input_type` says whether the texts are queries or passages, which some models tell apart;
/// passages without it. `docent.truncated` names the texts whose end the model didn't read; the field is there only then.
struct EmbeddingRoutes {
    /// The most texts of a request, as OpenAI's.
    static let inputLimit = 2_048
    let services: ServerServices

    func add(to router: Router<ServerContext>) {
        router.post("/v1/embeddings") { request, _ in
            let body = try await JSONWire.decode(Body.self, from: request, limit: services.limits.embeddingBytes)
            try ModelRoutes.require(body.model, is: services.embedder.modelName)
            let texts = try Self.checked(body.input.texts)
            let format = try Self.choice("encoding_format", body.encodingFormat ?? "float", ["float", "base64"])
            let kind: TextKind =
                try Self.choice("input_type", body.inputType ?? "passage", ["query", "passage"]) == "query"
                ? .query : .passage
            let size = try dimensions(body.dimensions?.value)
            let embeddings = try await services.scheduler.embed(texts, kind: kind, cache: services.cache)
            return try JSONWire.response(reply(embeddings, size: size, isBase64: format == "base64"))
        }
    }

    private static func checked(_ texts: [String]) throws -> [String] {
        guard (1...inputLimit).contains(texts.count) else {
            throw HTTPFailure(
                .badRequest, "invalid_input", "input has \(texts.count) texts: send from 1 to \(inputLimit)")
        }
        if let index = texts.firstIndex(where: \.isEmpty) {
            throw HTTPFailure(.badRequest, "invalid_input", "text \(index) of input is empty")
        }
        return texts
    }

    private static func choice(_ field: String, _ value: String, _ known: [String]) throws -> String {
        guard known.contains(value) else {
            throw HTTPFailure(
                .badRequest, "invalid_input", "\(field) is '\(value)': use \(known.joined(separator: " or "))")
        }
        return value
    }

    private func dimensions(_ asked: Int?) throws -> Int {
        let all = services.embedder.dimension
        guard let asked else { return all }
        guard (1...all).contains(asked) else {
            throw HTTPFailure(.badRequest, "invalid_input", "dimensions is \(asked): use 1 to \(all)")
        }
        return asked
    }

    private func reply(_ embeddings: Embeddings, size: Int, isBase64: Bool) -> EmbeddingReply {
        let data = (0..<embeddings.count).map { index in
            let vector = Self.shortened(embeddings.row(index), to: size)
            return EmbeddingReply.Item(index: index, embedding: isBase64 ? .base64(vector) : .floats(vector))
        }
        let limit = services.embedder.maxTokenCount
        let tokens = embeddings.tokenCounts.reduce(0) { $0 + min($1, limit) }
        let truncated = embeddings.truncated.indices.filter { embeddings.truncated[$0] }
        return EmbeddingReply(
            data: data, model: services.embedder.modelName,
            usage: EmbeddingReply.Usage(promptTokens: tokens, totalTokens: tokens),
            docent: truncated.isEmpty ? nil : EmbeddingReply.Extra(truncated: truncated))
    }

    /// The first `size` numbers, normalised anew, as OpenAI defines `dimensions`.
    private static func shortened(_ vector: [Float], to size: Int) -> [Float] {
        guard size < vector.count else { return vector }
        let kept = vector.prefix(size)
        let norm = kept.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return norm > 0 ? kept.map { $0 / norm } : Array(kept)
    }
}

// MARK: - JSON

extension EmbeddingRoutes {
    private struct Body: Decodable {
        var model: String?
        var input: Input
        var encodingFormat: String?
        var dimensions: WholeNumber?
        var inputType: String?

        enum CodingKeys: String, CodingKey {
            case model, input, dimensions
            case encodingFormat = "encoding_format"
            case inputType = "input_type"
        }
    }

    /// One text or several.
    private struct Input: Decodable {
        var texts: [String]

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                texts = [text]
            } else if let list = try? container.decode([String].self) {
                texts = list
            } else {
                throw HTTPFailure(
                    .badRequest, "invalid_input",
                    "input must be a text or an array of texts; arrays of token ids are not supported, since ids belong "
                        + "to one tokenizer: send the text")
            }
        }
    }
}

/// The body of a response with embeddings.
private struct EmbeddingReply: Encodable {
    struct Item: Encodable {
        var object = "embedding"
        var index: Int
        var embedding: Vector
    }

    /// Numbers, or their bytes as little-endian 32-bit floats in base64.
    enum Vector: Encodable {
        case floats([Float])
        case base64([Float])

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .floats(let values): try container.encode(values)
            case .base64(let values):
                let bytes = values.flatMap { value in
                    (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
                }
                try container.encode(Data(bytes).base64EncodedString())
            }
        }
    }

    struct Usage: Encodable {
        var promptTokens: Int
        var totalTokens: Int

        enum CodingKeys: String, CodingKey {
            case promptTokens = "prompt_tokens"
            case totalTokens = "total_tokens"
        }
    }

    struct Extra: Encodable {
        var truncated: [Int]
    }

    var object = "list"
    var data: [Item]
    var model: String
    var usage: Usage
    var docent: Extra?
}
