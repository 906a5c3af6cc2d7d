import Kernels

/// The numbers that an encoder's products are formed in; what flows from layer to layer is always f32.
///
/// Cosine to the f32 vectors of sentence-transformers for all-MiniLM-L6-v2: `docs/decisions/0007-encoder-precision.md`.
public enum EncoderPrecision: String, CaseIterable, Sendable, Codable {
    /// The fastest one whose vectors stay within 0.9995 of f32's: bf16 where the processor multiplies it, else f32.
    case auto
    /// 32-bit floats.
    case f32
    /// bf16 weights, activations and attention, summed in f32.
    case bf16
    /// 8-bit weights and activations with a scale for each 128 columns, summed exactly within them; bf16 attention.
    case int8

    /// What `auto` stands for at the kernels' level in use; the others are what they are.
    public var resolved: EncoderPrecision {
        guard self == .auto else { return self }
        return KernelLevel.active == .avx512bf16 ? .bf16 : .f32
    }
}
