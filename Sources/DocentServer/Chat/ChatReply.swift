import Decoders
import Foundation
import Storage
import Tokenizers

/// The objects of chat completions, with the nulls that OpenAI's clients expect.
struct ChatReply {
    /// Of all chunks of one stream.
    let id = "chatcmpl-" + UUID().uuidString.lowercased().filter { $0 != "-" }
    let created = Int64(Date().timeIntervalSince1970)
    let model: String
    /// The build that answers: equal seeds give equal texts as long as it is the same.
    let fingerprint: String

    /// A whole completion.
    func whole(
        content: String, finishReason: String, usage: JSONValue, logprobs: JSONValue = .null, docent: JSONValue? = nil
    ) -> JSONValue {
        let message = JSONValue.object([
            "role": .string("assistant"), "content": .string(content), "refusal": .null, "annotations": .array([]),
        ])
        let choice = JSONValue.object([
            "index": .int(0), "message": message, "logprobs": logprobs, "finish_reason": .string(finishReason),
        ])
        var fields = base("chat.completion")
        fields["choices"] = .array([choice])
        fields["usage"] = usage
        fields["docent"] = docent
        return .object(fields)
    }

    /// One chunk of a stream.
    /// - Parameters:
    ///   - delta: what is new of the message.
    ///   - logprobs: of the chunk's tokens.
    ///   - finishReason: in the last chunk.
    ///   - hasUsage: whether the stream will end with the counts of tokens; its chunks say null until then.
    ///   - docent: the structured answer, in the last chunk.
    /// - Returns: the chunk's JSON.
    func chunk(
        _ delta: [String: JSONValue], logprobs: JSONValue = .null, finishReason: String? = nil, hasUsage: Bool,
        docent: JSONValue? = nil
    ) -> JSONValue {
        let choice = JSONValue.object([
            "index": .int(0), "delta": .object(delta), "logprobs": logprobs,
            "finish_reason": finishReason.map { .string($0) } ?? .null,
        ])
        var fields = base("chat.completion.chunk")
        fields["choices"] = .array([choice])
        if hasUsage { fields["usage"] = .null }
        fields["docent"] = docent
        return .object(fields)
    }

    /// The chunk with the counts of tokens.
    func chunk(usage: JSONValue) -> JSONValue {
        var fields = base("chat.completion.chunk")
        fields["choices"] = .array([])
        fields["usage"] = usage
        return .object(fields)
    }

    private func base(_ object: String) -> [String: JSONValue] {
        [
            "id": .string(id), "object": .string(object), "created": .int(created), "model": .string(model),
            "system_fingerprint": .string(fingerprint),
        ]
    }

    static func usage(prompt: Int, cached: Int, completion: Int) -> JSONValue {
        .object([
            "prompt_tokens": .int(Int64(prompt)), "completion_tokens": .int(Int64(completion)),
            "total_tokens": .int(Int64(prompt + completion)),
            "prompt_tokens_details": .object(["cached_tokens": .int(Int64(cached))]),
        ])
    }

    /// The log-probabilities of some tokens.
    static func logprobs(_ tokens: [DecodedToken], _ tokenizer: any Tokenizer) -> JSONValue {
        func entry(_ id: TokenID, _ logprob: Float) -> [String: JSONValue] {
            let bytes = tokenizer.bytes(of: id)
            return [
                "token": .string(String(decoding: bytes, as: UTF8.self)),
                // JSON has no −∞; this is what OpenAI writes for it.
                "logprob": .number(logprob.isFinite ? Double(logprob) : -9_999),
                "bytes": .array(bytes.map { .int(Int64($0)) }),
            ]
        }
        let content = tokens.map { token in
            var fields = entry(token.id, token.logprob ?? 0)
            fields["top_logprobs"] = .array(token.alternatives.map { .object(entry($0.id, $0.logprob)) })
            return JSONValue.object(fields)
        }
        return .object(["content": .array(content), "refusal": .null])
    }

    /// `stop` or `length`, the two that end a text here.
    static func reason(_ reason: FinishReason) -> String { reason == .length ? "length" : "stop" }
}
