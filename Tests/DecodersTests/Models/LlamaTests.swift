import Decoders
import Foundation
import Kernels
import TestSupport
import Testing
import Tokenizers

@Suite("Llama and Qwen")
struct LlamaTests {
    /// Relative to the greatest logit.
    ///
    /// Quantised activations are off by up to half a step in 127.
    static let bounds: [(file: String, bound: Float)] = [
        ("tiny-f32.gguf", 1e-3), ("tiny-untied-f32.gguf", 1e-3), ("tiny-f16.gguf", 1e-3), ("tiny-bf16.gguf", 1e-3),
        ("tiny-qwen2-f32.gguf", 1e-3), ("tiny-qwen3-f32.gguf", 1e-3), ("tiny-q8_0.gguf", 0.04),
        ("tiny-q4_0.gguf", 0.04), ("tiny-q4_1.gguf", 0.04),
    ]

    @Test("logits are transformers' for the same weights, in every type", arguments: bounds)
    func parity(file: String, bound: Float) throws {
        let reference = try TinyModel.reference()
        let session = DecoderSession(model: try TinyModel.load(file))
        let expected = try #require(reference.logits[file])
        #expect(expected.count == 5)
        for (position, row) in expected {
            session.reset()
            let ids = Array(reference.ids[...(try #require(Int(position)))])
            let difference = TinyModel.difference(try session.prefill(ids), row)
            #expect(difference <= bound, "position \(position): \(difference)")
        }
    }

    @Test("a prompt in one call gives the same bits as token by token, in every type", arguments: bounds.map(\.file))
    func prefillEqualsDecode(_ file: String) throws {
        let ids = try TinyModel.reference().ids
        let model = try TinyModel.load(file)
        let whole = DecoderSession(model: model)
        let single = DecoderSession(model: model)
        let mixed = DecoderSession(model: model)
        let expected = try whole.prefill(ids)
        var last: [Float] = []
        for id in ids { last = try single.decode(id) }
        #expect(last == expected)
        _ = try mixed.prefill(Array(ids[..<7]))
        _ = try mixed.decode(ids[7])
        #expect(try mixed.prefill(Array(ids[8...])) == expected)
        #expect(mixed.position == ids.count)
    }

    @Test("a truncated session goes on as if the forgotten tokens had never come")
    func truncation() throws {
        let ids = try TinyModel.reference().ids
        let model = try TinyModel.load()
        let session = DecoderSession(model: model)
        let expected = try session.prefill(ids)
        session.truncate(to: 20)
        _ = try session.prefill([5, 6, 7, 8])
        session.truncate(to: 20)
        #expect(session.position == 20)
        #expect(try session.prefill(Array(ids[20...])) == expected)
        session.truncate(to: 1_000)
        #expect(session.position == ids.count)
    }

    @Test("sessions of one model on several threads don't disturb each other")
    func concurrentSessions() async throws {
        let ids = try TinyModel.reference().ids
        let model = try TinyModel.load("tiny-q4_1.gguf")
        let expected = try DecoderSession(model: model).prefill(ids)
        try await withThrowingTaskGroup(of: [Float].self) { group in
            for _ in 0..<8 { group.addTask { try DecoderSession(model: model).prefill(ids) } }
            for try await logits in group { #expect(logits == expected) }
        }
    }

    @Test("a pool of one thread and a pool of three give the same bits")
    func threadCounts() throws {
        let ids = try TinyModel.reference().ids
        let results = try [1, 3].map { count in
            let model = try DecoderModel(
                path: TinyModel.path("tiny-q8_0.gguf"), pool: ThreadPool(threadCount: count))
            return try DecoderSession(model: model).prefill(ids)
        }
        #expect(results[0] == results[1])
    }

    @Test("too many tokens are refused with the limit, and the session stays usable")
    func contextOverflow() throws {
        let model = try TinyModel.load()
        #expect(model.contextLength == 128)
        let session = DecoderSession(model: model, contextLength: 10)
        _ = try session.prefill([1, 2, 3, 4, 5, 6, 7, 8])
        #expect(throws: DecoderError.contextOverflow(tokenCount: 11, limit: 10)) { _ = try session.prefill([1, 2, 3]) }
        #expect(session.position == 8)
        _ = try session.prefill([1, 2])
        #expect(throws: DecoderError.contextOverflow(tokenCount: 11, limit: 10)) { _ = try session.decode(1) }
        #expect(throws: DecoderError.contextOverflow(tokenCount: 201, limit: 128)) {
            _ = try model.generate(prompt: [TokenID](repeating: 1, count: 200), parameters: SamplingParameters())
        }
        #expect("\(DecoderError.contextOverflow(tokenCount: 201, limit: 128))".contains("128"))
    }

    @Test("no tokens and tokens outside of the vocabulary are refused")
    func badTokens() throws {
        let session = DecoderSession(model: try TinyModel.load())
        #expect(throws: DecoderError.emptyPrompt) { _ = try session.prefill([]) }
        #expect(throws: DecoderError.invalidToken(id: 270, vocabularySize: 270)) { _ = try session.prefill([1, 270]) }
        #expect(throws: DecoderError.invalidToken(id: -1, vocabularySize: 270)) { _ = try session.decode(-1) }
        #expect(session.position == 0)
    }

    @Test("a session longer than the model's context gets the model's")
    func sessionLength() throws {
        let model = try TinyModel.load()
        #expect(DecoderSession(model: model, contextLength: 100_000).contextLength == 128)
        #expect(DecoderSession(model: model).contextLength == 128)
    }
}
