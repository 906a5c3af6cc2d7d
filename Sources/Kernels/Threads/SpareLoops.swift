import Synchronization

/// Loops that have ended, kept for the next ones, so that starting a loop allocates nothing.
///
/// A thread of the pool may hold an ended loop for a moment longer; such a loop is passed over until it is let go.
struct SpareLoops: ~Copyable, Sendable {
    /// More than are in use at once by a caller whose loops follow one another.
    private static let capacity = 8

    private let loops = Mutex<[TaskLoop]>([])

    init() { loops.withLock { $0.reserveCapacity(Self.capacity) } }

    /// A loop that nobody else refers to, made ready; a new one where there is none.
    func take(count: Int, body: UnsafePointer<@Sendable (Int) -> Void>) -> TaskLoop {
        let spare: TaskLoop? = loops.withLock { loops in
            for index in loops.indices where isKnownUniquelyReferenced(&loops[index]) {
                return loops.remove(at: index)
            }
            return nil
        }
        guard let spare else { return unsafe TaskLoop(count: count, body: body) }
        unsafe spare.reuse(count: count, body: body)
        return spare
    }

    /// Keeps a loop that has ended.
    func give(_ loop: TaskLoop) {
        loops.withLock { loops in
            if loops.count < Self.capacity { loops.append(loop) }
        }
    }
}
