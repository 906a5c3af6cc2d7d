import Decoders
import Foundation
import Kernels
import TestSupport
import Testing

@Suite("Loading a decoder")
struct LoadingTests {
    static func bytes(_ name: String = "tiny-q4_0.gguf") throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: TinyModel.path(name))))
    }

    /// Replaces one text by another of the same length.
    static func replacing(_ old: String, by new: String, in bytes: [UInt8]) throws -> [UInt8] {
        let (old, new) = (Array(old.utf8), Array(new.utf8))
        try #require(old.count == new.count)
        var result = bytes
        let start = try #require(
            bytes.indices.first { $0 + old.count <= bytes.count && bytes[$0..<($0 + old.count)].elementsEqual(old) })
        result.replaceSubrange(start..<(start + old.count), with: new)
        return result
    }

    static func loading(_ bytes: [UInt8]) throws -> DecoderError? {
        let folder = try TemporaryDirectory()
        let path = try folder.write(bytes, to: "model.gguf")
        do {
            _ = try DecoderModel(path: path, pool: TinyModel.pool)
            return nil
        } catch { return error }
    }

    @Test("what the file says about itself is there")
    func properties() throws {
        let model = try TinyModel.load()
        #expect(model.name == "Tiny")
        #expect(model.vocabularySize == 270)
        #expect(model.contextLength == 128)
        #expect(model.endTokens == [262, 264])
        #expect(model.chatTemplate.source.contains("SmolLM"))
        #expect(model.encode(prompt: "<|im_start|>the and<|im_end|>").first == 263)
    }

    @Test("another architecture is named in the error")
    func otherArchitecture() throws {
        let error = try Self.loading(
            try Self.replacing("\u{5}\0\0\0\0\0\0\0llama", by: "\u{5}\0\0\0\0\0\0\0mamba", in: Self.bytes()))
        guard case .unsupportedArchitecture(_, "mamba") = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("a tensor that is missing, and so one too many, is an error")
    func missingTensor() throws {
        let error = try Self.loading(
            try Self.replacing("blk.1.ffn_up.weight", by: "blk.1.ffn_pu.weight", in: Self.bytes()))
        #expect("\(error.map { "\($0)" } ?? "loaded")".contains("blk.1.ffn_up.weight"))
    }

    @Test("a tensor that the architecture has no use for is an error")
    func unusedTensor() throws {
        let bytes = try Self.replacing(
            "llama.block_count\u{4}\0\0\0\u{2}", by: "llama.block_count\u{4}\0\0\0\u{1}", in: Self.bytes())
        #expect("\(try Self.loading(bytes).map { "\($0)" } ?? "loaded")".contains("no use for tensor blk.1."))
    }

    @Test("absurd dimensions are refused before anything is allocated for them")
    func absurdDimensions() throws {
        for key in ["block_count", "embedding_length", "context_length", "attention.head_count"] {
            var bytes = try Self.bytes()
            let name = Array("llama.\(key)".utf8) + [4, 0, 0, 0]
            let start = try #require(
                bytes.indices.first {
                    $0 + name.count <= bytes.count && bytes[$0..<($0 + name.count)].elementsEqual(name)
                })
            for value: UInt32 in [0, 0xffff_ffff, 0x7fff_ffff, 3] where !(key == "context_length" && value == 3) {
                for byte in 0..<4 { bytes[start + name.count + byte] = UInt8(truncatingIfNeeded: value >> (8 * byte)) }
                #expect(try Self.loading(bytes) != nil, "\(key) = \(value)")
            }
        }
    }

    @Test("a file cut at any of 1,000 places is refused")
    func cutFiles() throws {
        let bytes = try Self.bytes()
        let folder = try TemporaryDirectory()
        for step in 0..<1_000 {
            let path = try folder.write(bytes[..<(bytes.count * step / 1_000)], to: "cut.gguf")
            #expect(throws: DecoderError.self) { _ = try DecoderModel(path: path, pool: TinyModel.pool) }
        }
    }

    @Test("flipped bytes anywhere in the header give an error or a model, never a crash")
    func flippedHeader() throws {
        let bytes = try Self.bytes()
        var random = SeededGenerator(seed: 3)
        let folder = try TemporaryDirectory()
        let headerCount = 12_000
        for index in Array(0..<600) + (0..<400).map({ _ in Int.random(in: 0..<headerCount, using: &random) }) {
            var damaged = bytes
            damaged[index] ^= index % 2 == 0 ? 0xff : 0x01
            let path = try folder.write(damaged, to: "flipped.gguf")
            guard let model = try? DecoderModel(path: path, pool: TinyModel.pool) else { continue }
            _ = try? DecoderSession(model: model, contextLength: 4).prefill([1, 2])
        }
    }
}
