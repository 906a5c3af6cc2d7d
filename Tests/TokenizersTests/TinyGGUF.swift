import TestSupport
import Tokenizers

/// A GGUF file with metadata and no tensors, written by hand.
struct TinyGGUF {
    var tokens = ["a", "b", "ab", "Ġ", "Ġa", "<|end|>", "<user>"]
    var types: [Int32] = [1, 1, 1, 1, 1, 3, 4]
    var merges = ["a b", "Ġ a"]
    var model = "gpt2"
    var pre: String? = "smollm"
    var bos: UInt32? = 5
    var addsBOS: Bool?
    var scores: [Float]?
    var addsSpacePrefix: Bool?

    func bytes() -> [UInt8] {
        var body: [UInt8] = []
        var count = 0
        func string(_ text: String) -> [UInt8] { little(UInt64(text.utf8.count)) + Array(text.utf8) }
        func put(_ key: String, _ type: UInt32, _ value: [UInt8]) {
            body += string("tokenizer.ggml.\(key)") + little(type) + value
            count += 1
        }
        func list(_ type: UInt32, _ elements: [[UInt8]]) -> [UInt8] {
            little(type) + little(UInt64(elements.count)) + elements.flatMap(\.self)
        }
        put("model", 8, string(model))
        if let pre { put("pre", 8, string(pre)) }
        put("tokens", 9, list(8, tokens.map(string)))
        put("token_type", 9, list(5, types.map { little(UInt32(bitPattern: $0)) }))
        if let scores { put("scores", 9, list(6, scores.map { little($0.bitPattern) })) }
        if let addsSpacePrefix { put("add_space_prefix", 7, [addsSpacePrefix ? 1 : 0]) }
        put("merges", 9, list(8, merges.map(string)))
        if let bos { put("bos_token_id", 4, little(bos)) }
        if let addsBOS { put("add_bos_token", 7, [addsBOS ? 1 : 0]) }
        return Array("GGUF".utf8) + little(UInt32(3)) + little(UInt64(0)) + little(UInt64(count)) + body
    }

    private func little(_ value: some FixedWidthInteger) -> [UInt8] {
        (0..<value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }

    func load() throws -> any Tokenizer {
        let folder = try TemporaryDirectory()
        return try TokenizerLoader.load(path: folder.write(bytes(), to: "tiny.gguf"))
    }
}
