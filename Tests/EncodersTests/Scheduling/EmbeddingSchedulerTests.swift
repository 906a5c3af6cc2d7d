import Dispatch
import Encoders
import Foundation
import Synchronization
import Testing

private final class Flag: Sendable {
    let value = Atomic<Bool>(false)
}

@Suite("Embedding scheduler", .timeLimit(.minutes(5)))
struct EmbeddingSchedulerTests {
    /// A scheduler whose passage lane is held up until `open` is called, so that what comes next has to wait.
    private func held(
        _ encoder: CountingEncoder, _ configure: (inout EmbeddingScheduler.Limits) -> Void = { _ in }
    ) -> (scheduler: EmbeddingScheduler, open: @Sendable () -> Void) {
        var limits = EmbeddingScheduler.Limits()
        limits.batchTokenCount = 400
        configure(&limits)
        let scheduler = EmbeddingScheduler(encoder: encoder, limits: limits)
        Thread { _ = try? scheduler.embed(["hold"], kind: .passage) }.start()
        encoder.isHeld.wait()
        return (scheduler, { encoder.gate.signal() })
    }

    private func texts(_ letter: String, _ count: Int) -> [String] {
        (0..<count).map { letter + String(repeating: "x", count: $0 % 97) }
    }

    private func wait(_ scheduler: EmbeddingScheduler, for count: Int) async throws {
        while scheduler.statistics.waitingTextCount < count { try await Task.sleep(for: .milliseconds(1)) }
    }

    @Test("many callers each get their own rows, in order")
    func rows() async throws {
        let encoder = CountingEncoder()
        let scheduler = EmbeddingScheduler(encoder: encoder)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for caller in 0..<40 {
                group.addTask {
                    let texts = (0..<(caller * 7 % 50 + 1)).map {
                        String(repeating: "a", count: $0 * 13 % 400 + caller)
                    }
                    let result =
                        caller % 3 == 0
                        ? try scheduler.embed(texts, kind: .query)
                        : try await scheduler.embed(texts, kind: caller % 2 == 0 ? .query : .passage, cache: nil)
                    #expect(result.vectors == texts.flatMap { [Float($0.utf8.count), 1] })
                    #expect(result.tokenCounts == texts.map(\.utf8.count) && result.truncated.count == texts.count)
                }
            }
            try await group.waitForAll()
        }
        #expect(scheduler.statistics.waitingTextCount == 0)
        #expect(try scheduler.embed([], kind: .query).count == 0)
    }

    @Test("a lone caller's texts are one batch on its own thread")
    func direct() throws {
        let encoder = CountingEncoder()
        let scheduler = EmbeddingScheduler(encoder: encoder)
        #expect(try scheduler.embed(["a", "bb"], kind: .query).vectors == [1, 1, 2, 1])
        #expect(encoder.batches.withLock { $0.count } == 1)
        #expect(scheduler.statistics.queryBatchCount == 1 && scheduler.statistics.textCount == 2)
    }

    @Test("what waits goes in batches within the budget, requests by turns")
    func budget() async throws {
        let encoder = CountingEncoder()
        let (scheduler, open) = held(encoder)
        async let large = scheduler.embed(texts("l", 200), kind: .passage, cache: nil)
        try await wait(scheduler, for: 200)
        async let small = scheduler.embed(["s"], kind: .passage, cache: nil)
        try await wait(scheduler, for: 201)
        open()
        let (largeResult, smallResult) = try await (large, small)
        #expect(largeResult.count == 200 && smallResult.vectors == [1, 1])
        let batches = encoder.batches.withLock { $0.dropFirst() }
        #expect(batches.first?.texts.contains("s") == true)
        for batch in batches { #expect(batch.texts.reduce(0) { $0 + $1.utf8.count / 3 + 2 } <= 400) }
        #expect(batches.count < 20)
    }

    @Test("a query doesn't wait for passages, and passages wait for queries")
    func priority() async throws {
        let encoder = CountingEncoder()
        let (scheduler, open) = held(encoder)
        #expect(try scheduler.embed(["q"], kind: .query).vectors == [1, 1])
        async let passages = scheduler.embed(texts("p", 3), kind: .passage, cache: nil)
        try await wait(scheduler, for: 3)
        let query = Task { try await scheduler.embed(["hold"], kind: .query, cache: nil) }
        encoder.isHeld.wait()
        open()  // one of the two: the query lane is still held, or the passage lane is
        open()
        _ = try await query.value
        let result = try await passages
        #expect(result.count == 3)
        #expect(encoder.kinds == [.passage, .query, .query, .passage])
    }

    @Test("passages go after so many query batches at most")
    func fairness() async throws {
        let encoder = CountingEncoder()
        let (scheduler, open) = held(encoder) { $0.yieldCount = 3 }
        let isDone = Flag()
        let texts = texts("p", 50)
        let passages = Task {
            let result = try await scheduler.embed(texts, kind: .passage, cache: nil)
            isDone.value.store(true, ordering: .releasing)
            return result.count
        }
        try await wait(scheduler, for: 50)
        open()
        // Two callers keep the query lane busy until the passages are through.
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    while !isDone.value.load(ordering: .acquiring) {
                        _ = try? await scheduler.embed(["q"], kind: .query, cache: nil)
                    }
                }
            }
        }
        #expect(try await passages.value == 50)
    }

    @Test("what doesn't fit is refused, what is cancelled leaves")
    func boundedAndCancelled() async throws {
        let encoder = CountingEncoder()
        let (scheduler, open) = held(encoder) { $0.waitingTextCount = 10 }
        let texts = texts("w", 8)
        let waiting = Task { try await scheduler.embed(texts, kind: .passage, cache: nil) }
        try await wait(scheduler, for: 8)
        await #expect(throws: EncoderError.busy(waitingTextCount: 8)) {
            try await scheduler.embed(["x", "x", "x"], kind: .passage, cache: nil)
        }
        #expect(scheduler.statistics.refusedCount == 1)
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        #expect(scheduler.statistics.waitingTextCount == 0)
        let early = Task {
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            return try await scheduler.embed(["y"], kind: .passage, cache: nil)
        }
        await #expect(throws: CancellationError.self) { try await early.value }
        open()
        #expect(try await scheduler.embed(["z"], kind: .passage, cache: nil).count == 1)
        #expect(!encoder.embeddedTexts.contains { $0.hasPrefix("w") || $0 == "y" })
    }

    @Test("a request that fails takes no other with it")
    func failure() async throws {
        let encoder = CountingEncoder()
        let (scheduler, open) = held(encoder)
        let bad = Task { try await scheduler.embed(["bad"], kind: .passage, cache: nil) }
        try await wait(scheduler, for: 1)
        let good = Task { try await scheduler.embed(["good"], kind: .passage, cache: nil) }
        try await wait(scheduler, for: 2)
        open()
        await #expect(throws: EncoderError.notFinite(model: "counting")) { try await bad.value }
        #expect(try await good.value.vectors == [4, 1])
        #expect(throws: EncoderError.self) { try scheduler.embed(["bad"], kind: .query) }
    }
}
