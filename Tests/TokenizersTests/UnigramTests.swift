import Foundation
import TestSupport
import Testing
import Tokenizers

@Suite("Unigram")
struct UnigramTests {
    @Test("ids and decoded text equal the reference library's", arguments: ["unigram", "unigram-bytes"])
    func equalsReference(name: String) throws {
        let tokenizer = try TokenizerLoader.load(path: Fixtures.path("\(name).json"))
        let rows = try Fixtures.cases("\(name).jsonl")
        #expect(rows.count > 90)
        for row in rows {
            #expect(tokenizer.encode(row.fullText, addSpecialTokens: false) == row.ids, "\(row)")
            let special = row.special ?? [0] + row.ids + [2]
            #expect(tokenizer.encode(row.fullText, addSpecialTokens: true) == special, "\(row)")
            if let decoded = row.decoded {
                #expect(tokenizer.decode(row.ids, skipSpecialTokens: true) == decoded, "\(row)")
            }
        }
    }

    @Test("the special tokens are those around a text")
    func specialTokens() throws {
        let tokenizer = try UnigramTokenizer(tokenizerJSON: Fixtures.path("unigram.json"))
        let mask = try #require(tokenizer.id(of: "<mask>"))
        #expect(
            tokenizer.specialTokens
                == SpecialTokens(bos: 0, eos: 2, pad: 1, unk: 3, cls: 0, sep: 2, mask: mask))
        #expect(tokenizer.encode("", addSpecialTokens: true) == [0, 2])
        #expect(tokenizer.isSpecial(2) && !tokenizer.isSpecial(4))
        #expect(tokenizer.token(of: 4) == "▁" && tokenizer.token(of: 1_000_000) == nil)
    }

    @Test("special tokens in the text are ordinary text when parsing is off")
    func specialTokensAsText() throws {
        let tokenizer = try UnigramTokenizer(tokenizerJSON: Fixtures.path("unigram.json"))
        #expect(tokenizer.encode("a </s> b", addSpecialTokens: false).contains(2))
        #expect(!tokenizer.encode("a </s> b", addSpecialTokens: false, parseSpecial: false).contains(2))
    }

    @Test("with byte fallback nothing is unknown, and bytes come back as text")
    func byteFallback() throws {
        let tokenizer = try UnigramTokenizer(tokenizerJSON: Fixtures.path("unigram-bytes.json"))
        let ids = tokenizer.encode("东 𝄞", addSpecialTokens: false)
        #expect(!ids.contains(3))
        #expect(tokenizer.decode(ids, skipSpecialTokens: true) == "东 𝄞")
        #expect(ids.allSatisfy { !tokenizer.bytes(of: $0).isEmpty })
    }

    @Test("damaged character maps are refused or change nothing, never a crash")
    func damagedCharacterMap() throws {
        let folder = try TemporaryDirectory()
        let text = String(decoding: try Fixtures.bytes("unigram.json"), as: UTF8.self)
        let start = try #require(text.range(of: "\"precompiled_charsmap\":\""))
        let end = try #require(text[start.upperBound...].firstIndex(of: "\""))
        let blob = try #require(Data(base64Encoded: String(text[start.upperBound..<end])))
        var generator = SeededGenerator(seed: 5)
        for round in 0..<60 {
            var damaged = blob
            if round % 3 == 0 { damaged = damaged.prefix(Int.random(in: 0..<blob.count, using: &generator)) }
            for _ in 0..<(round % 20) where !damaged.isEmpty {
                damaged[Int.random(in: 0..<damaged.count, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            let json = text.replacingCharacters(in: start.upperBound..<end, with: damaged.base64EncodedString())
            let path = try folder.write(json, to: "tokenizer.json")
            guard let tokenizer = try? TokenizerLoader.load(path: path) else { continue }
            for row in try Fixtures.cases("unigram.jsonl").prefix(60) {
                #expect(!tokenizer.encode(row.fullText, addSpecialTokens: true).isEmpty)
            }
        }
    }
}
