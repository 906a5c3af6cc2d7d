import Encoders
import Foundation
import Kernels
import TestSupport
import Testing

/// Damaged and foreign model folders: each gets its error, none a crash.
@Suite struct EncoderLoadingTests {
    private let folder: TemporaryDirectory
    private var path: String { folder.file("model") }

    /// A copy of the tiny model to damage.
    init() throws {
        folder = try TemporaryDirectory()
        let source = (Bundle.module.resourcePath ?? "") + "/Fixtures/tiny-mean"
        try FileManager.default.copyItem(atPath: source, toPath: folder.file("model"))
    }

    private func load() throws -> SentenceEncoder {
        try SentenceEncoder(folder: path, name: "tiny", pool: ThreadPool(threadCount: 1))
    }

    private func replace(_ old: String, by new: String, in name: String) throws {
        let file = URL(fileURLWithPath: path + "/" + name)
        let text = try String(contentsOf: file, encoding: .utf8)
        #expect(text.contains(old))
        try text.replacingOccurrences(of: old, with: new).write(to: file, atomically: true, encoding: .utf8)
    }

    @Test("a missing file is named", arguments: ["config.json", "model.safetensors", "vocab.txt"])
    func missing(name: String) throws {
        try FileManager.default.removeItem(atPath: path + "/" + name)
        let error = #expect(throws: EncoderError.self) { try load() }
        #expect(error?.description.contains(name) == true)
    }

    @Test(
        "a wrong value in config.json is refused",
        arguments: [
            (#""hidden_size": 64"#, #""hidden_size": 0"#), (#""hidden_size": 64"#, #""hidden_size": -64"#),
            (#""hidden_size": 64"#, #""hidden_size": 65"#), (#""hidden_size": 64"#, #""hidden_size": 128"#),
            (#""hidden_size": 64"#, #""hidden_size": 4611686018427387904"#),
            (#""hidden_size": 64"#, #""hidden_size": "64""#), (#""hidden_size": 64"#, #""width": 64"#),
            (#""num_hidden_layers": 2"#, #""num_hidden_layers": 1"#),
            (#""num_hidden_layers": 2"#, #""num_hidden_layers": 3"#),
            (#""hidden_act": "gelu""#, #""hidden_act": "silu""#),
            (#""model_type": "bert""#, #""model_type": "modernbert""#),
            (#""layer_norm_eps": 1e-12"#, #""layer_norm_eps": -1"#), ("{", "["),
        ])
    func badConfiguration(old: String, new: String) throws {
        try replace(old, by: new, in: "config.json")
        let error = #expect(throws: EncoderError.self) { try load() }
        #expect(error?.description.contains(path) == true)
    }

    @Test("tensors without a place are refused by name")
    func unusedWeights() throws {
        try replace(#""num_hidden_layers": 2"#, by: #""num_hidden_layers": 1"#, in: "config.json")
        let error = #expect(throws: EncoderError.self) { try load() }
        guard case .unusedWeights(_, let names)? = error else {
            Issue.record("not unusedWeights")
            return
        }
        #expect(names.count == 16 && names.allSatisfy { $0.contains("layer.1.") })
    }

    @Test("a tokenizer with more tokens than the word embedding is refused")
    func vocabulary() throws {
        let file = try #require(FileHandle(forWritingAtPath: path + "/vocab.txt"))
        try file.seekToEnd()
        try file.write(contentsOf: Data("unseen\n".utf8))
        try file.close()
        #expect(throws: EncoderError.self) { try load() }
    }

    @Test("pooling and modules that aren't built are refused")
    func unsupported() throws {
        try replace(
            #""pooling_mode_max_tokens": false"#, by: #""pooling_mode_max_tokens": true"#, in: "1_Pooling/config.json")
        #expect(throws: EncoderError.self) { try load() }
        try replace(
            #""pooling_mode_max_tokens": true"#, by: #""pooling_mode_max_tokens": false"#, in: "1_Pooling/config.json")
        try replace("models.Normalize", by: "models.Dense", in: "modules.json")
        #expect(throws: EncoderError.self) { try load() }
    }

    @Test("what sentence-transformers adds may be missing")
    func plainFolder() throws {
        let texts = ["where is my order"]
        let expected = try load().embed(texts, kind: .query)
        for name in ["sentence_bert_config.json", "modules.json", "1_Pooling"] {
            try FileManager.default.removeItem(atPath: path + "/" + name)
        }
        let encoder = try load()
        #expect(encoder.maxTokenCount == 64)
        #expect(try encoder.embed(texts, kind: .query) == expected)
    }

    @Test("a truncated weight file is refused")
    func truncatedWeights() throws {
        let file = try #require(FileHandle(forWritingAtPath: path + "/model.safetensors"))
        try file.truncate(atOffset: 100_000)
        try file.close()
        let error = #expect(throws: EncoderError.self) { try load() }
        #expect(error?.description.contains("cut off") == true)
    }

    @Test("weights that are not finite give an error, not a vector")
    func notFinite() throws {
        let file = try #require(FileHandle(forUpdatingAtPath: path + "/model.safetensors"))
        let end = try file.seekToEnd()
        try file.seek(toOffset: end - 40_000)
        try file.write(contentsOf: Data(repeating: 0xFF, count: 40_000))
        try file.close()
        let encoder = try load()
        #expect(throws: EncoderError.notFinite(model: "tiny")) { try encoder.embed(["card"], kind: .query) }
    }
}
