import CKernels
import TestSupport
import Testing

/// What the tests of the distance kernels share: the machine's levels, their tables, and random rows.
enum KernelFixtures {
    static let levels: [ck_level] = (0..<CK_LEVEL_COUNT.rawValue).map { ck_level(rawValue: $0) }
        .filter { ck_has_level($0) == 1 }

    /// The distance kernels of a level that the machine has.
    static func table(_ level: ck_level) -> ck_distance_table {
        // Filled once, and only read from then on.
        unsafe ck_kernels_at(level).pointee.distance
    }

    /// `count` rows of `dimension` numbers from −2 to 2.
    static func vectors(_ count: Int, _ dimension: Int, seed: UInt64) -> [[Float]] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { _ in (0..<dimension).map { _ in Float.random(in: -2...2, using: &random) } }
    }
}
