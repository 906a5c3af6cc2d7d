import Decoders
import Foundation
import TestSupport
import Testing
import Tokenizers

@Suite("Texts that keep to a JSON schema", .timeLimit(.minutes(5)))
struct OutputConstraintTests {
    static func constraint(_ schema: String) throws -> OutputConstraint {
        try OutputConstraint(schemaText: Array(schema.utf8))
    }

    /// A schema, texts that it takes and texts that it doesn't.
    static let languages: [(schema: String, takes: [String], refuses: [String])] = [
        (#"{"type": "integer"}"#, ["0", "-12", "907"], ["", "01", "1.5", "+1", "1e3", " 1"]),
        (#"{"type": "number"}"#, ["0", "-1.25", "3e10", "0.5E-3"], [".5", "1.", "01", "NaN", "--1"]),
        (#"{"type": "boolean"}"#, ["true", "false"], ["null", "True"]),
        (#"{"type": ["null", "boolean"]}"#, ["null", "true"], ["1", "\"true\""]),
        (
            #"{"type": "string"}"#, ["\"\"", "\"a\\n\\u00e9 \\\" 東京 🇮🇸\""],
            ["\"", "a", "\"\n\"", "\"\\x\"", "\"\\ud800\"", "\"a\"b"]
        ),
        (
            #"{"type": "string", "minLength": 2, "maxLength": 3}"#, ["\"ab\"", "\"é東\\n\""],
            ["\"a\"", "\"abcd\"", "\"\""]
        ),
        (
            #"{"enum": ["red", "gr\"een", 3, null]}"#, ["\"red\"", "\"gr\\\"een\"", "3", "null"],
            ["\"blue\"", "33", "re"]
        ),
        (#"{"const": {"a": [1, true]}}"#, [#"{"a":[1,true]}"#], ["{}", #"{"a":[1]}"#]),
        (
            #"{"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 3}"#,
            ["[1]", "[1, 2,3]"], ["[]", "[1,2,3,4]", "[1,]", "[1 ,2]", "[\"a\"]"]
        ),
        (#"{"type": "array", "items": true, "maxItems": 0}"#, ["[]"], ["[1]"]),
        (
            #"{"type": "object", "properties": {"b": {"type": "integer"}, "a": {"type": "boolean"}, "c": {}}, "#
                + #""required": ["a"], "additionalProperties": false}"#,
            [#"{"a":true}"#, #"{"b": 1, "a": false, "c": {"x": [null]}}"#, #"{"a":true,"c":"z"}"#],
            ["{}", #"{"b":1}"#, #"{"a":true,"b":1}"#, #"{"a":true,}"#, #"{"a":true,"d":1}"#, #"{,"a":true}"#]
        ),
        (
            #"{"type": "object", "properties": {"a": {"type": "null"}, "b": {"type": "null"}}}"#,
            ["{}", #"{"b":null}"#, #"{"a":null,"b":null}"#], [#"{"b":null,"a":null}"#]
        ),
        (
            #"{"type": "object", "additionalProperties": {"type": "integer"}}"#, ["{}", #"{"x":1,"y": 2}"#],
            [#"{"x":"1"}"#, "[]"]
        ),
        (
            ##"{"anyOf": [{"type": "integer"}, {"type": "object", "properties": {"n": {"$ref": "#"}}, "##
                + ##""required": ["n"]}]}"##,
            ["7", #"{"n":{"n":3}}"#], ["{}", #"{"n":null}"#]
        ),
        (
            ##"{"$ref": "#/$defs/list", "$defs": {"list": {"type": "array", "items": {"$ref": "#/$defs/list"}}}}"##,
            ["[]", "[[],[[]]]"], ["[1]", "[[]"]
        ),
        (
            #"{"type": "integer", "minimum": -5, "maximum": 120}"#, ["-5", "0", "99", "120"],
            ["-6", "121", "1000", "-0"]
        ),
        (#"{"type": "integer", "minimum": 17}"#, ["17", "20", "99", "100", "123456"], ["16", "9", "-20"]),
        (
            #"{"type": "string", "pattern": "^[A-Z]{2}-\\d+$"}"#, ["\"AB-1\"", "\"XY-007\""],
            ["\"Ab-1\"", "\"AB-\"", "\"AB-1 \""]
        ),
        (#"{"type": "string", "pattern": "a(b|cd)?e"}"#, ["\"ae\"", "\"xx acde yy\""], ["\"abcde\"", "\"a\""]),
        (
            #"{"type": "string", "pattern": "^[^a\\\\]\\.\\\"?$"}"#, ["\"b.\"", "\"é.\\\"\""],
            ["\"a.\"", "\"\\\\.\"", "\"bx\""]
        ),
        (#"{"type": "string", "format": "date"}"#, ["\"2026-11-26\""], ["\"2026-13-01\"", "\"26-11-26\""]),
        (#"{"type": "object"}"#, ["{}", #"{"a": {"b": [1, "x", null]}}"#], ["[]", "3", #"{"a"}"#]),
    ]

    @Test("a schema takes what it describes and nothing else", arguments: languages.indices)
    func takesItsOwn(_ index: Int) throws {
        let (schema, takes, refuses) = Self.languages[index]
        let constraint = try Self.constraint(schema)
        for text in takes { #expect(constraint.accepts(text), "\(schema) takes \(text)") }
        for text in refuses { #expect(!constraint.accepts(text), "\(schema) refuses \(text)") }
    }

    @Test("integer ranges hold exactly their numbers")
    func integerRanges() throws {
        var random = SeededGenerator(seed: 8)
        for _ in 0..<30 {
            let low = Int.random(in: -1_200...1_200, using: &random)
            let high = low + Int.random(in: 0...900, using: &random)
            let constraint = try Self.constraint(#"{"type": "integer", "minimum": \#(low), "maximum": \#(high)}"#)
            for number in (low - 40)...(high + 40) {
                #expect(constraint.accepts("\(number)") == (low...high).contains(number), "\(number) of \(low)…\(high)")
            }
        }
    }

    @Test(
        "what can't be kept to is refused, with its place",
        arguments: [
            (
                #"{"type": "object", "properties": {"a": {"type": "number", "minimum": 1}}}"#, "#/properties/a",
                "'minimum'"
            ),
            (#"{"type": "string", "pattern": "(?=a)b"}"#, "#", "plain groups"),
            (#"{"type": "string", "pattern": "(a"}"#, "#", "no end"),
            (#"{"type": "string", "pattern": "a\\b"}"#, "#", "not supported"),
            (#"{"type": "string", "format": "duration"}"#, "#", "format"),
            (#"{"type": "widget"}"#, "#", "widget"), (#"{"allOf": [{}, {}]}"#, "#", "allOf"),
            (#"{"enum": []}"#, "#", "enum"), ("false", "#", "false"),
            (#"{"type": "array", "uniqueItems": true}"#, "#", "uniqueItems"),
            (#"{"type": "object", "required": ["x"]}"#, "#", "'x'"), (##"{"$ref": "#/$defs/no"}"##, "#", "not there"),
            (##"{"type": "object", "properties": {"n": {"$ref": "#"}}, "required": ["n"]}"##, "#", "nested references"),
            (#"{"type": "array", "minItems": 3, "maxItems": 2}"#, "#", "greater"),
            (#"{"type": "string", "maxLength": 1.5}"#, "#", "maxLength"), ("{", "byte", "JSON"), ("[]", "#", "neither"),
        ])
    func unsupported(schema: String, place: String, reason: String) {
        let error = #expect(throws: DecoderError.self) { _ = try Self.constraint(schema) }
        let text = error.map { "\($0)" } ?? ""
        #expect(text.contains(place) && text.contains(reason), "\(text)")
    }

    /// Schemas whose texts end, for a model whose weights are random.
    static let finite = [
        #"{"type": "object", "properties": {"name": {"type": "string", "maxLength": 6}, "age": {"type": "integer"}, "#
            + #""tags": {"type": "array", "items": {"enum": ["a", "bc"]}, "maxItems": 2}}, "required": ["name", "tags"]}"#,
        #"{"anyOf": [{"type": "boolean"}, {"type": "array", "items": {"type": "null"}, "minItems": 2, "maxItems": 4}]}"#,
        ##"{"$defs": {"n": {"type": "object", "properties": {"v": {"enum": [1, 2]}, "next": {"anyOf": [{"$ref": "##
            + ##""#/$defs/n"}, {"type": "null"}]}}, "required": ["v", "next"]}}, "$ref": "#/$defs/n"}"##,
        #"{"type": "string", "pattern": "^[a-z]{2}(-\\d{1,2})?$"}"#,
    ]

    @Test("whatever is drawn, the text parses and is of the schema, with guesses or without", arguments: finite.indices)
    func drawn(_ index: Int) throws {
        let model = try TinyModel.load()
        let constraint = try Self.constraint(Self.finite[index])
        for seed in 0..<12 as Range<UInt64> {
            var parameters = SamplingParameters(
                temperature: seed % 3 == 0 ? 0 : 1.5, topK: seed % 2 == 0 ? 0 : 8, topP: 1, minP: 0, seed: seed,
                maxTokens: 120, logprobs: true)
            parameters.constraint = constraint
            let text = try model.generate(prompt: [1, 2, 3], parameters: parameters)
            let plain = try model.generate(
                prompt: [1, 2, 3], parameters: parameters, options: GenerationOptions(drafting: false))
            #expect(text.tokens == plain.tokens && text.text == plain.text)
            guard text.finishReason == .stop else {
                #expect(text.tokens.count >= 120, "ends only at the limit: \(text.text)")
                continue
            }
            #expect(constraint.accepts(text.text), "\(text.text)")
            #expect(throws: Never.self) {
                try JSONSerialization.jsonObject(with: Data(text.text.utf8), options: .fragmentsAllowed)
            }
        }
    }

    @Test("a constrained text in company is the same as alone")
    func batched() async throws {
        let model = try TinyModel.load("tiny-q8_0.gguf")
        let scheduler = DecoderScheduler(model: model)
        var parameters = SamplingParameters(temperature: 1, topK: 0, topP: 1, minP: 0, seed: 3, maxTokens: 60)
        parameters.constraint = try Self.constraint(Self.finite[0])
        let wanted = parameters
        async let free = DecoderSchedulerTests.write(scheduler, [5, 6, 7], SamplingParameters(maxTokens: 30))
        async let bound = DecoderSchedulerTests.write(scheduler, [1, 2, 3], wanted)
        #expect(try await bound.ids == model.generate(prompt: [1, 2, 3], parameters: wanted).tokens)
        #expect(
            try await free.ids
                == model.generate(prompt: [5, 6, 7], parameters: SamplingParameters(maxTokens: 30)).tokens)
    }

    @Test("JSON keeps its keys' order, and what isn't JSON is refused")
    func orderedJSON() throws {
        let text = #"{"z": [1, -2.5e3, "a\u00e9\ud83d\ude00\n"], "a": {"b": null, "a": true}}"#
        let json = try OrderedJSON(parsing: Array(text.utf8))
        guard case .object(let members) = json else { return }
        #expect(members.map(\.key) == ["z", "a"])
        #expect(json["z"] == .array([.number("1"), .number("-2.5e3"), .string("aé😀\n")]))
        let deep = String(repeating: "[", count: 500)
        for bad in ["", "{", "[1,]", "{\"a\" 1}", "nul", "\"a", "\"\\ud800\"", "01x", "1 2", "\"\u{1}\"", "+1", deep] {
            #expect(throws: DecoderError.self) { _ = try OrderedJSON(parsing: Array(bad.utf8)) }
        }
    }
}
