/// How long jobs that have ended are kept; what they stored is not touched when they go.
public struct JobRetention: Sendable, Equatable {
    /// The range of ``days``.
    public static let daysRange = 0...36_500
    /// The range of ``count``.
    public static let countRange = 0...10_000_000

    /// Days after its end that a job is kept; 0 for ever.
    public var days: Int
    /// The most jobs that have ended, the newest; 0 for any number.
    public var count: Int

    /// Describes a retention; 30 days and 10,000 jobs unless said otherwise.
    public init(days: Int = 30, count: Int = 10_000) {
        self.days = days
        self.count = count
    }
}
