import CKernels
import Foundation
import Synchronization

/// Where callers post loops and the pool's threads find them.
///
/// Posting bumps `epoch`; a thread that found nothing waits for it to change, first spinning, then parked. The pairs
/// (epoch, parkedCount) and (loop completion, waitingCount) are written and read in opposite orders with sequential
/// consistency, so that either the waiter sees the change or the other side sees the waiter and wakes it.
final class LoopBoard: Sendable {
    /// Spins before a thread parks: about 50 µs.
    private static let spinCount = 1_500

    private let loops = Mutex<[TaskLoop]>([])
    private let epoch = Atomic<UInt>(0)
    private let isStopped = Atomic<Bool>(false)
    private let parkedCount = Atomic<Int>(0)
    private let waitingCount = Atomic<Int>(0)
    private let posted = NSCondition()
    private let completed = NSCondition()

    /// Starts one thread that lives until `stop()`.
    func startWorker(name: String) {
        let thread = Thread { self.serve() }
        thread.name = name
        thread.start()
    }

    /// Lets the threads end.
    func stop() {
        isStopped.store(true, ordering: .sequentiallyConsistent)
        announce()
    }

    /// Makes a loop's tasks available to the threads.
    func post(_ loop: TaskLoop) {
        loops.withLock { $0.append(loop) }
        announce()
    }

    /// Takes the loop off the board and waits until its last task is done.
    func finish(_ loop: TaskLoop) {
        loops.withLock { list in list.removeAll { $0 === loop } }
        for _ in 0..<Self.spinCount {
            if loop.isComplete { return }
            ck_pause()
        }
        waitingCount.add(1, ordering: .sequentiallyConsistent)
        completed.lock()
        while !loop.isComplete { completed.wait() }
        completed.unlock()
        waitingCount.subtract(1, ordering: .sequentiallyConsistent)
    }

    private func announce() {
        epoch.add(1, ordering: .sequentiallyConsistent)
        guard parkedCount.load(ordering: .sequentiallyConsistent) > 0 else { return }
        posted.lock()
        posted.broadcast()
        posted.unlock()
    }

    private func serve() {
        while true {
            let seen = epoch.load(ordering: .sequentiallyConsistent)
            if isStopped.load(ordering: .sequentiallyConsistent) { return }
            let open = loops.withLock { list in list.first { $0.hasTasks } }
            guard let open else {
                wait(after: seen)
                continue
            }
            if open.work(), waitingCount.load(ordering: .sequentiallyConsistent) > 0 {
                completed.lock()
                completed.broadcast()
                completed.unlock()
            }
        }
    }

    private func wait(after seen: UInt) {
        for _ in 0..<Self.spinCount {
            if epoch.load(ordering: .relaxed) != seen { return }
            ck_pause()
        }
        parkedCount.add(1, ordering: .sequentiallyConsistent)
        posted.lock()
        while epoch.load(ordering: .sequentiallyConsistent) == seen { posted.wait() }
        posted.unlock()
        parkedCount.subtract(1, ordering: .sequentiallyConsistent)
    }
}
