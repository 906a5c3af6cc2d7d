import Decoders
import Synchronization
import Tokenizers

/// What a decoder writes for several at once against what it writes for one, how long a text waits for a prompt beside it, and how soon a
/// given-up text makes room.
struct DecodeConcurrency {
    let model: DecoderModel
    let count: Int
    let promptTokenCount: Int
    let maxTokens: Int

    private struct Output: Encodable {
        /// Tokens per second of writing, the prompts read before: one text alone, and all together.
        struct Rates: Encodable {
            var single: Double
            var total: Double
            var ratio: Double
        }
        var concurrent: Int
        var plain: Rates
        var drafted: Rates
        /// With the prompts' reading counted in, without guesses.
        var wholeRatio: Double
        var cancelMilliseconds: Double
        /// The longest wait between two tokens of a text, alone and while a prompt of 2,000 tokens is read.
        var gapAloneMilliseconds: Double
        var gapMilliseconds: Double

        enum CodingKeys: String, CodingKey {
            case concurrent, plain, drafted
            case wholeRatio = "whole_ratio"
            case cancelMilliseconds = "cancel_ms"
            case gapAloneMilliseconds = "gap_alone_ms"
            case gapMilliseconds = "gap_ms"
        }
    }

    /// Seconds from the first token written to the last, of all texts, and from the start.
    private struct Run {
        var writing: Double
        var whole: Double
        var tokens: Int
        var rate: Double { Double(tokens) / writing }
    }

    /// Measures in turn and prints the medians.
    func report(repeatCount: Int, json: Bool) async throws {
        _ = try await run(1, drafting: false, seed: 99)
        var runs: [(single: Run, all: Run, draftedSingle: Run, draftedAll: Run)] = []
        var cancels: [Double] = []
        var gaps: [(alone: Double, beside: Double)] = []
        for round in 0..<repeatCount {
            runs.append(
                (
                    try await run(1, drafting: false, seed: round), try await run(count, drafting: false, seed: round),
                    try await run(1, drafting: true, seed: round), try await run(count, drafting: true, seed: round)
                ))
            cancels.append(try await cancelTime())
            gaps.append((try await gap(besideTokens: 0), try await gap(besideTokens: 2_000)))
        }
        func median(_ value: ((single: Run, all: Run, draftedSingle: Run, draftedAll: Run)) -> Double) -> Double {
            BenchDecodeCommand.median(runs.map(value))
        }
        let output = Output(
            concurrent: count,
            plain: Output.Rates(
                single: median { $0.single.rate }, total: median { $0.all.rate },
                ratio: median { $0.all.rate / $0.single.rate }),
            drafted: Output.Rates(
                single: median { $0.draftedSingle.rate }, total: median { $0.draftedAll.rate },
                ratio: median { $0.draftedAll.rate / $0.draftedSingle.rate }),
            wholeRatio: median { Double($0.all.tokens) / $0.all.whole / (Double($0.single.tokens) / $0.single.whole) },
            cancelMilliseconds: cancels.max() ?? 0, gapAloneMilliseconds: BenchDecodeCommand.median(gaps.map(\.alone)),
            gapMilliseconds: BenchDecodeCommand.median(gaps.map(\.beside)))
        if json { return try Terminal.printJSON(output) }
        for (name, rates) in [("without guesses", output.plain), ("with guesses", output.drafted)] {
            Terminal.print(
                "\(name): one \(Int(rates.single)) tokens/s, \(count) together \(Int(rates.total)): "
                    + "\((rates.ratio * 100).rounded() / 100) x")
        }
        Terminal.print(
            "longest wait between two tokens: \(Int(output.gapAloneMilliseconds.rounded(.up))) ms alone, "
                + "\(Int(output.gapMilliseconds.rounded(.up))) ms beside a prompt of 2,000 tokens")
        Terminal.print("a given-up text makes room within \(Int(output.cancelMilliseconds.rounded(.up))) ms")
    }

    /// Ordinary tokens with repetitions to guess from, other ones for each text.
    private func prompt(_ text: Int, _ seed: Int) -> [TokenID] {
        let period = 97
        return (0..<promptTokenCount).map { place in
            TokenID(100 + ((place % period + text * 31 + seed * 7) * 7919) % max(1, model.vocabularySize - 200))
        }
    }

    private func run(_ texts: Int, drafting: Bool, seed: Int) async throws -> Run {
        let scheduler = DecoderScheduler(model: model)
        let clock = ContinuousClock()
        let start = clock.now
        let marks = Marks(texts: texts)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for text in 0..<texts {
                let ids = prompt(text, seed)
                let parameters = SamplingParameters(maxTokens: maxTokens)
                let events = try scheduler.text(prompt: ids, parameters: parameters, drafting: drafting)
                group.addTask {
                    var isFirst = true
                    for try await event in events {
                        marks.note(event, isFirst: isFirst)
                        isFirst = false
                    }
                }
            }
            try await group.waitForAll()
        }
        let (tokens, writing) = marks.result
        return Run(writing: writing, whole: (clock.now - start) / .seconds(1), tokens: tokens)
    }

    /// The longest wait in milliseconds between two tokens of a text beside which a prompt of `count` tokens is read.
    private func gap(besideTokens count: Int) async throws -> Double {
        let scheduler = DecoderScheduler(model: model)
        let long = (0..<min(count, model.contextLength - 2)).map { TokenID(100 + $0 % 997) }
        var longest = Duration.zero
        var last: ContinuousClock.Instant?
        var written = 0
        var reading: Task<Void, any Error>?
        let parameters = SamplingParameters(maxTokens: 150)
        for try await event in try scheduler.text(prompt: prompt(0, 1), parameters: parameters, drafting: false) {
            guard case .token = event else { break }
            let now = ContinuousClock.now
            if let last, written > 10 { longest = max(longest, now - last) }
            last = now
            written += 1
            if written == 10, !long.isEmpty {
                let events = try scheduler.text(prompt: long, parameters: SamplingParameters(maxTokens: 1))
                reading = Task { for try await _ in events {} }
            }
        }
        try await reading?.value
        return longest / .milliseconds(1)
    }

    /// Milliseconds from giving up a text whose long prompt is being read to the first token of one that waited for its
    /// place, less what the latter takes alone.
    private func cancelTime() async throws -> Double {
        var limits = DecoderScheduler.Limits()
        limits.runningCount = 1
        let scheduler = DecoderScheduler(model: model, limits: limits)
        let clock = ContinuousClock()
        let long = (0..<(model.contextLength - 1)).map { TokenID(100 + $0 % 50) }
        let reading = Task { for try await _ in try scheduler.text(prompt: long, parameters: .init()) {} }
        while scheduler.statistics.runningCount == 0 { try await Task.sleep(for: .milliseconds(1)) }
        try await Task.sleep(for: .milliseconds(300))
        let start = clock.now
        reading.cancel()
        while scheduler.statistics.runningCount > 0 { try await Task.sleep(for: .milliseconds(1)) }
        return (clock.now - start) / .milliseconds(1)
    }
}

/// Counts the tokens that come between the last text's first token and the first text's end: all texts write then.
private final class Marks: Sendable {
    private struct State: Sendable {
        var begunCount = 0
        var tokens = 0
        var start: ContinuousClock.Instant?
        var end: ContinuousClock.Instant?
        var isOver = false
    }

    private let texts: Int
    private let state = Mutex(State())

    init(texts: Int) {
        self.texts = texts
    }

    func note(_ event: DecoderScheduler.Event, isFirst: Bool) {
        let now = ContinuousClock.now
        state.withLock { state in
            guard case .token = event else {
                state.isOver = true
                return
            }
            if state.start != nil, !state.isOver {
                state.tokens += 1
                state.end = now
            }
            if isFirst { state.begunCount += 1 }
            if isFirst, state.begunCount == texts { state.start = now }
        }
    }

    /// The tokens and the seconds they took.
    var result: (tokens: Int, seconds: Double) {
        state.withLock { state in
            guard let start = state.start, let end = state.end else { return (0, 1) }
            return (state.tokens, max((end - start) / .seconds(1), 1e-9))
        }
    }
}
