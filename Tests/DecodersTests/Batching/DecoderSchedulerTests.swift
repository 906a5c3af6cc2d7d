import Decoders
import TestSupport
import Testing
import Tokenizers

@Suite("Texts written at once", .timeLimit(.minutes(5)))
struct DecoderSchedulerTests {
    /// One text as a caller sees it.
    struct Written: Sendable {
        var pieces = ""
        var ids: [TokenID] = []
        var text: DecodedText?
    }

    static func write(
        _ scheduler: DecoderScheduler, _ prompt: [TokenID], _ parameters: SamplingParameters, drafting: Bool = true
    ) async throws -> Written {
        var written = Written()
        for try await event in try scheduler.text(prompt: prompt, parameters: parameters, drafting: drafting) {
            switch event {
            case .token(let token):
                written.pieces += token.text
                written.ids.append(token.id)
            case .finished(let text): written.text = text
            }
        }
        return written
    }

    /// Prompts of different lengths, greedy and drawn, with stops and limits.
    static func parameters(_ index: Int) -> SamplingParameters {
        SamplingParameters(
            temperature: index % 3 == 0 ? 0 : 0.3 * Float(index % 3), topK: index % 2 == 0 ? 0 : 20, topP: 1, minP: 0,
            repeatPenalty: index % 4 == 1 ? 1.1 : 1, presencePenalty: index % 5 == 2 ? 0.4 : 0, seed: UInt64(index),
            maxTokens: 8 + index * 5, logprobs: true)
    }

    static func prompt(_ index: Int) -> [TokenID] {
        index % 3 == 2
            ? Array(DraftingTests.prompt(UInt64(index)).prefix(3 + index)) : DraftingTests.prompt(UInt64(index))
    }

    @Test(
        "a text is the same in company as alone, greedy or drawn, with guesses or without",
        arguments: DraftingTests.files)
    func sameAsAlone(_ file: String) async throws {
        let model = try TinyModel.load(file)
        for (drafting, prefixes) in [(true, PrefixCache()), (false, nil)] {
            var limits = DecoderScheduler.Limits()
            limits.runningCount = 4
            limits.pieceTokenCount = 5
            limits.turnTokenCount = 10
            let scheduler = DecoderScheduler(model: model, limits: limits, prefixes: prefixes)
            let texts = try await withThrowingTaskGroup(of: (Int, Written).self) { group in
                for index in 0..<10 {
                    group.addTask {
                        (
                            index,
                            try await Self.write(
                                scheduler, Self.prompt(index), Self.parameters(index), drafting: drafting)
                        )
                    }
                }
                return try await group.reduce(into: [Int: Written]()) { $0[$1.0] = $1.1 }
            }
            for index in 0..<10 {
                let alone = try model.generate(
                    prompt: Self.prompt(index), parameters: Self.parameters(index),
                    options: GenerationOptions(drafting: drafting))
                let written = try #require(texts[index])
                let text = try #require(written.text)
                #expect(text.tokens == alone.tokens && text.text == alone.text && written.pieces == alone.text)
                #expect(text.logprobs == alone.logprobs && text.finishReason == alone.finishReason)
            }
            let statistics = scheduler.statistics
            #expect(statistics.runningCount == 0 && statistics.waitingCount == 0 && statistics.endedCount == 10)
            #expect(statistics.writtenTokenCount == texts.values.reduce(0) { $0 + ($1.text?.tokens.count ?? 0) })
            #expect((statistics.acceptedTokenCount > 0) == drafting)
            #expect(statistics.passCount < statistics.writtenTokenCount + 10, "passes were shared")
        }
    }

    @Test("a prompt that begins like one under way takes over what that one has read")
    func sharedBeginning() async throws {
        let model = try TinyModel.load()
        let scheduler = DecoderScheduler(model: model, prefixes: PrefixCache())
        let common = (0..<50).map { TokenID(10 + $0 * 37 % 200) }
        let parameters = SamplingParameters(maxTokens: 40, logprobs: true)
        let texts = try await withThrowingTaskGroup(of: (Int, Written).self) { group in
            for index in 0..<4 {
                let prompt = common + [TokenID(index), 3, 4]
                group.addTask { (index, try await Self.write(scheduler, prompt, parameters)) }
            }
            return try await group.reduce(into: [Int: Written]()) { $0[$1.0] = $1.1 }
        }
        for index in 0..<4 {
            let alone = try model.generate(prompt: common + [TokenID(index), 3, 4], parameters: parameters)
            #expect(texts[index]?.text?.tokens == alone.tokens)
            #expect(texts[index]?.text?.logprobs == alone.logprobs)
        }
        #expect(scheduler.statistics.reusedTokenCount == 3 * common.count)
        #expect(scheduler.statistics.readTokenCount == common.count + 4 * 3)
    }

    @Test("a text that nobody reads any more gives its place to the next one")
    func cancellation() async throws {
        let model = try TinyModel.load()
        var limits = DecoderScheduler.Limits()
        limits.runningCount = 1
        let scheduler = DecoderScheduler(model: model, limits: limits)
        // A text that would fill the whole context.
        let endless = SamplingParameters(temperature: 1, topK: 0, topP: 1, minP: 0, maxTokens: 120)
        let reading = Task { try await Self.write(scheduler, [1, 2, 3], endless) }
        let waiting = Task { try await Self.write(scheduler, [4, 5, 6], endless) }
        waiting.cancel()
        reading.cancel()
        let last = try await Self.write(scheduler, [7, 8, 9], SamplingParameters(maxTokens: 3))
        #expect(last.ids.count == 3)
        _ = try? await (reading.value, waiting.value)
        #expect(scheduler.statistics.runningCount == 0 && scheduler.statistics.waitingCount == 0)
    }

    @Test("more texts than may wait are refused")
    func overloaded() async throws {
        let model = try TinyModel.load()
        var limits = DecoderScheduler.Limits()
        limits.runningCount = 1
        limits.waitingCount = 1
        let scheduler = DecoderScheduler(model: model, limits: limits)
        let long = SamplingParameters(temperature: 1, topK: 0, topP: 1, minP: 0, maxTokens: 120)
        var streams: [AsyncThrowingStream<DecoderScheduler.Event, any Error>] = []
        var refusal: DecoderError?
        for _ in 0..<20 where refusal == nil {
            do { streams.append(try scheduler.text(prompt: [1, 2, 3], parameters: long)) } catch { refusal = error }
        }
        #expect(refusal == .overloaded(limit: 1))
        #expect(scheduler.statistics.refusedCount == 1)
        for stream in streams { for try await _ in stream {} }
        #expect(try await Self.write(scheduler, [1, 2], SamplingParameters(maxTokens: 2)).ids.count == 2)
    }

    @Test("what a single text refuses is refused before it waits")
    func badRequests() throws {
        let scheduler = DecoderScheduler(model: try TinyModel.load())
        #expect(throws: DecoderError.emptyPrompt) { _ = try scheduler.text(prompt: [], parameters: .init()) }
        #expect(throws: DecoderError.invalidToken(id: 270, vocabularySize: 270)) {
            _ = try scheduler.text(prompt: [270], parameters: .init())
        }
        #expect(throws: DecoderError.contextOverflow(tokenCount: 129, limit: 128)) {
            _ = try scheduler.text(prompt: [TokenID](repeating: 1, count: 128), parameters: .init())
        }
        #expect(throws: DecoderError.self) { _ = try scheduler.text(prompt: [1], parameters: .init(topP: 0)) }
    }

    @Test("a scheduler that goes away ends its texts")
    func goingAway() async throws {
        let model = try TinyModel.load()
        let stream = try DecoderScheduler(model: model).text(
            prompt: [1, 2, 3], parameters: SamplingParameters(temperature: 1, topK: 0, maxTokens: 120))
        var last: DecodedText?
        for try await event in stream { if case .finished(let text) = event { last = text } }
        #expect(last != nil)
    }
}
