import CKernels

/// What weights of 16 or 32 bits are rounded to when a model is loaded: blocks of 32 that share a scale.
///
/// Less memory, and more tokens a second where weights are read from memory; `q8_0` is near to lossless.
///
/// Source: block formats of the GGUF specification.
public enum WeightQuantization: String, Sendable, CaseIterable {
    /// 8 bits and a scale: 8.5 bits a weight.
    case q8_0
    /// 4 bits and a scale: 4.5 bits a weight.
    case q4_0
    /// 4 bits, a scale and a minimum: 5 bits a weight.
    case q4_1

    /// What a matrix is rounded to; nil where it is quantised already or its rows aren't whole blocks.
    ///
    /// The output matrix keeps 8 bits, as converters of models do it: its errors go into the logits unmixed.
    func type(for tensor: SourceTensor, isOutput: Bool) -> ck_weight_type? {
        guard tensor.type.rawValue < CK_WEIGHT_Q8_0.rawValue, tensor.columnCount % 32 == 0 else { return nil }
        switch self {
        case .q4_0 where !isOutput: return CK_WEIGHT_Q4_0
        case .q4_1 where !isOutput: return CK_WEIGHT_Q4_1
        default: return CK_WEIGHT_Q8_0
        }
    }
}
