/// A condition that an evaluation has to meet: `hybrid:ndcg@10>=0.70`, or without a mode `f1>=0.4`.
///
/// `docent eval` exits with 2 when a gate isn't met.
public struct Gate: Sendable, Equatable {
    /// How value and bound are compared.
    public enum Comparison: String, Sendable, CaseIterable {
        /// At least.
        case atLeast = ">="
        /// At most.
        case atMost = "<="
        /// More than.
        case above = ">"
        /// Less than.
        case below = "<"
    }

    /// Whether a gate is met, and by what value.
    public struct Outcome: Sendable, Equatable, Encodable {
        /// The gate as it was written.
        public var gate: String
        /// What was measured; nil when the evaluation has no such value, which never passes.
        public var value: Double?
        /// Whether the gate is met.
        public var passed: Bool
    }

    /// The gate as it was written.
    public let text: String
    /// The search mode it is about; nil where there are no modes.
    public let mode: String?
    /// The measure's JSON key.
    public let measure: String
    /// How the value is compared.
    public let comparison: Comparison
    /// What it is compared with.
    public let bound: Double

    /// Reads a gate.
    /// - Parameter text: `[mode:]measure` then `>=`, `<=`, `>` or `<`, then a number; spaces don't matter.
    /// - Throws: `badGate` saying which part is wrong.
    public init(_ text: String) throws(EvaluationError) {
        func bad(_ reason: String) -> EvaluationError { .badGate(text: text, reason: reason) }
        let compact = String(text.filter { !$0.isWhitespace })
        guard let start = compact.firstIndex(where: { $0 == ">" || $0 == "<" || $0 == "=" }) else {
            throw bad("it has no >=, <=, > or <")
        }
        let tail = compact[start...]
        // The longer operators come first in `allCases`.
        guard let comparison = Comparison.allCases.first(where: { tail.hasPrefix($0.rawValue) }) else {
            throw bad("it has no >=, <=, > or <")
        }
        let number = tail.dropFirst(comparison.rawValue.count)
        guard let bound = Double(number), bound.isFinite else { throw bad("'\(number)' is no number") }
        let name = compact[..<start].split(separator: ":", omittingEmptySubsequences: false)
        guard name.count <= 2, name.allSatisfy({ !$0.isEmpty }), let measure = name.last else {
            throw bad("'\(compact[..<start])' is no measure, nor mode:measure")
        }
        self.text = text
        self.mode = name.count == 2 ? String(name[0]) : nil
        self.measure = measure.lowercased()
        self.comparison = comparison
        self.bound = bound
    }

    /// Holds the gate against a value.
    public func outcome(for value: Double?) -> Outcome {
        guard let value else { return Outcome(gate: text, value: nil, passed: false) }
        let passed =
            switch comparison {
            case .atLeast: value >= bound
            case .atMost: value <= bound
            case .above: value > bound
            case .below: value < bound
            }
        return Outcome(gate: text, value: value, passed: passed)
    }
}
