import Foundation
import TestSupport
import Testing
import Tokenizers

@Suite("WordPiece")
struct WordPieceTests {
    @Test("ids and decoded text equal the reference library's", arguments: ["wordpiece", "wordpiece-cased"])
    func equalsReference(name: String) throws {
        try expectEqual(try WordPieceTokenizer(tokenizerJSON: Fixtures.path("\(name).json")), "\(name).jsonl")
    }

    @Test("the real model's ids equal the reference library's", .enabled(if: TestModels.hasEncoder))
    func equalsReferenceOnRealModel() throws {
        let tokenizer = try TokenizerLoader.load(path: TestModels.encoderFolder)
        try expectEqual(tokenizer, "minilm.jsonl")
        #expect(tokenizer.vocabularySize == 30522)
        #expect(tokenizer.specialTokens == SpecialTokens(pad: 0, unk: 100, cls: 101, sep: 102, mask: 103))
    }

    @Test("vocab.txt with its configuration gives the ids of tokenizer.json", .enabled(if: TestModels.hasEncoder))
    func vocabularyFileEqualsJSON() throws {
        try expectEqual(try TokenizerLoader.load(path: TestModels.encoderFolder + "/vocab.txt"), "minilm.jsonl")
    }

    @Test("vocab.txt without a configuration is BERT uncased")
    func vocabularyFileAlone() throws {
        try expectEqual(try TokenizerLoader.load(path: Fixtures.path("wordpiece-vocab.txt")), "wordpiece.jsonl")
    }

    private func expectEqual(_ tokenizer: any Tokenizer, _ cases: String) throws {
        let rows = try Fixtures.cases(cases)
        #expect(rows.count > 90)
        let around = tokenizer.encode("", addSpecialTokens: true)
        for row in rows {
            #expect(tokenizer.encode(row.fullText, addSpecialTokens: false) == row.ids, "\(row)")
            let special = row.special ?? [around[0]] + row.ids + [around[1]]
            #expect(tokenizer.encode(row.fullText, addSpecialTokens: true) == special, "\(row)")
            #expect(tokenizer.tokenCount(of: row.fullText) == row.ids.count)
            if let decoded = row.decoded {
                #expect(tokenizer.decode(row.ids, skipSpecialTokens: true) == decoded, "\(row)")
            }
        }
    }

    @Test("special tokens in the text are ordinary text when parsing is off")
    func specialTokensAsText() throws {
        let tokenizer = try WordPieceTokenizer(tokenizerJSON: Fixtures.path("wordpiece.json"))
        let sep = try #require(tokenizer.specialTokens.sep)
        #expect(tokenizer.encode("a [SEP] b", addSpecialTokens: false).contains(sep))
        #expect(!tokenizer.encode("a [SEP] b", addSpecialTokens: false, parseSpecial: false).contains(sep))
        #expect(tokenizer.isSpecial(sep))
    }

    @Test("entries that differ only in Unicode normalisation stay two tokens")
    func canonicalEquivalents() throws {
        let folder = try TemporaryDirectory()
        let entries = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "e\u{301}", "\u{E9}"]
        let path = try folder.write(entries.joined(separator: "\n"), to: "vocab.txt")
        try folder.write(#"{"do_lower_case": false}"#, to: "tokenizer_config.json")
        let tokenizer = try TokenizerLoader.load(path: path)
        #expect(tokenizer.encode("e\u{301}", addSpecialTokens: false) == [4])
        #expect(tokenizer.encode("\u{E9}", addSpecialTokens: false) == [5])
    }

    @Test("bytes of a piece join words with a space and leave the continuing prefix out")
    func pieceBytes() throws {
        let tokenizer = try WordPieceTokenizer(tokenizerJSON: Fixtures.path("wordpiece.json"))
        let ids = tokenizer.encode("embeddings zoo", addSpecialTokens: false)
        #expect(String(decoding: ids.flatMap { tokenizer.bytes(of: $0) }, as: UTF8.self) == " embeddings zoo")
        #expect(tokenizer.bytes(of: -1).isEmpty)
        #expect(tokenizer.bytes(of: 1_000_000).isEmpty)
        #expect(tokenizer.token(of: 1_000_000) == nil)
    }
}
