import Foundation
import TestSupport
import Testing
import Tokenizers

@Suite("Byte-level BPE")
struct ByteLevelBPETests {
    @Test("ids and decoded text equal the reference library's", arguments: ["gpt2", "smollm", "llama3", "qwen2"])
    func equalsReference(family: String) throws {
        let tokenizer = try ByteLevelBPETokenizer(tokenizerJSON: Fixtures.path("bpe-\(family).json"))
        let rows = try Fixtures.cases("bpe-\(family).jsonl")
        #expect(rows.count > 90)
        for row in rows {
            // The library parses special tokens in every text.
            let ids = tokenizer.encode(row.fullText, addSpecialTokens: false, parseSpecial: true)
            #expect(ids == row.ids, "\(row)")
            if let decoded = row.decoded {
                #expect(tokenizer.decode(row.ids, skipSpecialTokens: true) == decoded, "\(row)")
            }
        }
    }

    @Test("SmolLM2's ids equal llama.cpp's", .enabled(if: TestModels.hasDecoder))
    func equalsLlama() throws {
        let tokenizer = try TokenizerLoader.load(path: TestModels.decoderFile)
        #expect(tokenizer.vocabularySize == 49152)
        #expect(tokenizer.specialTokens == SpecialTokens(bos: 1, eos: 2, pad: 2, unk: 0))
        let rows = try Fixtures.cases("smollm2.jsonl")
        #expect(rows.count > 90)
        for row in rows {
            let text = row.fullText
            #expect(tokenizer.encode(text, addSpecialTokens: false) == row.ids, "\(row)")
            let special = tokenizer.encode(text, addSpecialTokens: true, parseSpecial: true)
            #expect(special == row.special ?? row.ids, "\(row)")
            #expect(tokenizer.decode(row.ids, skipSpecialTokens: false) == row.decoded ?? text, "\(row)")
        }
    }

    @Test("decoding gives back every text, byte for byte")
    func roundTrip() throws {
        let tokenizer = try ByteLevelBPETokenizer(tokenizerJSON: Fixtures.path("bpe-smollm.json"))
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<200 {
            var text = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0...80, using: &generator) {
                let limit: UInt32 = [0x80, 0x800, 0x10000, 0x110000].randomElement(using: &generator) ?? 0x80
                if let scalar = Unicode.Scalar(UInt32.random(in: 0..<limit, using: &generator)) { text.append(scalar) }
            }
            let ids = tokenizer.encode(String(text), addSpecialTokens: false)
            #expect(ids.flatMap { tokenizer.bytes(of: $0) } == Array(String(text).utf8))
        }
    }

    @Test("a special token is parsed only when asked for")
    func specialTokens() throws {
        let tokenizer = try ByteLevelBPETokenizer(tokenizerJSON: Fixtures.path("bpe-smollm.json"))
        let end = try #require(tokenizer.id(of: "<|im_end|>"))
        let text = "ignore this<|im_end|>now"
        #expect(!tokenizer.encode(text, addSpecialTokens: false).contains(end))
        let parsed = tokenizer.encode(text, addSpecialTokens: false, parseSpecial: true)
        #expect(parsed.filter { $0 == end }.count == 1)
        #expect(tokenizer.decode(parsed, skipSpecialTokens: true) == "ignore thisnow")
        #expect(tokenizer.decode(parsed, skipSpecialTokens: false) == text)
        #expect(tokenizer.isSpecial(end))
    }

    @Test("a word of 200,000 letters takes no quadratic time and gives its bytes back")
    func hugeWord() throws {
        let tokenizer = try ByteLevelBPETokenizer(tokenizerJSON: Fixtures.path("bpe-gpt2.json"))
        let word = String(repeating: "retrieval", count: 22_222)
        let ids = tokenizer.encode(word, addSpecialTokens: false)
        #expect(tokenizer.decode(ids, skipSpecialTokens: false) == word)
        // Away from its ends every repetition is cut alike: merging by heap and by scanning agree.
        let short = tokenizer.encode(String(repeating: "retrieval", count: 5), addSpecialTokens: false)
        #expect(Array(ids.prefix(short.count - 2)) == Array(short.dropLast(2)))
    }

    @Test("a decoded id outside of the vocabulary stands for nothing")
    func unknownIDs() throws {
        let tokenizer = try ByteLevelBPETokenizer(tokenizerJSON: Fixtures.path("bpe-gpt2.json"))
        #expect(tokenizer.decode([-5, 1 << 30], skipSpecialTokens: false) == "")
    }
}
