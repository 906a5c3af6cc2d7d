/// A small generator of random numbers whose sequence depends on its seed alone: the same draws on every machine.
///
/// Source: Sebastiano Vigna, "SplitMix64" (public-domain algorithm).
package struct SplitMix64: RandomNumberGenerator, Sendable {
    /// What the state grows by from one number to the next: 2⁶⁴ over the golden ratio.
    package static let increment: UInt64 = 0x9E37_79B9_7F4A_7C15

    private var state: UInt64

    /// Creates a generator; equal seeds give equal sequences.
    package init(seed: UInt64) {
        state = seed
    }

    /// The next 64 random bits.
    package mutating func next() -> UInt64 {
        state &+= Self.increment
        return Self.mixed(state)
    }

    /// The random bits that belong to one state; the n-th number of a seed is that of `seed + n · increment`.
    package static func mixed(_ state: UInt64) -> UInt64 {
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }
}
