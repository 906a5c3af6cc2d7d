import Dispatch
import Retrieval
import Synchronization
import Testing

struct ComputeQueueTests {
    @Test("work runs off the calling thread and its result or error comes back")
    func results() async throws {
        struct Oops: Error {}
        let queue = ComputeQueue(label: "test", workerCount: 2, depth: 8)
        #expect(try await queue.run { 6 * 7 } == 42)
        await #expect(throws: Oops.self) { try await queue.run { throw Oops() } }
    }

    @Test("what does not fit is refused at once with the queue's name")
    func overload() async throws {
        let queue = ComputeQueue(label: "small", workerCount: 1, depth: 2)
        let (started, gate) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        async let running: Void = queue.run {
            started.signal()
            gate.wait()
        }
        while started.wait(timeout: .now()) == .timedOut { await Task.yield() }
        async let first: Int = queue.run { 1 }
        async let second: Int = queue.run { 2 }
        while queue.waitingCount < 2 { await Task.yield() }
        await #expect(throws: RetrievalError.overloaded(queue: "small", depth: 2)) { try await queue.run { 3 } }
        gate.signal()
        #expect(try await [first, second] == [1, 2])
        try await running
        #expect(try await queue.run { 4 } == 4, "there is room again")
    }

    @Test("a task that is cancelled while it waits leaves the queue")
    func cancellation() async throws {
        let queue = ComputeQueue(label: "test", workerCount: 1, depth: 2)
        let (started, gate) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let flag = Flag()
        async let running: Void = queue.run {
            started.signal()
            gate.wait()
        }
        while started.wait(timeout: .now()) == .timedOut { await Task.yield() }
        let waiting = Task { try await queue.run { flag.raise() } }
        while queue.waitingCount < 1 { await Task.yield() }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        #expect(queue.waitingCount == 0)
        gate.signal()
        try await running
        #expect(try await queue.run { 5 } == 5)
        #expect(!flag.isRaised)
    }

    @Test("many tasks over few workers all come back, each once")
    func stress() async throws {
        let queue = ComputeQueue(label: "test", workerCount: 3, depth: 1_000)
        let sum = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 1...500 { group.addTask { try await queue.run { number } } }
            return try await group.reduce(0, +)
        }
        #expect(sum == 125_250)
    }
}

private final class Flag: Sendable {
    private let state = Mutex(false)

    var isRaised: Bool { state.withLock { $0 } }
    func raise() { state.withLock { $0 = true } }
}
