import Decoders
import Foundation
import Kernels
import TestSupport
import Testing
import Tokenizers

@Suite("A cache of bytes") struct CachePrecisionTests {
    static let files = ["tiny-f32.gguf", "tiny-q4_1.gguf", "tiny-qwen3-f32.gguf"]

    static func model(_ name: String, _ precision: KVCachePrecision = .int8) throws -> DecoderModel {
        try DecoderModel(path: TinyModel.path(name), pool: TinyModel.pool, cachePrecision: precision)
    }

    @Test("logits stay near to those of halves", arguments: files) func parity(_ name: String) throws {
        let ids = try TinyModel.reference().ids
        let halves = try DecoderSession(model: Self.model(name, .f16)).prefill(ids)
        let bytes = try DecoderSession(model: Self.model(name)).prefill(ids)
        let difference = TinyModel.difference(bytes, halves)
        #expect(difference > 0 && difference <= 0.03, "\(difference)")
    }

    @Test("a prompt in one call gives the same bits as token by token, and truncation forgets", arguments: files)
    func prefillEqualsDecode(_ name: String) throws {
        let ids = try TinyModel.reference().ids
        let model = try Self.model(name)
        let session = DecoderSession(model: model)
        let expected = try session.prefill(ids)
        session.truncate(to: 20)
        _ = try session.prefill([5, 6, 7, 8])
        session.truncate(to: 20)
        #expect(try session.prefill(Array(ids[20...])) == expected)
        session.reset()
        var last: [Float] = []
        for id in ids { last = try session.decode(id) }
        #expect(last == expected)
    }

    @Test("a kept beginning gives the same text as reading it again") func prefixes() throws {
        let model = try Self.model("tiny-q4_1.gguf")
        let prefixes = PrefixCache()
        let prompt = (0..<40).map { TokenID(60 + $0) }
        let parameters = SamplingParameters(maxTokens: 12)
        for tail: [TokenID] in [[70, 80], [71, 81], [72]] {
            let alone = try model.generate(prompt: prompt + tail, parameters: parameters)
            let kept = try model.generate(
                prompt: prompt + tail, parameters: parameters, options: GenerationOptions(prefixCache: prefixes)
            ) { _ in true }
            #expect(kept.tokens == alone.tokens)
        }
        #expect(prefixes.statistics.hitCount == 2)
    }

    @Test("positions take little more than half of what halves take") func memory() {
        let halves = KVCache(layerCount: 3, headCount: 2, headSize: 64, capacity: 100)
        let bytes = KVCache(layerCount: 3, headCount: 2, headSize: 64, capacity: 100, precision: .int8)
        #expect(bytes.bytesPerPosition == 3 * 2 * (2 * 64 + 8))
        #expect(halves.bytesPerPosition == 3 * 2 * 4 * 64)
        #expect(Double(bytes.bytesPerPosition) / Double(halves.bytesPerPosition) < 0.54)
    }
}
