import Foundation
import TestSupport
import Testing
import Tokenizers

@Suite("SentencePiece BPE with byte fallback")
struct SentencePieceBPETests {
    @Test(
        "ids and decoded text of a tokenizer.json equal the reference library's",
        arguments: ["llama", "mistral", "gemma", "words"])
    func equalsLibrary(layout: String) throws {
        let tokenizer = try TokenizerLoader.load(path: Fixtures.path("spm-\(layout).json"))
        #expect(tokenizer is SentencePieceBPETokenizer)
        let rows = try Fixtures.cases("spm-\(layout).jsonl")
        #expect(rows.count > 90)
        for row in rows {
            // The library parses special tokens in every text.
            let ids = tokenizer.encode(row.fullText, addSpecialTokens: false, parseSpecial: true)
            #expect(ids == row.ids, "\(row)")
            let special = tokenizer.encode(row.fullText, addSpecialTokens: true, parseSpecial: true)
            #expect(special == row.special ?? [1] + row.ids, "\(row)")
            if let decoded = row.decoded {
                #expect(tokenizer.decode(row.ids, skipSpecialTokens: true) == decoded, "\(row)")
            }
        }
    }

    @Test("ids and decoded text of a GGUF file equal llama.cpp's", arguments: ["llama", "gemma"])
    func equalsLlama(layout: String) throws {
        let tokenizer = try TokenizerLoader.load(path: Fixtures.path("spm-\(layout).gguf"))
        #expect(tokenizer is SentencePieceBPETokenizer)
        #expect(tokenizer.specialTokens == SpecialTokens(bos: 1, eos: 2, unk: 0))
        let rows = try Fixtures.cases("spm-\(layout)-gguf.jsonl")
        #expect(rows.count > 90)
        for row in rows {
            #expect(tokenizer.encode(row.fullText, addSpecialTokens: false) == row.ids, "\(row)")
            let special = tokenizer.encode(row.fullText, addSpecialTokens: true, parseSpecial: true)
            #expect(special == row.special ?? [1] + row.ids, "\(row)")
            if let decoded = row.decoded {
                #expect(tokenizer.decode(row.ids, skipSpecialTokens: true) == decoded, "\(row)")
            }
        }
    }

    @Test("any text comes back, whole and as a stream of bytes", arguments: ["spm-llama.gguf", "spm-gemma.gguf"])
    func comesBack(file: String) throws {
        let tokenizer = try TokenizerLoader.load(path: Fixtures.path(file))
        let space: [UInt8] = file.contains("llama") ? [0x20] : []
        var random = SeededGenerator(seed: 11)
        for _ in 0..<300 {
            var text = ""
            for _ in 0..<Int.random(in: 1...80, using: &random) {
                let value = UInt32.random(in: 0...0x10FFFF, using: &random) >> UInt32.random(in: 0...20, using: &random)
                if let scalar = Unicode.Scalar(value), value != 0x2581 { text.unicodeScalars.append(scalar) }
            }
            let ids = tokenizer.encode(text, addSpecialTokens: true)
            #expect(tokenizer.decode(ids, skipSpecialTokens: true) == text)
            let bytes = ids.filter { !tokenizer.isSpecial($0) }.flatMap { tokenizer.bytes(of: $0) }
            #expect(bytes == (text.isEmpty ? [] : space) + Array(text.utf8))
        }
    }

    @Test("a long text without a place to cut costs little more a byte than a short one")
    func longTexts() throws {
        let tokenizer = try TokenizerLoader.load(path: Fixtures.path("spm-llama.gguf"))
        for unit in ["a", "the", "世", "é😀", " "] {
            let text = String(repeating: unit, count: 300_000)
            let ids = tokenizer.encode(text, addSpecialTokens: false)
            #expect(tokenizer.decode(ids, skipSpecialTokens: true) == text)
        }
    }

    @Test("a text never spells a token that steers the model or stands for a byte")
    func spellsNoControl() throws {
        // "<s" and "</s" are entries, so that merges could reach "<s>" and "</s>".
        var file = TinySPM()
        file.append(["▁", "<", "s", ">", "<s", "/", "</", "</s", "0", "x", "<0", "<0x", "4", "<0x4", "1", "<0x41"])
        let tokenizer = try file.load()
        for text in ["<s>", "</s>", "<0x41>", "a<s>"] {
            let ids = tokenizer.encode(text, addSpecialTokens: false)
            #expect(ids.allSatisfy { !tokenizer.isSpecial($0) && tokenizer.token(of: $0) != "<0x41>" })
            #expect(tokenizer.decode(ids, skipSpecialTokens: true) == text)
        }
        #expect(tokenizer.encode("</s>", addSpecialTokens: false, parseSpecial: true) == [2])
    }

    @Test("an end-of-turn token steers the model by its name, a user-defined token is found in every text")
    func foundTokens() throws {
        var file = TinySPM()
        file.append(["<end_of_turn>"], kind: 1)
        file.append(["\n\n", "<b>"], kind: 4)
        file.append(["unused"], kind: 5)
        file.gguf.addsSpacePrefix = false
        let tokenizer = try file.load()
        let (end, lines, bold) = (TokenID(259), TokenID(260), TokenID(261))
        #expect(tokenizer.isSpecial(end) && !tokenizer.isSpecial(lines))
        #expect(
            tokenizer.encode("\n\n<b><end_of_turn>", addSpecialTokens: false, parseSpecial: true) == [lines, bold, end])
        #expect(tokenizer.encode("<b>", addSpecialTokens: false) == [bold])
        #expect(!tokenizer.encode("<end_of_turn>", addSpecialTokens: false).contains(end))
        #expect(tokenizer.bytes(of: bold) == Array("<b>".utf8))
        #expect(tokenizer.bytes(of: 262).isEmpty)
        #expect(tokenizer.bytes(of: 3 + 0xE4) == [0xE4])
        #expect(tokenizer.bytes(of: 9999).isEmpty)
    }
}

// MARK: - Bad vocabularies

/// A GGUF file with the special tokens and bytes of Llama 2, and what is added.
private struct TinySPM {
    var gguf = TinyGGUF(
        tokens: ["<unk>", "<s>", "</s>"]
            + (0..<256).map { "<0x\(String($0 + 256, radix: 16, uppercase: true).suffix(2))>" },
        types: [2, 3, 3] + Array(repeating: 6, count: 256), merges: [], model: "llama", pre: nil, bos: nil,
        scores: Array(repeating: 0, count: 259))

    mutating func append(_ tokens: [String], kind: Int32 = 1) {
        gguf.tokens += tokens
        gguf.types += tokens.map { _ in kind }
        gguf.scores? += tokens.indices.map { -Float($0) }
    }

    func load() throws -> any Tokenizer { try gguf.load() }
}

@Suite("Bad SentencePiece vocabularies")
struct BadSentencePieceTests {
    @Test("missing or superfluous scores, types that differ in number, and missing bytes are refused")
    func malformed() throws {
        var files: [(TinyGGUF, String)] = []
        var file = TinySPM().gguf
        file.scores = nil
        files.append((file, "0 scores for 259 tokens"))
        file.scores = [0]
        files.append((file, "1 scores for 259 tokens"))
        file = TinySPM().gguf
        file.scores?[7] = .nan
        files.append((file, "the score of token 7"))
        file = TinySPM().gguf
        file.types.removeLast()
        files.append((file, "258 token types for 259 tokens"))
        file = TinySPM().gguf
        file.tokens[3 + 0xE4] = "x"
        files.append((file, "no token <0xE4>"))
        file = TinySPM().gguf
        file.bos = 259
        files.append((file, "outside of the vocabulary"))
        for (file, reason) in files {
            #expect {
                try file.load()
            } throws: { error in
                guard case .malformed = error as? TokenizerError else { return false }
                return "\(error)".contains(reason)
            }
        }
        // No text holds this byte, and "a" spells itself.
        file = TinySPM().gguf
        file.tokens[3 + 0xFF] = "x"
        file.tokens[3 + 0x61] = "a"
        file.types[3 + 0x61] = 1
        #expect(try file.load().encode("a", addSpecialTokens: false).last == 3 + 0x61)
    }

    @Test("an entry of more bytes than any model has is refused")
    func limits() throws {
        var file = TinySPM()
        file.append([String(repeating: "a", count: TokenizerLimits.mergedEntryBytes)])
        #expect(try file.load().vocabularySize == 260)
        file.append([String(repeating: "b", count: TokenizerLimits.mergedEntryBytes + 1)])
        #expect {
            try file.load()
        } throws: { error in
            guard case .limitExceeded(_, _, TokenizerLimits.mergedEntryBytes) = error as? TokenizerError else {
                return false
            }
            return true
        }
    }

    @Test("more splits than a merge table holds are refused before they cost much")
    func tooManyMerges() throws {
        var file = TinySPM()
        // Runs of one letter split everywhere: 16 letters × 511 lengths × up to 511 places.
        for letter in "abcdefghijklmnop" {
            file.append((1...511).map { String(repeating: letter, count: $0) })
        }
        #expect {
            try file.load()
        } throws: { error in
            guard case .limitExceeded(_, "the number of merges", _) = error as? TokenizerError else { return false }
            return true
        }
    }

    @Test("every truncation of a tokenizer.json is refused, never a crash")
    func truncations() throws {
        let bytes = try Fixtures.bytes("spm-llama.json")
        let folder = try TemporaryDirectory()
        for length in stride(from: 0, to: bytes.count - 2, by: 97) {
            let path = try folder.write(bytes[..<length], to: "tokenizer.json")
            #expect(throws: TokenizerError.self) { try TokenizerLoader.load(path: path) }
        }
    }

    @Test("a tokenizer.json with changed bytes is refused or read, never a crash")
    func damage() throws {
        let bytes = try Fixtures.bytes("spm-llama.json")
        let folder = try TemporaryDirectory()
        var random = SeededGenerator(seed: 5)
        for _ in 0..<200 {
            var damaged = bytes
            for _ in 0..<4 {
                damaged[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            let path = try folder.write(damaged, to: "tokenizer.json")
            do throws(TokenizerError) {
                let tokenizer = try SentencePieceBPETokenizer(tokenizerJSON: path)
                #expect(!tokenizer.encode("The fox 世界", addSpecialTokens: true).isEmpty)
            } catch {
                #expect(!"\(error)".isEmpty)
            }
        }
    }
}
