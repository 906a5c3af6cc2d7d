/// Means, percentiles and what a difference between two systems is worth.
public enum Statistics {
    /// The arithmetic mean; 0 for no values.
    public static func mean(_ values: [Double]) -> Double {
        values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
    }

    /// A percentile with linear interpolation between the two nearest values.
    /// - Parameters:
    ///   - values: in any order.
    ///   - fraction: 0...1; 0.5 is the median.
    /// - Returns: nil for no values.
    public static func percentile(_ values: [Double], _ fraction: Double) -> Double? {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        let position = min(max(fraction, 0), 1) * Double(sorted.count - 1)
        let lower = Int(position)
        let upper = min(lower + 1, sorted.count - 1)
        return sorted[lower] + (sorted[upper] - sorted[lower]) * (position - Double(lower))
    }

    /// The 95 % confidence interval of a mean, by resampling the queries (percentile bootstrap).
    /// - Parameters:
    ///   - values: one per query.
    ///   - resamples: how often to resample.
    ///   - seed: equal seeds give equal intervals.
    /// - Returns: the 2.5th and 97.5th percentile of the resampled means; both the mean for fewer than two values.
    ///
    /// Source: Efron and Tibshirani 1993, chapter 13.
    public static func bootstrapInterval(_ values: [Double], resamples: Int = 2000, seed: UInt64) -> ClosedRange<Double>
    {
        let mean = mean(values)
        guard values.count > 1, resamples > 1 else { return mean...mean }
        var generator = SplitMix64(seed: seed)
        var means: [Double] = []
        means.reserveCapacity(resamples)
        for _ in 0..<resamples {
            var sum = 0.0
            for _ in values.indices { sum += values[generator.index(below: values.count)] }
            means.append(sum / Double(values.count))
        }
        let low = percentile(means, 0.025) ?? mean
        return low...max(low, percentile(means, 0.975) ?? mean)
    }

    /// The two-sided p-value of a paired randomisation test: how often swapping the two systems' values at random, query
    /// by query, gives a mean difference at least as large as the one seen.
    /// - Parameters:
    ///   - first: one value per query.
    ///   - second: the other system's, in the same order.
    ///   - rounds: how many random swaps to try.
    ///   - seed: equal seeds give equal values.
    /// - Returns: 0...1, never exactly 0; 1 when there is nothing to compare.
    ///
    /// Source: Smucker, Allan and Carterette 2007.
    public static func randomisationTest(
        _ first: [Double], _ second: [Double], rounds: Int = 10_000, seed: UInt64
    ) -> Double {
        let differences = zip(first, second).map { $0 - $1 }.filter { $0 != 0 }
        guard first.count == second.count, !differences.isEmpty else { return 1 }
        // A hair below, so that rounding in another order of summation doesn't hide an equal difference.
        let observed = abs(differences.reduce(0, +)) * (1 - 1e-12)
        var generator = SplitMix64(seed: seed)
        var atLeastAsLarge = 0
        for _ in 0..<rounds {
            var sum = 0.0
            var bits: UInt64 = 0
            for (index, difference) in differences.enumerated() {
                if index % 64 == 0 { bits = generator.next() }
                sum += bits & 1 == 0 ? difference : -difference
                bits >>= 1
            }
            if abs(sum) >= observed { atLeastAsLarge += 1 }
        }
        return Double(atLeastAsLarge + 1) / Double(rounds + 1)
    }

    /// Holm's correction of several p-values for having been looked at together.
    /// - Returns: adjusted p-values in the same order, at most 1.
    ///
    /// Source: Holm 1979.
    public static func holm(_ pValues: [Double]) -> [Double] {
        var adjusted = pValues
        var largest = 0.0
        for (rank, index) in pValues.indices.sorted(by: { pValues[$0] < pValues[$1] }).enumerated() {
            largest = max(largest, min(1, pValues[index] * Double(pValues.count - rank)))
            adjusted[index] = largest
        }
        return adjusted
    }
}

/// A small generator whose sequence depends on its seed alone.
///
/// Source: Vigna, "SplitMix64".
struct SplitMix64 {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A number in 0..<limit; the bias of the multiplication is below 2⁻³² for any number of queries.
    mutating func index(below limit: Int) -> Int {
        Int((next() >> 32).multipliedFullWidth(by: UInt64(limit) << 32).high)
    }
}
