import CKernels
import Synchronization

/// One loop under way: tasks are claimed by number, and counted when they are done.
@safe
final class TaskLoop: Sendable {
    private let count: Atomic<Int>
    private let claimed = Atomic<Int>(0)
    private let completed = Atomic<Int>(0)
    // Points into the caller's frame; read only by whoever holds a claimed, uncompleted task, so never after the caller
    // has gone on.
    private nonisolated(unsafe) var body: UnsafePointer<@Sendable (Int) -> Void>

    init(count: Int, body: UnsafePointer<@Sendable (Int) -> Void>) {
        self.count = Atomic(count)
        unsafe self.body = unsafe body
    }

    /// Makes another loop of this one, to which only the caller may refer: a thread that still looks at the last loop
    /// would claim tasks of the next.
    func reuse(count: Int, body: UnsafePointer<@Sendable (Int) -> Void>) {
        self.count.store(count, ordering: .relaxed)
        unsafe self.body = unsafe body
        claimed.store(0, ordering: .relaxed)
        completed.store(0, ordering: .relaxed)
    }

    /// Whether tasks are left to claim.
    var hasTasks: Bool { claimed.load(ordering: .relaxed) < count.load(ordering: .relaxed) }

    /// Whether every task is done; what the tasks wrote is then visible.
    var isComplete: Bool { completed.load(ordering: .sequentiallyConsistent) == count.load(ordering: .relaxed) }

    /// Claims and runs tasks until none is left.
    ///
    /// - Returns: whether this thread completed the loop.
    @discardableResult
    func work() -> Bool {
        ck_change_task_depth(1)
        defer { ck_change_task_depth(-1) }
        let count = count.load(ordering: .relaxed)
        while true {
            let task = claimed.add(1, ordering: .relaxed).oldValue
            guard task < count else { return false }
            call(task)
            let done = completed.add(1, ordering: .sequentiallyConsistent).newValue
            if done == count { return true }
        }
    }

    // Not inlined, so that every retain of the caller's closure has ended before the task is counted as done.
    @inline(never)
    private func call(_ task: Int) {
        unsafe body.pointee(task)
    }
}
