import TestSupport
import Testing
import Tokenizers

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
            (TinyGGUF(model: "t5"), "the tokenizer model t5"),
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
