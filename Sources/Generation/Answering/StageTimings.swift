/// How long each stage of a request took, in the order the stages ran.
///
/// Encoded as an object of milliseconds with a `total`.
public struct StageTimings: Sendable, Encodable, Equatable {
    /// The stages and their times.
    public private(set) var stages: [(name: String, duration: Duration)] = []

    /// No stages yet.
    public init() {}

    /// Adds a stage.
    public mutating func record(_ name: String, _ duration: Duration) {
        stages.append((name, duration))
    }

    /// Runs `body` and adds the time it took as a stage.
    public mutating func measure<R>(_ name: String, _ body: () async throws -> R) async rethrows -> R {
        let start = ContinuousClock.now
        defer { stages.append((name, ContinuousClock.now - start)) }
        return try await body()
    }

    /// Whether both hold the same stages and times.
    public static func == (first: StageTimings, second: StageTimings) -> Bool {
        first.stages.elementsEqual(second.stages) { $0 == $1 }
    }

    /// `{"search": 3.1, …, "total": 9.8}`.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        var total = 0.0
        for stage in stages {
            let milliseconds = stage.duration / .milliseconds(1)
            total += milliseconds
            try container.encode((milliseconds * 1000).rounded() / 1000, forKey: Key(stringValue: stage.name))
        }
        try container.encode((total * 1000).rounded() / 1000, forKey: Key(stringValue: "total"))
    }

    private struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { return nil }
    }
}
