import TestSupport
import Testing
import Tokenizers

/// A GGUF file with metadata and no tensors, written by hand.
private struct TinyGGUF {
    var tokens = ["a", "b", "ab", "Ġ", "Ġa", "<|end|>", "<user>"]
    var types: [Int32] = [1, 1, 1, 1, 1, 3, 4]
    var merges = ["a b", "Ġ a"]
    var model = "gpt2"
    var pre: String? = "smollm"
    var bos: UInt32? = 5
    var addsBOS: Bool?

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

@Suite("Tokenizers from GGUF metadata")
struct GGUFTokenizerTests {
    @Test("merges, control tokens and user-defined tokens")
    func tiny() throws {
        let tokenizer = try TinyGGUF().load()
        #expect(tokenizer.encode("ab a", addSpecialTokens: true) == [2, 4])
        #expect(tokenizer.encode("ab<user>", addSpecialTokens: false) == [2, 6])
        #expect(tokenizer.encode("ab<|end|>", addSpecialTokens: false, parseSpecial: true) == [2, 5])
        // Bytes that the vocabulary lacks are lost, as in llama.cpp.
        #expect(tokenizer.encode("ab<|end|>", addSpecialTokens: false) == [2])
        #expect(tokenizer.isSpecial(5))
        #expect(!tokenizer.isSpecial(6))
        #expect(tokenizer.specialTokens.bos == 5)
    }

    @Test("BOS goes in front when the file or its family says so")
    func bos() throws {
        #expect(try TinyGGUF(addsBOS: true).load().encode("a", addSpecialTokens: true) == [5, 0])
        #expect(try TinyGGUF(pre: "llama-bpe").load().encode("a", addSpecialTokens: true) == [5, 0])
        #expect(try TinyGGUF(pre: "llama-bpe", addsBOS: false).load().encode("a", addSpecialTokens: true) == [0])
    }

    @Test("a merge through a string that is no token falls apart into the tokens it has")
    func virtualSymbols() throws {
        // "ba" is no token: merged first, it keeps "ab" from forming, and leaves the tokens of its letters.
        let tokenizer = try TinyGGUF(merges: ["b a", "a b"]).load()
        #expect(tokenizer.encode("aba", addSpecialTokens: false) == [0, 1, 0])
    }

    @Test("an unknown pre-tokeniser or another tokenizer model is refused by name")
    func unsupported() {
        for (file, feature) in [
            (TinyGGUF(pre: "klingon"), "the pre-tokenizer klingon"),
            (TinyGGUF(model: "llama"), "the tokenizer model llama"),
        ] {
            #expect {
                try file.load()
            } throws: { error in
                guard case .unsupported(_, feature, let known) = error as? TokenizerError else { return false }
                return !known.isEmpty
            }
        }
    }

    @Test("lists that do not fit together are refused")
    func malformed() {
        let files = [
            TinyGGUF(types: [1, 1]), TinyGGUF(merges: ["ab"]), TinyGGUF(merges: ["a "]), TinyGGUF(bos: 99),
            TinyGGUF(tokens: [], types: []),
        ]
        for file in files {
            #expect {
                try file.load()
            } throws: { error in
                guard case .malformed = error as? TokenizerError else { return false }
                return true
            }
        }
    }
}
