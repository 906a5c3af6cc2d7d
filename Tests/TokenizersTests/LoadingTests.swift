import Foundation
import TestSupport
import Testing
import Tokenizers

@Suite("Loading tokenizers")
struct LoadingTests {
    @Test("a path without a tokenizer says so")
    func nothingThere() throws {
        let folder = try TemporaryDirectory()
        for path in [folder.path, folder.file("none.json"), folder.file("none.gguf")] {
            #expect(throws: TokenizerError.notFound(path: path)) { try TokenizerLoader.load(path: path) }
        }
    }

    @Test(
        "damaged files are refused with the place of the damage",
        arguments: [
            "", "{", "[]", "null", "{\"model\": 3}", "{\"model\": {\"type\": \"WordPiece\"}}",
            "{\"a\": \"\\ud800\\u0041\"}",
            "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": -1}, \"merges\": []}}",
            "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": [\"ab\"]}, \"pre_tokenizer\": {\"type\": \"ByteLevel\"}}",
            "{\"model\": {\"type\": \"WordPiece\", \"vocab\": {\"a\": 0}}, \"normalizer\": {\"type\": \"BertNormalizer\"},"
                + "\"pre_tokenizer\": {\"type\": \"BertPreTokenizer\"}}",
            "{\"model\": {\"type\": \"Unigram\", \"vocab\": []}}",
            "{\"model\": {\"type\": \"BPE\", \"byte_fallback\": true, \"vocab\": {\"a\": 0}}}",
            "{\"model\": {\"type\": \"BPE\", \"byte_fallback\": true, \"vocab\": {\"a\": 0}, \"merges\": [\"a a\"]}}",
            "{\"model\": {\"type\": \"BPE\", \"byte_fallback\": true, \"vocab\": {\"aa\": 0}, \"merges\": [\"a a\"]}}",
            "{\"model\": {\"type\": \"BPE\", \"byte_fallback\": true, \"vocab\": {\"a\": 0}, \"merges\": [], \"unk_token\": \"u\"}}",
            "{\"model\": {\"type\": \"BPE\", \"byte_fallback\": true, \"vocab\": {\"a\": 0}, \"merges\": []}, \"post_processor\": "
                + "{\"type\": \"TemplateProcessing\", \"single\": [{\"SpecialToken\": {\"id\": \"s\"}}], "
                + "\"special_tokens\": {\"s\": {\"ids\": [9]}}}}",
            "{\"model\": {\"type\": \"Unigram\", \"unk_id\": 1, \"vocab\": [[\"a\", 0]]}}",
            "{\"model\": {\"type\": \"Unigram\", \"unk_id\": 0, \"vocab\": [[\"a\", \"0\"]]}}",
            "{\"model\": {\"type\": \"Unigram\", \"unk_id\": 0, \"vocab\": [[\"a\", 0]]}, \"normalizer\": "
                + "{\"type\": \"Precompiled\", \"precompiled_charsmap\": \"AAAAAAAA\"}}",
            "{\"model\": {\"type\": \"WordPiece\", \"vocab\": {\"a\": 0.5}}}", "{\"model\": {}} x", "{\"model\": tru",
            "\"" + String(repeating: "a", count: 1000),
        ])
    func malformed(text: String) throws {
        let folder = try TemporaryDirectory()
        let path = try folder.write(text, to: "tokenizer.json")
        #expect {
            try TokenizerLoader.load(path: path)
        } throws: { error in
            guard case .malformed(let where_, _) = error as? TokenizerError else { return false }
            return where_ == path
        }
    }

    @Test("deep nesting and huge ids are refused before they cost anything")
    func limits() throws {
        let folder = try TemporaryDirectory()
        let deep = try folder.write(String(repeating: "[", count: 100_000), to: "deep.json")
        #expect(throws: TokenizerError.self) { try TokenizerLoader.load(path: deep) }
        let huge = try folder.write(
            "{\"model\": {\"type\": \"WordPiece\", \"vocab\": {\"a\": 2000000000}}}", to: "huge.json")
        #expect(
            throws: TokenizerError.limitExceeded(
                path: huge, what: "the vocabulary", limit: TokenizerLimits.vocabularySize)
        ) { try TokenizerLoader.load(path: huge) }
    }

    @Test(
        "other tokenizer families are refused by name",
        arguments: [
            ("{\"model\": {\"type\": \"WordLevel\", \"vocab\": {}}}", "the model type WordLevel"),
            (
                "{\"model\": {\"type\": \"Unigram\", \"unk_id\": 0, \"vocab\": [[\"a\", 0]]}, \"pre_tokenizer\": {\"type\": \"ByteLevel\"}}",
                "the pre-tokenizer ByteLevel"
            ),
            (
                "{\"model\": {\"type\": \"Unigram\", \"unk_id\": 0, \"vocab\": [[\"a\", 0]]}, \"normalizer\": {\"type\": \"Nmt\"}}",
                "the normalizer Nmt"
            ),
            (
                "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": []}, \"pre_tokenizer\": {\"type\": \"Metaspace\"}}",
                "the pre-tokenizer Metaspace"
            ),
            (
                "{\"model\": {\"type\": \"BPE\", \"byte_fallback\": true, \"vocab\": {\"a\": 0}, \"merges\": []}, \"pre_tokenizer\": {\"type\": \"ByteLevel\"}}",
                "the pre-tokenizer ByteLevel with byte fallback"
            ),
            (
                "{\"model\": {\"type\": \"BPE\", \"byte_fallback\": true, \"vocab\": {\"a\": 0}, \"merges\": []}, \"decoder\": {\"type\": \"Strip\", \"content\": \" \"}}",
                "the decoder Strip as it stands there"
            ),
            (
                "{\"model\": {\"type\": \"BPE\", \"byte_fallback\": true, \"dropout\": 0.1, \"vocab\": {\"a\": 0}, \"merges\": []}}",
                "dropout, which makes ids random"
            ),
            (
                "{\"model\": {\"type\": \"BPE\", \"byte_fallback\": true, \"end_of_word_suffix\": \"x\", \"vocab\": {\"a\": 0}, \"merges\": []}}",
                "end_of_word_suffix"
            ),
        ])
    func unsupported(text: String, feature: String) throws {
        let folder = try TemporaryDirectory()
        let path = try folder.write(text, to: "tokenizer.json")
        #expect {
            try TokenizerLoader.load(path: path)
        } throws: { error in
            guard case .unsupported(_, let found, let known) = error as? TokenizerError else { return false }
            return found == feature && !known.isEmpty && "\(error)".contains(feature)
        }
    }

    @Test("every truncation of a tokenizer.json is refused or read, never a crash")
    func truncations() throws {
        let bytes = try Fixtures.bytes("bpe-gpt2.json")
        let folder = try TemporaryDirectory()
        for length in stride(from: 0, to: bytes.count, by: 211) {
            let path = try folder.write(bytes[..<length], to: "tokenizer.json")
            #expect(throws: TokenizerError.self) { try TokenizerLoader.load(path: path) }
        }
    }

    @Test("a GGUF file that is noise is refused")
    func noiseGGUF() throws {
        let folder = try TemporaryDirectory()
        let path = try folder.write(Array("GGUF".utf8) + Array(repeating: 0xAB, count: 4000), to: "noise.gguf")
        #expect(throws: TokenizerError.self) { try TokenizerLoader.load(path: path) }
    }
}
