#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// The angle of each rotary pair per position.
///
/// Source: Su et al., "RoFormer" (2021).
struct RotaryFrequencies: Sendable {
    /// [rope size / 2]: radians per position.
    let frequencies: [Double]

    /// θ_i = base^(−2i / size), stretched, and divided by the file's own factors where it has some (converted Llama 3.1
    /// and later).
    init(
        base: Double, size: Int, scaling: RopeScaling, _ loader: inout WeightLoader
    ) throws(DecoderError) {
        var factors = [Float](repeating: 1, count: size / 2)
        if loader.source.hasTensor("rope_freqs.weight") {
            factors = try loader.floats("rope_freqs.weight", count: size / 2)
        }
        self.init(base: base, size: size, scaling: scaling, factors: factors)
    }

    /// The same, with the factors given; nil for none.
    init(base: Double, size: Int, scaling: RopeScaling, factors: [Float]? = nil) {
        frequencies = (0..<(size / 2)).map { pair in
            scaling.scaled(pow(base, -2 * Double(pair) / Double(size))) / Double(factors?[pair] ?? 1)
        }
    }

    /// Writes the cosines and sines [T, pairs] of the positions from `first` on, beginning at `offset` in each row.
    func fill(_ cosines: Rows, _ sines: Rows, first: Int, tokenCount: Int, offset: Int = 0) {
        for token in 0..<tokenCount {
            for (pair, frequency) in frequencies.enumerated() {
                let angle = Double(first + token) * frequency
                unsafe cosines.row(token)[offset + pair] = Float(cos(angle))
                unsafe sines.row(token)[offset + pair] = Float(sin(angle))
            }
        }
    }
}

/// Rows of queries and keys whose rotary pairs are the two halves of a head, put so that pairs are neighbours.
enum RotaryOrder {
    /// The file's row of each row of `heads` heads; what isn't rotated stays where it is.
    static func rows(heads: Int, headSize: Int, ropeSize: Int) -> [Int] {
        (0..<(heads * headSize)).map { row in
            let (head, index) = (row / headSize, row % headSize)
            guard index < ropeSize else { return row }
            return head * headSize + index / 2 + index % 2 * (ropeSize / 2)
        }
    }
}
