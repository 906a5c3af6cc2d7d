import Decoders
import Foundation
import Testing
import Tokenizers

/// A Llama with a SentencePiece vocabulary; what it reads and writes was noted from llama.cpp.
@Suite("Decoders with a SentencePiece vocabulary", .timeLimit(.minutes(5)))
struct SentencePieceModelTests {
    private struct Row: Decodable, Sendable {
        var prompt: String
        var ids: [TokenID]
        var written: [TokenID]
    }

    @Test("prompts have llama.cpp's ids, and what is written after them greedily is what it writes")
    func equalsLlama() throws {
        let model = try TinyModel.load("tiny-spm.gguf")
        #expect(model.tokenizer is SentencePieceBPETokenizer)
        #expect(model.endTokens == [2])
        let rows: [Row] = try TinyModel.json("tiny-spm.json")
        #expect(rows.count == 3)
        for row in rows {
            #expect(model.encode(prompt: row.prompt) == row.ids)
            var streamed = ""
            let text = try model.generate(
                prompt: row.ids, parameters: SamplingParameters(maxTokens: row.written.count)
            ) { token in
                streamed += token.text
                return true
            }
            #expect(text.tokens == row.written, "\(row.prompt)")
            // The stream is the bytes of its tokens, made to text as they come.
            let bytes = text.tokens.flatMap { model.tokenizer.bytes(of: $0) }
            #expect(streamed == String(decoding: bytes, as: UTF8.self))
            #expect(text.text == streamed)
        }
    }

    @Test("a conversation is written in the model's own form and read with its control tokens")
    func conversation() throws {
        let model = try TinyModel.load("tiny-spm.gguf")
        let prompt = try model.chatTemplate.render(
            [ChatMessage(role: .user, content: "the winter")], addGenerationPrompt: true)
        let ids = model.encode(prompt: prompt)
        #expect(ids.first == 1)
        #expect(ids.contains(2))
        #expect(model.tokenizer.decode(ids, skipSpecialTokens: false).hasPrefix("<s>"))
    }

    @Test("a text that keeps to a schema is JSON of that schema")
    func constrained() throws {
        let model = try TinyModel.load("tiny-spm.gguf")
        let schema =
            #"{"type": "object", "properties": {"a": {"enum": ["the", "é 世"]}, "n": {"type": "boolean"}}, "#
            + #""required": ["a", "n"], "additionalProperties": false}"#
        let constraint = try OutputConstraint(schemaText: Array(schema.utf8))
        for seed in 0..<8 as Range<UInt64> {
            var parameters = SamplingParameters(
                temperature: seed == 0 ? 0 : 1.5, topK: 0, topP: 1, minP: 0, seed: seed, maxTokens: 80)
            parameters.constraint = constraint
            let text = try model.generate(prompt: [1, 261, 267], parameters: parameters)
            guard text.finishReason == .stop else { continue }
            #expect(constraint.accepts(text.text), "\(text.text)")
        }
    }
}
