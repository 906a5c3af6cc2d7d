import Decoders
import Generation
import Kernels
import Retrieval
import TestSupport
import Testing

@Suite("The local decoder's answers", .timeLimit(.minutes(5)))
struct LocalGeneratorTests {
    private static func decoder(_ path: String, _ limits: DecoderScheduler.Limits = .init()) -> LocalDecoder {
        LocalDecoder(
            loading: { try DecoderModel(path: path, pool: ThreadPool(threadCount: 2)) }, modelName: "small",
            queue: ComputeQueue(label: "test", workerCount: 2, depth: 64), limits: limits)
    }

    private static func request(_ question: String, maxTokens: Int = 12) -> GenerationRequest {
        GenerationRequest(
            question: question, passages: [.sample(1, "Kettles have a warranty of 24 months.", title: "Warranty")],
            parameters: SamplingParameters(maxTokens: maxTokens))
    }

    private static func text(_ generator: LocalGenerator, _ question: String) async throws -> String {
        var text = ""
        for try await event in generator.generate(request(question)) {
            if case .text(let piece) = event { text += piece }
        }
        return text
    }

    @Test("answers written at once are those written one after the other", .enabled(if: TestModels.hasDecoder))
    func together() async throws {
        let questions = ["How long is the warranty?", "What has a warranty?", "Is there a warranty of kettles?"]
        let decoder = Self.decoder(TestModels.decoderFile)
        let generator = LocalGenerator(decoder: decoder, prompts: try PromptLibrary())
        var alone: [String] = []
        for question in questions { alone.append(try await Self.text(generator, question)) }
        let together = try await withThrowingTaskGroup(of: (Int, String).self) { group in
            for (index, question) in questions.enumerated() {
                group.addTask { (index, try await Self.text(generator, question)) }
            }
            return try await group.reduce(into: [Int: String]()) { $0[$1.0] = $1.1 }
        }
        #expect(questions.indices.map { together[$0] } == alone)
        #expect(alone.allSatisfy { !$0.isEmpty })
        #expect(decoder.statistics.endedCount == 6 && decoder.statistics.reusedTokenCount > 0)
    }

    @Test("giving up reading ends the text", .enabled(if: TestModels.hasDecoder))
    func cancelled() async throws {
        let decoder = Self.decoder(TestModels.decoderFile)
        let generator = LocalGenerator(decoder: decoder, prompts: try PromptLibrary())
        for try await _ in generator.generate(Self.request("Tell me a long story.", maxTokens: 2_000)) { break }
        while decoder.statistics.runningCount > 0 || decoder.statistics.endedCount == 0 {
            try await Task.sleep(for: .milliseconds(5))
        }
        #expect(decoder.statistics.writtenTokenCount < 1_000)
    }

    @Test("a prompt that can't fit, and a model that isn't there, are said")
    func failures() async throws {
        let tiny = LocalGenerator(decoder: Self.decoder(TestModels.tinyDecoderFile), prompts: try PromptLibrary())
        let tooLong = await #expect(throws: GenerationError.self) { _ = try await Self.text(tiny, "How long?") }
        guard case .promptTooLong(_, let limit) = tooLong else {
            Issue.record("\(String(describing: tooLong))")
            return
        }
        #expect(limit < 128)
        let missing = LocalGenerator(decoder: Self.decoder("/nowhere.gguf"), prompts: try PromptLibrary())
        let error = await #expect(throws: GenerationError.self) { _ = try await Self.text(missing, "How long?") }
        guard case .decoderFailed = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}
