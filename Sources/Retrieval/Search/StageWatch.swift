/// Takes the time of a search's stages.
struct StageWatch {
    private let start = ContinuousClock.now
    private var last = ContinuousClock.now
    private var stages: [(stage: String, duration: Duration)] = []

    init() {}

    /// Ends a stage that began when the last one ended.
    mutating func lap(_ stage: String) {
        let now = ContinuousClock.now
        stages.append((stage, now - last))
        last = now
    }

    /// Adds a stage timed elsewhere.
    mutating func note(_ stage: String, _ duration: Duration) { stages.append((stage, duration)) }

    /// Begins the next stage now.
    mutating func skip() { last = ContinuousClock.now }

    /// All stages, and the whole.
    func total() -> [(stage: String, duration: Duration)] { stages + [("total", ContinuousClock.now - start)] }
}
