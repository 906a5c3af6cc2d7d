import HTTPTypes
import Synchronization

/// Places for requests that are being worked on; there are only so many.
final class Permits: Sendable {
    /// One place; given back once, at the latest when the last reference goes.
    final class Permit: Sendable {
        private let owner: Permits
        private let isReleased = Atomic<Bool>(false)

        fileprivate init(_ owner: Permits) { self.owner = owner }

        func release() {
            if !isReleased.exchange(true, ordering: .relaxed) { owner.taken.withLock { $0 -= 1 } }
        }

        deinit { release() }
    }

    private let count: Int
    fileprivate let taken = Mutex(0)

    init(count: Int) {
        self.count = count
    }

    /// Takes a place.
    /// - Throws: `HTTPFailure` 503 when there is none.
    func take() throws -> Permit {
        let hasPlace = taken.withLock { taken in
            guard taken < count else { return false }
            taken += 1
            return true
        }
        guard hasPlace else {
            throw HTTPFailure(
                .serviceUnavailable, "overloaded", "\(count) answers are being written: try again in a moment",
                retryAfter: .seconds(1))
        }
        return Permit(self)
    }
}
