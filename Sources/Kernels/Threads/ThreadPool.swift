import CKernels
import Synchronization

/// A fixed set of threads that share the tasks of data-parallel loops, the calling thread being one of them.
///
/// Made for loops of some microseconds that follow one another closely, as the layers of a model do: an idle thread
/// spins for about 50 µs before it parks, so that the next loop starts without waking anybody. Loops that several
/// threads start at once share the pool; a loop started inside a task runs inline. A pool of one thread has no threads
/// of its own and runs everything inline.
///
///     pool.run(taskCount: rows / 64) { block in … }
public final class ThreadPool: Sendable {
    /// Threads that take part in a loop, the calling one included.
    public let threadCount: Int

    private let board = LoopBoard()
    private let spares = SpareLoops()

    /// Starts the threads.
    /// - Parameter threadCount: threads that take part in a loop, the calling one included; less than 1 counts as 1.
    public init(threadCount: Int) {
        self.threadCount = max(1, threadCount)
        for number in 1..<self.threadCount {
            board.startWorker(name: "docent-pool-\(number)")
        }
    }

    /// Lets the threads end.
    deinit {
        board.stop()
    }

    /// Calls `body` once for each of 0…taskCount − 1, on all threads of the pool, and returns when every call has.
    ///
    /// The order is unspecified. Safe to call from several threads at once.
    /// - Parameters:
    ///   - taskCount: how many tasks there are; nothing happens for 0 or less.
    ///   - body: the task; it must not wait for another task of the same loop.
    public func run(taskCount: Int, _ body: @Sendable (Int) -> Void) {
        guard taskCount > 1, threadCount > 1, ck_task_depth() == 0 else {
            ck_change_task_depth(1)
            defer { ck_change_task_depth(-1) }
            for task in 0..<max(0, taskCount) { body(task) }
            return
        }
        withoutActuallyEscaping(body) { body in
            // The pointer outlives every use: `finish` returns only when no task is running or left.
            unsafe withUnsafePointer(to: body) { pointer in
                let loop = unsafe spares.take(count: taskCount, body: pointer)
                board.post(loop)
                loop.work()
                board.finish(loop)
                spares.give(loop)
            }
        }
    }
}
