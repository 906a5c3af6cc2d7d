import Decoders
import Generation
import LexicalIndex
import Retrieval
import Testing

@Suite("Answer requests")
struct AnswerRequestTests {
    @Test("an empty or endless question is refused", arguments: ["", "  \n", String(repeating: "x", count: 8_193)])
    func question(text: String) {
        #expect(throws: GenerationError.self) {
            try AnswerRequest(question: text, source: .collection("c")).validate()
        }
    }

    @Test("top_k has a range that the error names", arguments: [0, -1, 51, Int.max])
    func topK(value: Int) {
        var request = AnswerRequest(question: "why?", source: .collection("c"))
        request.topK = value
        #expect(throws: GenerationError.invalidRequest(reason: "top_k is \(value) and must be from 1 to 50")) {
            try request.validate()
        }
    }

    @Test("sampling out of range is refused", arguments: [-1, 5.5, Float.nan])
    func temperature(value: Float) {
        var request = AnswerRequest(question: "why?", source: .collection("c"))
        request.sampling.temperature = value
        #expect(throws: GenerationError.self) { try request.validate() }
    }

    @Test("defaults are valid")
    func defaults() throws {
        try AnswerRequest(question: "why?", source: .collection("c")).validate()
    }

    @Test("an unknown generator is named with the known ones, a missing one with how to set it up")
    func generators() throws {
        var registry = GeneratorRegistry(
            extractive: ExtractiveGenerator(
                embedder: BagOfWords(), analyzer: TextAnalyzer(),
                queue: ComputeQueue(label: "test", workerCount: 1, depth: 1)))
        registry.explain(missing: "remote", hint: "set it up")
        #expect(throws: GenerationError.generatorUnavailable(name: "remote", hint: "set it up")) {
            try registry.generator(named: "remote")
        }
        #expect {
            try registry.generator(named: "oracle")
        } throws: {
            "\($0)".contains("'oracle' is unknown") && "\($0)".contains("extractive")
        }
        #expect(try registry.generator(named: "auto").name == "extractive")
        registry.chooseAutomatic("local")
        #expect(registry.automatic == "extractive")
        registry.register(ScriptedGenerator(), as: "local")
        registry.chooseAutomatic("local")
        #expect(try registry.generator(named: "auto").name == "local")
        #expect(registry.names == ["extractive", "local"])
    }

    @Test(
        "only a question that leans on the turn before is completed",
        arguments: [
            ("And for Austria?", "How long does delivery take?", "And for Austria? long delivery take?"),
            ("Does it apply to kettles bought abroad?", "Is there a warranty?", nil),
            (
                "How do I reset my account password?", "How long does delivery take?",
                "How do I reset my account password?"
            ),
            ("Why?", "", "Why?"),
        ] as [(String, String, String?)])
    func standalone(question: String, previous: String, expected: String?) {
        let rewritten = StandaloneQuestion.rewrite(
            question, after: [ChatMessage(role: .user, content: previous)], analyzer: TextAnalyzer())
        if let expected { #expect(rewritten == expected) } else { #expect(rewritten.contains("warranty")) }
        #expect(StandaloneQuestion.rewrite(question, after: [], analyzer: TextAnalyzer()) == question)
    }
}
