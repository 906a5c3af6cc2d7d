import Decoders
import Generation
import Synchronization
import TestSupport
import Testing

@Suite("A remote model that keeps failing", .timeLimit(.minutes(5)))
struct CircuitBreakerTests {
    /// A time that a test moves on.
    private final class Clock: Sendable {
        private let time = Mutex(ContinuousClock.now)
        var now: ContinuousClock.Instant { time.withLock { $0 } }
        func advance(by duration: Duration) { time.withLock { $0 += duration } }
    }

    private static let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
    private static let good =
        head + "data: {\"choices\":[{\"delta\":{\"content\":\"Yes.\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"

    private func ask(_ generator: RemoteGenerator) async -> GenerationError? {
        let request = GenerationRequest(question: "why?", passages: [], parameters: SamplingParameters())
        do {
            for try await _ in generator.generate(request) {}
            return nil
        } catch { return error as? GenerationError }
    }

    private func generator(_ url: String, _ breaker: CircuitBreaker) throws -> RemoteGenerator {
        var configuration = RemoteModelConfiguration(baseURL: url, model: "wise")
        configuration.maximumRetries = 0
        return RemoteGenerator(configuration: configuration, prompts: try PromptLibrary(), breaker: breaker)
    }

    @Test("after some failures in a row it isn't asked for a while, then one request tries")
    func opensAndCloses() async throws {
        let isWell = Mutex(false)
        let asked = Mutex(0)
        let server = try LoopbackServer { connection in
            asked.withLock { $0 += 1 }
            connection.send(
                isWell.withLock { $0 }
                    ? Self.good : "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        }
        defer { server.stop() }
        let clock = Clock()
        var limits = CircuitBreaker.Limits()
        limits.failureCount = 2
        limits.openSeconds = 10
        let breaker = CircuitBreaker(limits: limits, now: { clock.now })
        let generator = try generator(server.baseURL, breaker)

        for _ in 0..<2 {
            guard case .remoteRefused(500, _) = await ask(generator) else {
                Issue.record("the server's refusal is passed on")
                return
            }
        }
        #expect(breaker.statistics.state == .open)
        #expect(await ask(generator) == .remoteSuspended(failureCount: 2, seconds: 10))
        #expect(asked.withLock { $0 } == 2, "nothing was sent")
        clock.advance(by: .seconds(11))
        #expect(breaker.statistics.state == .halfOpen)
        #expect(await ask(generator) != nil)
        #expect(breaker.statistics.state == .open, "the one that tried failed")
        #expect(breaker.statistics.openedCount == 2)
        clock.advance(by: .seconds(11))
        isWell.withLock { $0 = true }
        #expect(await ask(generator) == nil)
        #expect(breaker.statistics.state == .closed)
        #expect(await ask(generator) == nil)
        let statistics = breaker.statistics
        #expect(statistics.requestCount == 5 && statistics.failureCount == 3 && statistics.rejectedCount == 1)
    }

    @Test("a success in between, and refusals that blame the request, don't count up")
    func notInARow() async throws {
        let answers = Mutex(["500", "good", "500", "401", "404", "good"])
        let server = try LoopbackServer { connection in
            let answer = answers.withLock { $0.removeFirst() }
            connection.send(
                answer == "good"
                    ? Self.good : "HTTP/1.1 \(answer) Oh\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        }
        defer { server.stop() }
        var limits = CircuitBreaker.Limits()
        limits.failureCount = 2
        let breaker = CircuitBreaker(limits: limits)
        let generator = try generator(server.baseURL, breaker)
        for _ in 0..<6 { _ = await ask(generator) }
        #expect(breaker.statistics.state == .closed && breaker.statistics.openedCount == 0)
    }

    @Test("while it is left alone another generator answers, and says so")
    func fallback() async throws {
        var limits = CircuitBreaker.Limits()
        limits.failureCount = 1
        let remote = try generator("http://127.0.0.1:9", CircuitBreaker(limits: limits))
        let generator = FallbackGenerator(
            primary: remote, fallback: ScriptedGenerator("Because.", name: "extractive"))
        let request = GenerationRequest(question: "why?", passages: [], parameters: SamplingParameters())
        var notes: [String] = []
        for _ in 0..<2 {
            for try await event in generator.generate(request) {
                if case .finished(let summary) = event { notes += summary.notes }
            }
        }
        #expect(notes.count == 2)
        #expect(notes.last?.contains("in a row the remote model is left alone for another") == true, "\(notes)")
    }
}
