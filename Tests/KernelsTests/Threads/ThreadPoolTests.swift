import Dispatch
import Kernels
import Synchronization
import Testing

@Suite struct ThreadPoolTests {
    @Test("every task runs exactly once", arguments: [1, 2, 3, 8], [0, 1, 2, 7, 1_000])
    func onceEach(threadCount: Int, taskCount: Int) {
        let pool = ThreadPool(threadCount: threadCount)
        for _ in 0..<20 {
            let counts = Mutex([Int](repeating: 0, count: taskCount))
            pool.run(taskCount: taskCount) { task in counts.withLock { $0[task] += 1 } }
            #expect(counts.withLock { $0 } == [Int](repeating: 1, count: taskCount))
        }
    }

    @Test("many short loops in a row lose no task")
    func shortLoops() {
        let pool = ThreadPool(threadCount: 4)
        let total = Atomic<Int>(0)
        for _ in 0..<20_000 { pool.run(taskCount: 5) { total.add($0, ordering: .relaxed) } }
        #expect(total.load(ordering: .relaxed) == 20_000 * 10)
    }

    @Test("loops after a pause find their threads again")
    func parkedThreads() async throws {
        let pool = ThreadPool(threadCount: 3)
        let total = Atomic<Int>(0)
        for _ in 0..<30 {
            try await Task.sleep(for: .milliseconds(2))
            pool.run(taskCount: 6) { _ in total.add(1, ordering: .relaxed) }
        }
        #expect(total.load(ordering: .relaxed) == 180)
    }

    @Test("threads that start loops at once share the pool")
    func concurrentCallers() {
        let pool = ThreadPool(threadCount: 3)
        let total = Atomic<Int>(0)
        DispatchQueue.concurrentPerform(iterations: 6) { _ in
            for _ in 0..<2_000 { pool.run(taskCount: 4) { total.add($0, ordering: .relaxed) } }
        }
        #expect(total.load(ordering: .relaxed) == 6 * 2_000 * 6)
    }

    @Test("a loop inside a task runs inline", arguments: [1, 2, 4])
    func nested(threadCount: Int) {
        let pool = ThreadPool(threadCount: threadCount)
        let total = Atomic<Int>(0)
        pool.run(taskCount: 8) { _ in pool.run(taskCount: 8) { _ in total.add(1, ordering: .relaxed) } }
        #expect(total.load(ordering: .relaxed) == 64)
    }

    @Test("a pool of one runs in order")
    func one() {
        let pool = ThreadPool(threadCount: 1)
        let order = Mutex<[Int]>([])
        pool.run(taskCount: 5) { task in order.withLock { $0.append(task) } }
        #expect(order.withLock { $0 } == [0, 1, 2, 3, 4])
    }

    @Test("less than one thread counts as one")
    func clamped() {
        #expect(ThreadPool(threadCount: 0).threadCount == 1)
        #expect(ThreadPool(threadCount: -3).threadCount == 1)
    }

    @Test("what the tasks wrote is visible after the loop")
    func visibility() {
        let pool = ThreadPool(threadCount: 2)
        // Plain memory, which only the pool's own ordering makes visible.
        nonisolated(unsafe) let cells = UnsafeMutablePointer<Int>.allocate(capacity: 4)
        defer { unsafe cells.deallocate() }
        for round in 0..<2_000 {
            pool.run(taskCount: 4) { task in unsafe cells[task] = round + task }
            #expect((0..<4).allSatisfy { unsafe cells[$0] == round + $0 })
        }
    }

    @Test("pools come and go")
    func lifetimes() {
        for _ in 0..<50 {
            let total = Atomic<Int>(0)
            ThreadPool(threadCount: 3).run(taskCount: 3) { _ in total.add(1, ordering: .relaxed) }
            #expect(total.load(ordering: .relaxed) == 3)
        }
    }
}
