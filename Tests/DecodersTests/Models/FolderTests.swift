import Decoders
import Foundation
import TestSupport
import Testing

/// Folders as transformers saves them; `Tools/make_folder_fixtures.py` made them.
@Suite("Decoders in folders")
struct FolderTests {
    /// Relative to the greatest logit.
    static let bound: Float = 1e-3
    static let folders = ["folder-llama", "folder-qwen2", "folder-qwen3", "folder-gemma3"]

    static func reference() throws -> TinyModel.Reference { try TinyModel.json("folder-logits.json") }

    /// A copy of a fixture's folder that a test may damage.
    static func copy(_ name: String) throws -> TemporaryDirectory {
        let folder = try TemporaryDirectory()
        for file in try FileManager.default.contentsOfDirectory(atPath: TinyModel.path(name)) {
            try FileManager.default.copyItem(atPath: TinyModel.path(name) + "/" + file, toPath: folder.file(file))
        }
        return folder
    }

    /// Replaces a text in a file of the folder.
    static func replace(_ old: String, by new: String, in file: String, of folder: TemporaryDirectory) throws {
        let text = try String(contentsOfFile: folder.file(file), encoding: .utf8)
        try #require(text.contains(old))
        try folder.write(text.replacingOccurrences(of: old, with: new), to: file)
    }

    static func logits(_ path: String, quantization: WeightQuantization? = nil) throws -> [Float] {
        let model = try DecoderModel(path: path, pool: TinyModel.pool, quantization: quantization)
        return try DecoderSession(model: model).prefill(reference().ids)
    }

    static func error(_ folder: TemporaryDirectory) -> String {
        do {
            _ = try DecoderModel(path: folder.path, pool: TinyModel.pool)
            return "loaded"
        } catch { return "\(error)" }
    }

    @Test("logits are transformers', for each architecture, type and rotation", arguments: folders)
    func parity(_ name: String) throws {
        let reference = try Self.reference()
        let session = DecoderSession(model: try TinyModel.load(name))
        for (position, row) in try #require(reference.logits[name]) {
            session.reset()
            let ids = Array(reference.ids[...(try #require(Int(position)))])
            let difference = TinyModel.difference(try session.prefill(ids), row)
            #expect(difference <= Self.bound, "position \(position): \(difference)")
        }
    }

    @Test("weights in shards give the same bits as in one file")
    func shards() throws {
        let whole = try Self.logits(TinyModel.path("folder-qwen2"))
        #expect(try Self.logits(TinyModel.path("folder-qwen2-sharded")) == whole)
        #expect(try Self.logits(TinyModel.path("folder-qwen2-sharded") + "/") == whole)
    }

    @Test("the old layout of the rope settings means the same as the new one")
    func oldRopeSettings() throws {
        let llama = try Self.copy("folder-llama")
        try Self.replace(
            "\"rope_parameters\"", by: "\"rope_theta\": 100.0, \"rope_scaling\"", in: "config.json", of: llama)
        try Self.replace("\"rope_theta\": 100.0,\n    \"rope_type\"", by: "\"rope_type\"", in: "config.json", of: llama)
        #expect(try Self.logits(llama.path) == Self.logits(TinyModel.path("folder-llama")))
        let qwen = try Self.copy("folder-qwen3")
        try Self.replace(
            "\"rope_parameters\"", by: "\"rope_theta\": 10000, \"rope_scaling\"", in: "config.json", of: qwen)
        try Self.replace("\"rope_type\": \"linear\"", by: "\"type\": \"linear\"", in: "config.json", of: qwen)
        #expect(try Self.logits(qwen.path) == Self.logits(TinyModel.path("folder-qwen3")))
        // Without the scaling it is another model.
        try Self.replace("\"type\": \"linear\"", by: "\"type\": \"default\"", in: "config.json", of: qwen)
        #expect(try Self.logits(qwen.path) != Self.logits(TinyModel.path("folder-qwen3")))
    }

    @Test("tokens, template and ends of texts come from the files beside the weights")
    func text() throws {
        let llama = try TinyModel.load("folder-llama")
        #expect(llama.endTokens == [262, 264])
        #expect(
            llama.chatTemplate.family
                == ChatTemplateFamily.chatML(
                    defaultSystem: "You are a helpful AI assistant named SmolLM, trained by Hugging Face",
                    writesBegin: false))
        let prompt = "<|im_start|>the and 12<|im_end|>"
        #expect(try llama.encode(prompt: prompt) == TinyModel.load().encode(prompt: prompt))
        #expect(llama.name == "folder-llama")
        #expect(llama.contextLength == 128)
        let qwen = try TinyModel.load("folder-qwen2")
        #expect(
            qwen.chatTemplate.family
                == ChatTemplateFamily.chatML(defaultSystem: "You are a careful assistant.", writesBegin: false))
        let text = try llama.generate(prompt: llama.encode(prompt: "the"), parameters: SamplingParameters(maxTokens: 8))
        #expect(text.tokens.count <= 8)
    }

    @Test("a list of templates means the one called default, and a file of its own comes first")
    func templates() throws {
        let folder = try Self.copy("folder-qwen3")
        try folder.write(
            #"""
            {"bos_token": {"content": "<|im_start|>"}, "eos_token": "<|im_end|>", "chat_template":
            [{"name": "tool_use", "template": "x"}, {"name": "default", "template": "<|user|> eos_token"}]}
            """#, to: "tokenizer_config.json")
        let listed = try DecoderModel(path: folder.path, pool: TinyModel.pool)
        #expect(listed.chatTemplate.family == .zephyr)
        #expect(listed.endTokens.contains(264))
        try folder.write("<|user|> <|end|>", to: "chat_template.jinja")
        #expect(try DecoderModel(path: folder.path, pool: TinyModel.pool).chatTemplate.family == .phi3)
    }

    @Test("a model's folder of the Hugging Face cache leads to its snapshot")
    func cache() throws {
        let folder = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: folder.file("snapshots"), withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            atPath: TinyModel.path("folder-llama"), toPath: folder.file("snapshots/0a1b"))
        try folder.write("0a1b", to: "refs/main")
        #expect(try Self.logits(folder.path) == Self.logits(TinyModel.path("folder-llama")))
    }

    @Test("weights rounded at load stay near to the model, and the packed ones are kept beside it")
    func quantization() throws {
        let plain = try Self.logits(TinyModel.path("folder-llama"))
        for (kind, bound) in [(WeightQuantization.q8_0, Float(0.04)), (.q4_1, 0.35), (.q4_0, 0.35)] {
            let rounded = try Self.logits(TinyModel.path("folder-llama"), quantization: kind)
            let difference = TinyModel.difference(rounded, plain)
            #expect(difference > 0 && difference <= bound, "\(kind): \(difference)")
            let folder = try Self.copy("folder-llama")
            for _ in 0..<2 {
                let kept = try DecoderModel(
                    path: folder.path, pool: TinyModel.pool, keepsPackedWeights: true, quantization: kind)
                #expect(try DecoderSession(model: kept).prefill(Self.reference().ids) == rounded)
                #expect(FileManager.default.fileExists(atPath: folder.file("model.packed")))
            }
            // What was kept for one way of rounding isn't taken for another.
            let other = try DecoderModel(path: folder.path, pool: TinyModel.pool, keepsPackedWeights: true)
            #expect(try DecoderSession(model: other).prefill(Self.reference().ids) == plain)
        }
        // A file whose weights are quantised already stays as it is, whatever is asked.
        let quantised = try DecoderModel(path: TinyModel.path("tiny-q4_0.gguf"), pool: TinyModel.pool)
        let asked = try DecoderModel(path: TinyModel.path("tiny-q4_0.gguf"), pool: TinyModel.pool, quantization: .q8_0)
        let ids = try Self.reference().ids
        #expect(try DecoderSession(model: asked).prefill(ids) == DecoderSession(model: quantised).prefill(ids))
    }
}

/// What is refused, and what the error says.
@Suite("Decoders in damaged folders")
struct DamagedFolderTests {
    @Test("a shard that is missing is named")
    func missingShard() throws {
        let folder = try FolderTests.copy("folder-qwen2-sharded")
        try FileManager.default.removeItem(atPath: folder.file("model-00002-of-00003.safetensors"))
        #expect(FolderTests.error(folder).contains("model-00002-of-00003.safetensors"))
    }

    @Test("an index that names a file outside of the folder is refused")
    func outside() throws {
        for name in ["../model-00002-of-00003.safetensors", "/tmp/model.safetensors", "..", "model\\\\x.safetensors"] {
            let folder = try FolderTests.copy("folder-qwen2-sharded")
            try FolderTests.replace(
                "model-00002-of-00003.safetensors", by: name, in: "model.safetensors.index.json", of: folder)
            #expect(FolderTests.error(folder).contains("no safetensors file of its folder"), "\(name)")
        }
    }

    @Test("an index that doesn't agree with its files is refused")
    func index() throws {
        let index = "model.safetensors.index.json"
        for (old, new, wanted) in [
            ("\"lm_head.weight\"", "\"lm_tail.weight\"", "lm_head.weight"),
            ("\"weight_map\"", "\"weights\"", "weight_map"),
            ("\"weight_map\": {", "\"weight_map\": {\"more\": \"model-00001-of-00003.safetensors\",", "more"),
        ] {
            let folder = try FolderTests.copy("folder-qwen2-sharded")
            try FolderTests.replace(old, by: new, in: index, of: folder)
            #expect(FolderTests.error(folder).contains(wanted), "\(new)")
        }
    }

    @Test("a configuration that doesn't fit the weights, or asks for what isn't computed, is refused by name")
    func configuration() throws {
        for (old, new, wanted) in [
            ("\"intermediate_size\": 64", "\"intermediate_size\": 96", "mlp.gate_proj.weight has the shape [64, 32]"),
            ("\"vocab_size\": 270", "\"vocab_size\": 271", "vocab_size is 271"),
            ("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 1", "no use for tensor model.layers.1."),
            ("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3", "model.layers.2.input_layernorm.weight"),
            ("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 0", "num_hidden_layers is 0"),
            ("\"num_hidden_layers\": 2", "\"layers\": 2", "no num_hidden_layers"),
            ("\"num_hidden_layers\": 2", "\"num_hidden_layers\": \"2\"", "num_hidden_layers is of a wrong type"),
            ("\"rope_type\": \"llama3\"", "\"rope_type\": \"yarn\"", "yarn"),
            ("\"high_freq_factor\": 4.0", "\"high_freq_factor\": 1.0", "high_freq_factor"),
            ("\"factor\": 8.0,", "", "factor is missing"),
            ("\"factor\": 8.0", "\"factor\": 0", "factor is 0"),
            ("\"hidden_act\": \"silu\"", "\"hidden_act\": \"relu\"", "relu"),
            ("\"mlp_bias\": false", "\"quantization_config\": {\"quant_method\": \"gptq\"}", "gptq"),
            ("\"mlp_bias\": false", "\"use_sliding_window\": true", "sliding window"),
            ("\"model_type\": \"llama\"", "\"model_type\": \"mamba\"", "\"mamba\" model"),
            ("\"tie_word_embeddings\": true", "\"tie_word_embeddings\": false", "lm_head.weight"),
        ] {
            let folder = try FolderTests.copy("folder-llama")
            try FolderTests.replace(old, by: new, in: "config.json", of: folder)
            let error = FolderTests.error(folder)
            #expect(error.contains(wanted), "\(new): \(error)")
        }
        let encoder = try FolderTests.copy("folder-llama")
        try encoder.write(#"{"model_type": "bert", "hidden_size": 8}"#, to: "config.json")
        #expect(FolderTests.error(encoder).contains("\"bert\" model"))
        let qwen = try FolderTests.copy("folder-qwen2")
        try FolderTests.replace(
            "\"tie_word_embeddings\": false", by: "\"tie_word_embeddings\": true", in: "config.json", of: qwen)
        #expect(FolderTests.error(qwen).contains("but they differ"))
    }

    @Test("a type of numbers that nobody knows, and one that isn't computed with, are refused")
    func types() throws {
        for (name, wanted) in [("XX16", "unknown type XX16"), ("I16 ", "unknown type"), ("U16\"", "not the JSON")] {
            let folder = try FolderTests.copy("folder-llama")
            let path = folder.file("model.safetensors")
            let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
            let old = Array("\"BF16\"".utf8)
            let start = try #require(
                bytes.indices.first { $0 + 6 <= bytes.count && bytes[$0..<($0 + 6)].elementsEqual(old) })
            var damaged = bytes
            damaged.replaceSubrange(start..<(start + 6), with: Array("\"\(name)\"".utf8))
            try folder.write(damaged, to: "model.safetensors")
            #expect(FolderTests.error(folder).contains(wanted), "\(name): \(FolderTests.error(folder))")
            // The same length and a type of the same size: known, but not computed with.
            damaged.replaceSubrange(start..<(start + 6), with: Array("\"I16\" ".utf8))
            try folder.write(damaged, to: "model.safetensors")
            #expect(FolderTests.error(folder).contains("stored as I16"))
        }
    }

    @Test("a folder without a configuration, weights or tokenizer says which file it lacks")
    func missingFiles() throws {
        for name in ["config.json", "model.safetensors", "tokenizer.json"] {
            let folder = try FolderTests.copy("folder-llama")
            try FileManager.default.removeItem(atPath: folder.file(name))
            let wanted = name == "tokenizer.json" ? folder.path : name
            #expect(FolderTests.error(folder).contains(wanted), "\(FolderTests.error(folder))")
        }
    }

    @Test("weights cut at any of 200 places are refused, and flipped bytes of the small files never crash")
    func damage() throws {
        let folder = try FolderTests.copy("folder-llama")
        let weights = Array(try Data(contentsOf: URL(fileURLWithPath: folder.file("model.safetensors"))))
        for step in 0..<200 {
            try folder.write(weights[..<(weights.count * step / 200)], to: "model.safetensors")
            #expect(FolderTests.error(folder) != "loaded")
        }
        try folder.write(weights, to: "model.safetensors")
        var random = SeededGenerator(seed: 21)
        for name in ["config.json", "tokenizer_config.json", "generation_config.json", "model.safetensors"] {
            let good = Array(try Data(contentsOf: URL(fileURLWithPath: folder.file(name))))
            for _ in 0..<150 {
                var damaged = good
                damaged[Int.random(in: 0..<min(good.count, 2_000), using: &random)] ^= UInt8.random(
                    in: 1...255, using: &random)
                try folder.write(damaged, to: name)
                _ = FolderTests.error(folder)
            }
            try folder.write(good, to: name)
        }
        #expect(FolderTests.error(folder) == "loaded")
    }
}
