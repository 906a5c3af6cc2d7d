import Synchronization

/// Whether models and indexes are loaded: false until the first pass over all collections is done.
public final class Readiness: Sendable {
    private let flag = Atomic<Bool>(false)

    /// Starts as not ready.
    public init() {}

    /// Whether requests can be answered at full speed.
    public var isReady: Bool { flag.load(ordering: .acquiring) }

    /// Reports that everything is loaded.
    public func markReady() { flag.store(true, ordering: .releasing) }
}
