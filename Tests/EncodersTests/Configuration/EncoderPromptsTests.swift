import Encoders
import Foundation
import Kernels
import TestSupport
import Testing

@Suite struct EncoderPromptsTests {
    private static let english = "Represent this sentence for searching relevant passages: "

    @Test(
        "a name tells the family's prompts",
        arguments: [
            ("intfloat/e5-small-v2", "query: ", "passage: "), ("multilingual-e5-base", "query: ", "passage: "),
            ("bge-small-en-v1.5", english, ""), ("BAAI/bge-small-zh-v1.5", "为这个句子生成表示以用于检索相关文章：", ""),
            ("snowflake-arctic-embed-xs", english, ""), ("snowflake-arctic-embed-m-v2.0", "query: ", ""),
            ("models--intfloat--e5-base", "query: ", "passage: "), ("bge-m3", "", ""),
        ])
    func conventions(name: String, query: String, passage: String) {
        let prompts = EncoderPrompts.conventions(ofModelNamed: name)
        #expect(prompts == EncoderPrompts(query: query, passage: passage))
    }

    @Test("a name of no known family says nothing", arguments: ["all-minilm-l6-v2", "gte-small", "", "face5", "bge"])
    func unknown(name: String) {
        #expect(EncoderPrompts.conventions(ofModelNamed: name) == nil)
    }

    @Test("stated prompts win over the name's, empty ones don't count")
    func stated() throws {
        let folder = try TemporaryDirectory()
        let source = (Bundle.module.resourcePath ?? "") + "/Fixtures/tiny-mean"
        let path = folder.file("e5-tiny")
        try FileManager.default.copyItem(atPath: source, toPath: path)
        func prompts(_ json: String?) throws -> EncoderPrompts {
            if let json { try folder.write(json, to: "e5-tiny/config_sentence_transformers.json") }
            return try EncoderConfiguration(folder: path, name: "mine").prompts
        }
        #expect(try prompts(nil).passage == "passage: ")
        #expect(try prompts(#"{"prompts": {"query": "", "document": ""}}"#).query == "query: ")
        #expect(
            try prompts(#"{"prompts": {"query": "q ", "corpus": "c "}}"#) == EncoderPrompts(query: "q ", passage: "c "))
        #expect(throws: EncoderError.self) { try prompts(#"{"prompts": 3}"#) }
        try folder.write(
            #"{"pooling_mode": "mean", "include_prompt": false}"#, to: "e5-tiny/1_Pooling/config.json")
        #expect(throws: EncoderError.self) { try prompts(#"{"prompts": {"query": "q "}}"#) }
    }

    @Test("prompts and family are part of the fingerprint, and take their tokens from a passage's room")
    func fingerprint() throws {
        let source = (Bundle.module.resourcePath ?? "") + "/Fixtures/tiny-mean"
        let pool = ThreadPool(threadCount: 1)
        let plain = try SentenceEncoder(folder: source, name: "plain", pool: pool)
        let prompted = try SentenceEncoder(folder: source, name: "e5", pool: pool)
        #expect(plain.fingerprint != prompted.fingerprint)
        #expect(plain.fingerprint == (try SentenceEncoder(folder: source, name: "other", pool: pool).fingerprint))
        #expect(prompted.maxTokenCount == plain.maxTokenCount - plain.tokenCount(of: "passage: "))
        #expect(
            try prompted.embed(["order"], kind: .passage) == plain.embed(["passage: order"], kind: .query))
    }

    @Test("an entry of a Hugging Face cache stands for its main snapshot")
    func snapshot() throws {
        let folder = try TemporaryDirectory()
        let source = (Bundle.module.resourcePath ?? "") + "/Fixtures/tiny-mean"
        let entry = folder.file("models--x--e5-y")
        try folder.write("abc\n", to: "models--x--e5-y/refs/main")
        try folder.write("{}", to: "models--x--e5-y/snapshots/zzz/config.json")
        try FileManager.default.copyItem(atPath: source, toPath: entry + "/snapshots/abc")
        let encoder = try SentenceEncoder(folder: entry, name: "y", pool: ThreadPool(threadCount: 1))
        #expect(try encoder.embed(["pay"], kind: .query).tokenCounts[0] > 3)
    }
}
