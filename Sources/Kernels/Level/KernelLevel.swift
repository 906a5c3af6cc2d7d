package import CKernels

/// An instruction-set level that kernels can run at.
///
/// A machine that has a level has every lower one of its architecture. The scalar level is the specification: every
/// other one agrees with it within the bounds that the kernels' C headers state.
public enum KernelLevel: Int32, CaseIterable, Sendable {
    /// Portable C.
    case scalar
    /// AVX2, FMA and F16C.
    case avx2
    /// AVX-512 F, BW, DQ and VL.
    case avx512
    /// AVX-512 with VNNI.
    case avx512vnni
    /// AVX-512 with VNNI and BF16.
    case avx512bf16
    /// arm64 Advanced SIMD.
    case neon

    /// The best level of this machine: the highest one, but for `avx512bf16` on processors that multiply bf16 slower than
    /// floats.
    public static var best: KernelLevel { KernelLevel(ck_best_level()) }

    /// The level in use by the whole process: the best one until `use(_:)` says otherwise.
    public static var active: KernelLevel { KernelLevel(ck_active_level()) }

    /// The levels this machine has, lowest first.
    public static var available: [KernelLevel] {
        allCases.filter { ck_has_level($0.value) == 1 }
    }

    /// The level's name in configuration and reports; the same as the case's.
    public var name: String { "\(self)" }

    /// The level of a name, or nil for an unknown one.
    public init?(name: String) {
        guard let level = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = level
    }

    /// Makes `level` the one in use for the whole process.
    ///
    /// Work under way finishes at the level it began with; results differ between levels only by rounding.
    /// - Parameter level: the level to use from now on.
    /// - Throws: `KernelError.unavailable` when this machine lacks it.
    public static func use(_ level: KernelLevel) throws(KernelError) {
        guard ck_use_level(level.value) == 0 else { throw .unavailable(level: level, best: best) }
    }

    /// The level as the C headers name it.
    package var value: ck_level { ck_level(rawValue: UInt32(rawValue)) }

    private init(_ level: ck_level) {
        self = KernelLevel(rawValue: Int32(level.rawValue)) ?? .scalar
    }
}

/// What can go wrong in choosing kernels.
public enum KernelError: Error, Equatable, CustomStringConvertible {
    /// The caller asked for a level that this machine lacks; ask for `best` or a lower one.
    case unavailable(level: KernelLevel, best: KernelLevel)

    /// One line: what was wrong and what to do.
    public var description: String {
        switch self {
        case .unavailable(let level, let best):
            "this machine has no \(level.name) kernels; the best it has are \(best.name)"
        }
    }
}
