import Decoders
import Foundation
import TestSupport
import Testing
import Tokenizers

/// Windows of 8 and 16 in texts of 40 tokens, so that most tokens don't see the first ones in local layers.
@Suite("Gemma 3") struct Gemma3Tests {
    static let models = ["folder-gemma3", "tiny-gemma3-bf16.gguf"]

    @Test("logits are transformers' for the same weights, in safetensors and in GGUF", arguments: models) func parity(
        _ name: String
    ) throws {
        let reference = try FolderTests.reference()
        let session = DecoderSession(model: try TinyModel.load(name))
        for (position, row) in try #require(reference.logits[name]) {
            session.reset()
            let ids = Array(reference.ids[...(try #require(Int(position)))])
            let difference = TinyModel.difference(try session.prefill(ids), row)
            #expect(difference <= FolderTests.bound, "position \(position): \(difference)")
        }
    }

    @Test("a prompt in one call gives the same bits as token by token and in pieces", arguments: models)
    func prefillEqualsDecode(_ name: String) throws {
        let ids = try FolderTests.reference().ids
        for precision in KVCachePrecision.allCases {
            let model = try DecoderModel(path: TinyModel.path(name), pool: TinyModel.pool, cachePrecision: precision)
            let expected = try DecoderSession(model: model).prefill(ids)
            let single = DecoderSession(model: model)
            var last: [Float] = []
            for id in ids { last = try single.decode(id) }
            #expect(last == expected)
            let pieces = DecoderSession(model: model)
            for piece in [ids[..<5], ids[5..<21], ids[21..<39]] { _ = try pieces.prefill(Array(piece)) }
            #expect(try pieces.decode(ids[39]) == expected)
        }
    }

    @Test("the window, the pattern of layers, both bases and the scale of the scores count") func settings() throws {
        let plain = try FolderTests.logits(TinyModel.path("folder-gemma3"))
        for (old, new) in [
            ("\"sliding_window\": 16", "\"sliding_window\": 15"),
            ("\"sliding_attention\",\n    \"sliding_attention\"", "\"sliding_attention\",\n    \"full_attention\""),
            ("\"rope_theta\": 100.0", "\"rope_theta\": 101.0"), ("\"rope_theta\": 10000.0", "\"rope_theta\": 20000.0"),
            ("\"factor\": 8.0", "\"factor\": 4.0"), ("\"query_pre_attn_scalar\": 24", "\"query_pre_attn_scalar\": 16"),
        ] {
            let folder = try FolderTests.copy("folder-gemma3")
            try FolderTests.replace(old, by: new, in: "config.json", of: folder)
            #expect(try FolderTests.logits(folder.path) != plain, "\(new)")
        }
    }

    @Test("the old layout of config.json means the same as the new one") func oldLayout() throws {
        let folder = try FolderTests.copy("folder-gemma3")
        let config = folder.file("config.json")
        var text = try String(contentsOfFile: config, encoding: .utf8)
        let start = try #require(text.range(of: "  \"rope_parameters\""))
        let end = try #require(text.range(of: "  \"sliding_window\""))
        text.replaceSubrange(
            start.lowerBound..<end.lowerBound,
            with: """
                "rope_theta": 10000, "rope_local_base_freq": 100, "rope_scaling": {"rope_type": "linear", "factor": 8},

                """)
        let types = try #require(text.range(of: "  \"layer_types\""))
        let rest = try #require(text.range(of: "  \"max_position_embeddings\""))
        text.replaceSubrange(types.lowerBound..<rest.lowerBound, with: "\"sliding_window_pattern\": 3,\n")
        try folder.write(text, to: "config.json")
        #expect(try FolderTests.logits(folder.path) == FolderTests.logits(TinyModel.path("folder-gemma3")))
    }

    @Test("what isn't computed is refused by name") func refusals() throws {
        for (old, new, wanted) in [
            ("\"final_logit_softcapping\": null", "\"final_logit_softcapping\": 30.0", "caps logits"),
            ("\"use_bidirectional_attention\": false", "\"use_bidirectional_attention\": true", "looks ahead"),
            ("gelu_pytorch_tanh", "silu", "its activation is silu"),
            ("\"sliding_window\": 16", "\"sliding_window\": null", "sliding_window"),
            ("\"sliding_window\": 16", "\"sliding_window\": 0", "sliding_window is 0"),
            ("\"full_attention\"\n", "\"chunked_attention\"\n", "unknown kind"),
            ("    \"sliding_attention\",\n    \"sliding", "    \"sliding", "layer_types has 2 entries for 3"),
            ("\"query_pre_attn_scalar\": 24", "\"query_pre_attn_scalar\": 0", "the scale of its scores"),
            ("\"head_dim\": 16", "\"head_dim\": 15", "cannot be rotated"),
        ] {
            let folder = try FolderTests.copy("folder-gemma3")
            try FolderTests.replace(old, by: new, in: "config.json", of: folder)
            let error = FolderTests.error(folder)
            #expect(error.contains(wanted), "\(new): \(error)")
        }
    }

    @Test("its template renders conversations with a system message, and the end of a turn ends a text") func chat()
        throws
    {
        let folder = try FolderTests.copy("folder-gemma3")
        try FolderTests.replace("<|endoftext|>", by: "<end_of_turn>", in: "tokenizer.json", of: folder)
        try FolderTests.replace("<|endoftext|>", by: "<end_of_turn>", in: "tokenizer_config.json", of: folder)
        let model = try DecoderModel(path: folder.path, pool: TinyModel.pool)
        #expect(model.chatTemplate.family == .gemma3)
        #expect(model.endTokens.contains(262))
    }
}
