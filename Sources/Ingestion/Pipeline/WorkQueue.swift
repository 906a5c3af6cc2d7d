import Dispatch

/// Runs CPU-bound and blocking work off the threads that async code shares.
struct WorkQueue: Sendable {
    private let queue: DispatchQueue

    /// A queue whose work runs one after the other, or side by side.
    init(label: String, isConcurrent: Bool = false) {
        queue = DispatchQueue(label: label, qos: .utility, attributes: isConcurrent ? .concurrent : [])
    }

    /// Runs `body` and waits for its result without holding a thread.
    func run<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: body()) }
        }
    }
}
