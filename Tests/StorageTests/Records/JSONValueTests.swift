import Foundation
import Storage
import Testing

struct JSONValueTests {
    @Test(
        "a JSON value survives a round trip",
        arguments: [
            #"null"#, #"true"#, #"9007199254740993"#, #"-1.5"#, #""é\"\n""#, #"[1,2.5,"x",[],{}]"#,
            #"{"a":{"b":[null,false]},"n":-9223372036854775808}"#,
        ])
    func roundTrip(text: String) throws {
        let value = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
        let encoded = try JSONEncoder().encode(value)
        #expect(try JSONDecoder().decode(JSONValue.self, from: encoded) == value)
    }

    @Test("whole numbers keep all their digits, others become numbers")
    func numbers() throws {
        let value = try JSONDecoder().decode([JSONValue].self, from: Data("[9007199254740993, 2.5, 1e3, true]".utf8))
        #expect(value == [.int(9_007_199_254_740_993), .number(2.5), .int(1000), .bool(true)])
    }

    @Test(
        "chunking settings out of range are refused with the range",
        arguments: [
            (ChunkingSettings(targetTokens: 8, maxTokens: 100, overlapTokens: 0), "chunking.target_tokens"),
            (ChunkingSettings(targetTokens: 200, maxTokens: 100, overlapTokens: 0), "chunking.target_tokens"),
            (ChunkingSettings(targetTokens: 100, maxTokens: 9000, overlapTokens: 0), "chunking.max_tokens"),
            (ChunkingSettings(targetTokens: 100, maxTokens: 200, overlapTokens: 51), "chunking.overlap_tokens"),
        ])
    func chunking(settings: ChunkingSettings, field: String) {
        #expect {
            try settings.validate()
        } throws: {
            if case .invalidInput(field, _) = $0 as? StorageError { true } else { false }
        }
    }

    @Test("partial chunking settings get defaults that fit together")
    func partialChunking() throws {
        let settings = try JSONDecoder().decode(ChunkingSettings.self, from: Data(#"{"max_tokens": 64}"#.utf8))
        #expect(settings == ChunkingSettings(targetTokens: 64, maxTokens: 64, overlapTokens: 24))
        try settings.validate()
        let large = ChunkingSettings(givenTarget: 400, givenMax: nil, givenOverlap: nil)
        #expect(large == ChunkingSettings(targetTokens: 400, maxTokens: 400, overlapTokens: 24))
    }

    @Test("title and headings go with a chunk's text, each once")
    func embeddedText() {
        #expect(EmbeddedText.compose(title: "A", headingPath: ["A", "B"], text: "t") == "A > B\nt")
        #expect(EmbeddedText.compose(title: "", headingPath: [], text: "t") == "t")
    }
}
