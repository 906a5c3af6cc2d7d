import Decoders
import Generation
import Testing

@Suite("Falling back to another generator")
struct FallbackGeneratorTests {
    private let request = GenerationRequest(question: "why?", passages: [], parameters: SamplingParameters())
    private let failure = GenerationError.remoteFailed(reason: "no connection")

    private func run(_ generator: any TextGenerating) async throws -> (text: String, summary: GenerationSummary?) {
        var text = ""
        var summary: GenerationSummary?
        for try await event in generator.generate(request) {
            switch event {
            case .text(let piece): text += piece
            case .finished(let value): summary = value
            }
        }
        return (text, summary)
    }

    @Test("a failure before the first word lets the other one answer, with a note")
    func beforeFirstWord() async throws {
        let generator = FallbackGenerator(
            primary: ScriptedGenerator(name: "remote", ending: .failed(failure)),
            fallback: ScriptedGenerator("Because.", name: "extractive"))
        let (text, summary) = try await run(generator)
        #expect(text == "Because.")
        #expect(summary?.generator == "extractive")
        #expect(
            summary?.notes
                == ["remote failed (the remote model failed: no connection), extractive answered instead"])
        #expect(generator.name == "remote")
    }

    @Test("a failure after the first word is passed on")
    func afterFirstWord() async throws {
        let fallback = ScriptedGenerator("Because.", name: "extractive")
        let generator = FallbackGenerator(
            primary: ScriptedGenerator("Be", name: "remote", ending: .failed(failure)), fallback: fallback)
        await #expect(throws: failure) { try await run(generator) }
        #expect(fallback.requests.isEmpty)
    }

    @Test("no failure, no note")
    func noFailure() async throws {
        let fallback = ScriptedGenerator("Because.", name: "extractive")
        let (text, summary) = try await run(
            FallbackGenerator(primary: ScriptedGenerator("So.", name: "remote"), fallback: fallback))
        #expect(text == "So.")
        #expect(summary?.notes == [])
        #expect(fallback.requests.isEmpty)
    }

    @Test("when both fail the second failure is reported")
    func bothFail() async throws {
        let last = GenerationError.decoderFailed(reason: "broken")
        let generator = FallbackGenerator(
            primary: ScriptedGenerator(name: "remote", ending: .failed(failure)),
            fallback: ScriptedGenerator(name: "local", ending: .failed(last)))
        await #expect(throws: last) { try await run(generator) }
    }

    @Test("three in a row work as two do")
    func chained() async throws {
        let inner = FallbackGenerator(
            primary: ScriptedGenerator(name: "local", ending: .failed(.decoderFailed(reason: "broken"))),
            fallback: ScriptedGenerator("Because.", name: "extractive"))
        let (text, summary) = try await run(
            FallbackGenerator(primary: ScriptedGenerator(name: "remote", ending: .failed(failure)), fallback: inner))
        #expect(text == "Because.")
        #expect(summary?.notes.count == 2)
    }
}
