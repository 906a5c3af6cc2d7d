import CKernels
import Foundation
import Kernels
import Tensors

/// What turns the first token's vector into a score: a dense layer, tanh, and one linear unit.
///
/// | | dense [D, D] | unit [1, D] |
/// |---|---|---|
/// | BERT | `bert.pooler.dense` | `classifier` |
/// | XLM-RoBERTa | `classifier.dense` | `classifier.out_proj` |
///
/// Source: Devlin et al. (2018), section 4; transformers' `…ForSequenceClassification`.
struct ClassificationHead: Sendable {
    private let dense: [Float]  // [D, D]
    private let denseBias: [Float]  // [D]
    private let unit: [Float]  // [D]
    private let unitBias: Float
    private let appliesSigmoid: Bool
    private let size: Int

    /// - Throws: `EncoderError.weights` when a tensor is missing or of another shape.
    init(_ configuration: EncoderConfiguration, _ file: SafetensorsFile) throws(EncoderError) {
        size = configuration.hiddenSize
        appliesSigmoid = configuration.appliesSigmoid
        let isBert = configuration.family == .bert
        let denseName = isBert ? "bert.pooler.dense" : "classifier.dense"
        let unitName = isBert ? "classifier" : "classifier.out_proj"
        do throws(TensorError) {
            dense = try file.floats(denseName + ".weight", shape: [size, size])
            denseBias = try file.floats(denseName + ".bias", shape: [size])
            unit = try file.floats(unitName + ".weight", shape: [1, size])
            unitBias = try file.floats(unitName + ".bias", shape: [1])[0]
        } catch {
            throw .weights(error)
        }
    }

    /// The score of one pair.
    /// - Parameter vector: [D], the first token's after the last layer.
    /// - Returns: greater is better; from 0 to 1 with a sigmoid.
    func score(_ vector: UnsafePointer<Float>) -> Float {
        let kernels = unsafe ck_kernels().pointee.distance
        var pooled = [Float](repeating: 0, count: size)
        let rowBytes = size * MemoryLayout<Float>.stride
        // Every row that the scan reads lies in `dense`, which has D rows of D floats.
        unsafe dense.withUnsafeBytes { rows in
            unsafe pooled.withUnsafeMutableBufferPointer { out in
                unsafe kernels.dot_f32_scan(vector, rows.baseAddress, rowBytes, size, size, out.baseAddress)
            }
        }
        var logit = unitBias
        for index in 0..<size {
            logit += unit[index] * tanh(pooled[index] + denseBias[index])
        }
        return appliesSigmoid ? 1 / (1 + exp(-logit)) : logit
    }
}
