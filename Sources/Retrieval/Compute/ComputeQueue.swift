import Dispatch
import Foundation
import Synchronization

/// A bounded queue with threads of its own for CPU work, so that the event loops and Swift's cooperative threads stay
/// free to answer.
///
/// Work starts in the order it came. What does not fit is refused at once with ``RetrievalError/overloaded(queue:depth:)``
/// instead of waiting without end; a task that is cancelled while it waits leaves the queue, one that runs is not
/// interrupted.
public final class ComputeQueue: Sendable {
    /// The name in errors and of the threads.
    public let label: String
    /// Pieces of work that run at once.
    public let workerCount: Int
    /// Pieces of work that may wait.
    public let depth: Int

    private let line: WaitingLine

    /// Starts the threads, which end with the last reference to the queue.
    /// - Parameters:
    ///   - label: the name in errors and of the threads.
    ///   - workerCount: pieces of work that run at once; at least 1.
    ///   - depth: pieces of work that may wait; at least 1.
    public init(label: String, workerCount: Int, depth: Int) {
        precondition(workerCount >= 1 && depth >= 1, "a queue needs a worker and a place to wait")
        self.label = label
        self.workerCount = workerCount
        self.depth = depth
        let line = WaitingLine()
        self.line = line
        for number in 0..<workerCount {
            let thread = Thread {
                while let body = line.next() { body() }
            }
            thread.name = "\(label)-\(number)"
            // Foundation's default of 512 KiB is little for recursive parsers and deep call chains.
            thread.stackSize = 4 << 20
            thread.start()
        }
    }

    deinit { line.close(workerCount: workerCount) }

    /// The pieces of work that wait now.
    public var waitingCount: Int { line.count }

    /// Runs `work` on one of the queue's threads.
    /// - Parameter work: synchronous; it must not wait for other work of the same queue.
    /// - Returns: what `work` returns.
    /// - Throws: what `work` throws; ``RetrievalError/overloaded(queue:depth:)``; `CancellationError` when the task was
    ///   cancelled before `work` began.
    public func run<R: Sendable>(_ work: @escaping @Sendable () throws -> R) async throws -> R {
        let ticket = line.ticket()
        defer { line.forget(ticket) }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<R, any Error>) in
                let entry = WaitingLine.Entry(
                    ticket: ticket,
                    start: { continuation.resume(with: Result { try work() }) },
                    cancel: { continuation.resume(throwing: CancellationError()) })
                switch line.enter(entry, depth: depth) {
                case .entered: break
                case .cancelled: continuation.resume(throwing: CancellationError())
                case .full: continuation.resume(throwing: RetrievalError.overloaded(queue: label, depth: depth))
                }
            }
        } onCancel: {
            line.leave(ticket)
        }
    }
}

/// The entries of a ``ComputeQueue`` that wait for a worker.
private final class WaitingLine: Sendable {
    struct Entry: Sendable {
        var ticket: UInt64
        var start: @Sendable () -> Void
        var cancel: @Sendable () -> Void
    }

    enum Entrance {
        case entered
        case cancelled
        case full
    }

    private struct State {
        var entries: [Entry] = []
        var lastTicket: UInt64 = 0
        /// Cancelled before they entered, or while they ran.
        var cancelled: Set<UInt64> = []
        var isClosed = false
    }

    private let state = Mutex(State())
    /// Counts entries; a cancelled one leaves a count behind, which wakes a worker for nothing.
    private let available = DispatchSemaphore(value: 0)

    var count: Int { state.withLock { $0.entries.count } }

    func ticket() -> UInt64 {
        state.withLock {
            $0.lastTicket += 1
            return $0.lastTicket
        }
    }

    func enter(_ entry: Entry, depth: Int) -> Entrance {
        let entrance: Entrance = state.withLock {
            if $0.cancelled.contains(entry.ticket) { return .cancelled }
            guard $0.entries.count < depth else { return .full }
            $0.entries.append(entry)
            return .entered
        }
        if entrance == .entered { available.signal() }
        return entrance
    }

    func leave(_ ticket: UInt64) {
        let entry: Entry? = state.withLock {
            guard let index = $0.entries.firstIndex(where: { $0.ticket == ticket }) else {
                $0.cancelled.insert(ticket)
                return nil
            }
            return $0.entries.remove(at: index)
        }
        entry?.cancel()
    }

    func forget(_ ticket: UInt64) {
        state.withLock { _ = $0.cancelled.remove(ticket) }
    }

    /// Waits for work; nil when the queue is gone.
    func next() -> (@Sendable () -> Void)? {
        while true {
            available.wait()
            let (entry, isClosed) = state.withLock {
                ($0.entries.isEmpty ? nil : $0.entries.removeFirst(), $0.isClosed)
            }
            if let entry { return entry.start }
            if isClosed { return nil }
        }
    }

    func close(workerCount: Int) {
        state.withLock { $0.isClosed = true }
        for _ in 0..<workerCount { available.signal() }
    }
}
