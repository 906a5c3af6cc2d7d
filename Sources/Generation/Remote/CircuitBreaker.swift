import Synchronization

/// Stops asking a remote model that keeps failing, so that answers fall back at once instead of after its time-outs.
///
///     closed ──failures in a row──▶ open ──after a while──▶ half-open ──success──▶ closed
///                                     ▲                         │
///                                     └─────────failure─────────┘
///
/// Half-open lets one request through to try; others are turned away until it is known how that one went.
///
/// Source: Nygard, "Release It!" (2007), "Circuit Breaker".
public final class CircuitBreaker: Sendable {
    /// When the circuit opens, and for how long.
    public struct Limits: Sendable, Equatable {
        /// Range of `failureCount`.
        public static let failureRange = 1...1_000
        /// Range of `openSeconds`.
        public static let openRange = 1...3_600

        /// Failures in a row that open it.
        ///
        /// Default 3; a request that is sent again counts once.
        public var failureCount = 3
        /// Seconds before one request is let through to try.
        ///
        /// Default 30.
        public var openSeconds = 30

        /// The defaults.
        public init() {}
    }

    /// Where the circuit stands.
    public enum State: String, Sendable, Encodable {
        /// Requests go through.
        case closed
        /// One request is let through to try.
        case halfOpen = "half_open"
        /// Requests are turned away.
        case open
    }

    /// What the breaker saw so far.
    public struct Statistics: Sendable, Equatable {
        /// Where the circuit stands.
        public var state = State.closed
        /// Requests let through.
        public var requestCount = 0
        /// Of those, the ones that failed.
        public var failureCount = 0
        /// Requests turned away.
        public var rejectedCount = 0
        /// How often the circuit opened.
        public var openedCount = 0
    }

    /// How a request that was let through went.
    enum Outcome {
        case success
        case failure
        /// It says nothing of the other side: given up here, or refused for what it asked.
        case unknown
    }

    private struct Circuit {
        var statistics = Statistics()
        var failuresInARow = 0
        /// When the next one may try.
        var openUntil: ContinuousClock.Instant?
        var isTrying = false
    }

    private let limits: Limits
    private let now: @Sendable () -> ContinuousClock.Instant
    private let circuit = Mutex(Circuit())

    /// Starts closed.
    /// - Parameters:
    ///   - limits: when it opens.
    ///   - now: the time; the clock's by default.
    public init(limits: Limits = Limits(), now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        self.limits = limits
        self.now = now
    }

    /// What it saw so far.
    public var statistics: Statistics {
        let now = now()
        return circuit.withLock { circuit in
            var result = circuit.statistics
            if let until = circuit.openUntil { result.state = until > now ? .open : .halfOpen }
            return result
        }
    }

    /// Lets a request through; its outcome has to be told to ``record(_:)``.
    /// - Throws: `GenerationError.remoteSuspended` while the circuit is open.
    func admit() throws(GenerationError) {
        let now = now()
        let rejection: GenerationError? = circuit.withLock { circuit in
            if let until = circuit.openUntil {
                guard until <= now, !circuit.isTrying else {
                    circuit.statistics.rejectedCount += 1
                    let left = max(until - now, .seconds(1))
                    return .remoteSuspended(failureCount: circuit.failuresInARow, seconds: Int(left / .seconds(1)))
                }
                circuit.isTrying = true
            }
            circuit.statistics.requestCount += 1
            return nil
        }
        if let rejection { throw rejection }
    }

    /// Takes how a request went that was let through.
    func record(_ outcome: Outcome) {
        let now = now()
        circuit.withLock { circuit in
            let wasTrying = circuit.isTrying
            circuit.isTrying = false
            switch outcome {
            case .unknown: break
            case .success:
                circuit.failuresInARow = 0
                circuit.openUntil = nil
            case .failure:
                circuit.statistics.failureCount += 1
                circuit.failuresInARow += 1
                guard wasTrying || (circuit.openUntil == nil && circuit.failuresInARow >= limits.failureCount) else {
                    return
                }
                circuit.statistics.openedCount += 1
                circuit.openUntil = now + .seconds(limits.openSeconds)
            }
        }
    }
}

extension CircuitBreaker.Outcome {
    /// What an error says of the other side.
    init(_ error: any Error) {
        switch error {
        case GenerationError.remoteFailed: self = .failure
        case GenerationError.remoteRefused(let status, _): self = status >= 500 || status == 429 ? .failure : .unknown
        default: self = .unknown
        }
    }
}
