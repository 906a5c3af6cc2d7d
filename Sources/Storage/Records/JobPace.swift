import Foundation

/// How fast a job is and how long it will take, judged by what it has done lately.
///
/// By bytes where the sizes of all that is left are known, else by items. Nothing is said before a few items of this
/// run have ended, nothing about the end while an archive may still add items, and nothing at all once no item has ended
/// for a while: a guess that can't be kept is worse than none.
public struct JobPace: Sendable, Equatable {
    /// Items that ended per second lately.
    public var itemsPerSecond: Double
    /// Seconds until the last item will have ended; nil where that can't be known.
    public var secondsLeft: Double?

    /// An item that ended lately.
    struct Sample {
        var start: Date
        var end: Date
        var byteCount: Int?
    }

    /// What is still to do.
    struct Remainder {
        var itemCount: Int
        /// nil where the size of one isn't known.
        var byteCount: Int?
        var isTotalFinal: Bool
    }

    /// What counts as lately, and how much of it is needed.
    private static let (window, leastSamples, leastSpan) = (30.0, 3, 0.2)

    /// Judges by the last items; nil where too little has been done lately.
    /// - Parameters:
    ///   - samples: the items that ended last, in any order.
    ///   - remainder: what is left.
    ///   - now: the time.
    init?(_ samples: [Sample], remainder: Remainder, now: Date) {
        let recent = samples.filter { now.timeIntervalSince($0.end) <= Self.window && $0.end <= now }
        guard recent.count >= Self.leastSamples, let first = recent.map(\.start).min() else { return nil }
        // Time in which nothing ended counts as well: a job that hangs gets slower.
        let span = min(now.timeIntervalSince(first), Self.window)
        guard span >= Self.leastSpan else { return nil }
        itemsPerSecond = Self.rounded(Double(recent.count) / span, 100)
        guard remainder.isTotalFinal else { return }
        let bytes = recent.compactMap(\.byteCount)
        let done = bytes.reduce(0, +)
        if let left = remainder.byteCount, bytes.count == recent.count, done > 0 {
            secondsLeft = Self.rounded(Double(left) / (Double(done) / span), 10)
        } else {
            secondsLeft = Self.rounded(Double(remainder.itemCount) / (Double(recent.count) / span), 10)
        }
    }

    private static func rounded(_ value: Double, _ scale: Double) -> Double { (value * scale).rounded() / scale }
}
