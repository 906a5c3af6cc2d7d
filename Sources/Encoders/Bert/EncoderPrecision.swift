import CKernels
import Kernels

/// The numbers that an encoder's products are formed in; what flows from layer to layer is always f32.
///
/// Cosine to the f32 vectors of sentence-transformers for all-MiniLM-L6-v2: `docs/decisions/0007-encoder-precision.md`.
public enum EncoderPrecision: String, CaseIterable, Sendable, Codable {
    /// The fastest one whose vectors stay within 0.9995 of f32's: bf16 where the processor multiplies it fast, 16-bit
    /// integers on other x86 processors with AVX2, else f32.
    case auto
    /// 32-bit floats.
    case f32
    /// bf16 weights, activations and attention, summed in f32.
    case bf16
    /// 16-bit integers with a scale for each 512 columns of a weight row or token, summed exactly within them; f32
    /// attention.
    case int16
    /// 8-bit weights and activations with a scale for each 128 columns, summed exactly within them; bf16 attention where
    /// the processor multiplies bf16 fast, else f32.
    case int8

    /// What `auto` stands for at the kernels' level in use; the others are what they are.
    public var resolved: EncoderPrecision {
        guard self == .auto else { return self }
        return switch KernelLevel.active {
        case .avx512bf16: .bf16
        case .avx2, .avx512, .avx512vnni: .int16
        case .scalar, .neon: .f32
        }
    }

    /// Columns that share a scale; nil where there are none.
    var groupColumns: Int? {
        switch self {
        case .int16: Int(CK_GEMM_GROUP_INT16)
        case .int8: Int(CK_GEMM_GROUP)
        case .auto, .f32, .bf16: nil
        }
    }

    /// Numbers in a word of 32 bits of weights or of a product's input.
    var numbersPerWord: Int {
        switch self {
        case .auto, .f32: 1
        case .bf16, .int16: 2
        case .int8: 4
        }
    }

    /// Whether what flows between the products of a layer is bf16.
    var flowsInHalves: Bool { self == .bf16 || self == .int8 && KernelLevel.active == .avx512bf16 }
}
