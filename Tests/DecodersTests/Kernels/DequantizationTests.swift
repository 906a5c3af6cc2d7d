import CKernels
import Foundation
import Testing

/// Blocks of every quantised type against what the `gguf` package makes of them.
@Suite("Dequantisation")
struct DequantizationTests {
    struct Sample: Decodable {
        var bytes: Data
        var values: Data
    }

    static let types: [(name: String, type: ck_weight_type)] = [
        ("Q8_0", CK_WEIGHT_Q8_0), ("Q4_0", CK_WEIGHT_Q4_0), ("Q4_1", CK_WEIGHT_Q4_1), ("Q5_0", CK_WEIGHT_Q5_0),
        ("Q5_1", CK_WEIGHT_Q5_1), ("IQ4_NL", CK_WEIGHT_IQ4_NL), ("Q2_K", CK_WEIGHT_Q2_K), ("Q3_K", CK_WEIGHT_Q3_K),
        ("Q4_K", CK_WEIGHT_Q4_K), ("Q5_K", CK_WEIGHT_Q5_K), ("Q6_K", CK_WEIGHT_Q6_K),
    ]

    @Test("every type's blocks become the floats that the format's own package computes", arguments: types)
    func exact(name: String, type: ck_weight_type) throws {
        let samples: [String: Sample] = try TinyModel.json("dequantized.json")
        let sample = try #require(samples[name])
        let expected = unsafe sample.values.withUnsafeBytes { bytes in
            (0..<512).map { unsafe bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
        }
        #expect(ck_row_bytes(type, 512) == sample.bytes.count)
        var values = [Float](repeating: 0, count: 512)
        unsafe ck_dequantize_row(type, Array(sample.bytes), 512, &values)
        // Fused multiply-adds may round once where the package rounds twice.
        for (a, b) in zip(values, expected) { #expect(abs(a - b) <= 1e-6 * max(abs(b), 0.5)) }
    }
}

/// Rows rounded to blocks against what the `gguf` package makes of them.
@Suite("Quantisation")
struct QuantizationTests {
    static let types: [(name: String, type: ck_weight_type)] = [
        ("Q8_0", CK_WEIGHT_Q8_0), ("Q4_0", CK_WEIGHT_Q4_0), ("Q4_1", CK_WEIGHT_Q4_1),
    ]

    @Test("rows become the blocks that the format's own package writes, byte for byte", arguments: types)
    func exact(name: String, type: ck_weight_type) throws {
        let fixture: [String: Data] = try TinyModel.json("quantized.json")
        let x = unsafe try #require(fixture["values"]).withUnsafeBytes { bytes in
            (0..<256).map { unsafe bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
        }
        var blocks = [UInt8](repeating: 0, count: ck_row_bytes(type, 256))
        unsafe ck_quantize_row(type, x, 256, &blocks)
        #expect(blocks == Array(try #require(fixture[name])))
    }

    @Test("values that are no numbers, or beyond every scale, give blocks and no crash", arguments: types)
    func extremes(name: String, type: ck_weight_type) {
        for value: Float in [.nan, .infinity, -.infinity, .greatestFiniteMagnitude, .leastNonzeroMagnitude, 0] {
            var x = [Float](repeating: 1, count: 32)
            x[3] = value
            var blocks = [UInt8](repeating: 0, count: ck_row_bytes(type, 32))
            unsafe ck_quantize_row(type, x, 32, &blocks)
            unsafe ck_quantize_row(type, [Float](repeating: value, count: 32), 32, &blocks)
        }
    }
}
