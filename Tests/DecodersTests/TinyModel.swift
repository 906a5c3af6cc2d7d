import Decoders
import Foundation
import Kernels
import Testing
import Tokenizers

/// The fixtures that `Tools/make_decoder_fixtures.py` writes.
enum TinyModel {
    static let pool = ThreadPool(threadCount: 2)

    static func path(_ name: String) -> String {
        Bundle.module.bundleURL.appendingPathComponent("Fixtures/\(name)").path
    }

    static func load(_ name: String = "tiny-f32.gguf") throws -> DecoderModel {
        try DecoderModel(path: path(name), pool: pool)
    }

    static func json<Value: Decodable>(_ name: String, as type: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(contentsOf: URL(fileURLWithPath: path(name))))
    }

    /// What transformers computes for the same weights: logits by file and position.
    struct Reference: Decodable {
        var ids: [TokenID]
        var logits: [String: [String: [Float]]]
    }

    static func reference() throws -> Reference { try json("tiny-logits.json") }

    /// The greatest difference, relative to the greatest value.
    static func difference(_ a: [Float], _ b: [Float]) -> Float {
        let greatest = b.map { abs($0) }.max() ?? 0
        return (zip(a, b).map { abs($0 - $1) }.max() ?? .infinity) / greatest
    }
}
