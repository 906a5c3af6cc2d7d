/// How rotary frequencies were stretched for texts longer than those of the first training.
///
/// Source: Chen et al., "Extending Context Window … via Positional Interpolation" (2023), for `linear`; "The Llama 3 Herd
/// of Models" (2024) and its published configuration for `llama3`.
package enum RopeScaling: Sendable, Equatable {
    /// Not at all.
    case none
    /// Positions are divided by `factor`.
    case linear(factor: Double)
    /// Waves longer than `originalLength / lowFactor` positions are divided by `factor`, those shorter than
    /// `originalLength / highFactor` stay, and those between are mixed.
    case llama3(factor: Double, lowFactor: Double, highFactor: Double, originalLength: Double)

    /// Reads the settings `rope.scaling.…`.
    init(_ reader: MetadataReader) throws(DecoderError) {
        func positive(_ key: String, default fallback: Double?) throws(DecoderError) -> Double {
            let value = try reader.number("rope.scaling.\(key)", default: fallback)
            guard value.isFinite, value > 0 else {
                throw reader.inconsistent("\(reader.name("rope.scaling.\(key)")) is \(value), not a positive number")
            }
            return value
        }
        switch try reader.string("rope.scaling.type") {
        case nil, "none": self = .none
        case "linear": self = .linear(factor: try positive("factor", default: 1))
        case "llama3":
            let low = try positive("low_freq_factor", default: nil)
            let high = try positive("high_freq_factor", default: nil)
            guard high > low else {
                throw reader.inconsistent(
                    "\(reader.name("rope.scaling.high_freq_factor")) is \(high), not above the low factor, \(low)")
            }
            self = .llama3(
                factor: try positive("factor", default: nil), lowFactor: low, highFactor: high,
                originalLength: try positive("original_context_length", default: nil))
        case let other?:
            throw reader.inconsistent(
                "\(reader.name("rope.scaling.type")) is \"\(other)\"; \"linear\" and \"llama3\" are computed")
        }
    }

    /// The stretched frequency of a frequency, both in radians per position.
    func scaled(_ frequency: Double) -> Double {
        switch self {
        case .none: return frequency
        case .linear(let factor): return frequency / factor
        case .llama3(let factor, let lowFactor, let highFactor, let originalLength):
            // How often the wave turns over the original length.
            let turns = originalLength * frequency / (2 * .pi)
            let share = min(max((turns - lowFactor) / (highFactor - lowFactor), 0), 1)
            return frequency * (share + (1 - share) / factor)
        }
    }
}
