import CKernels
import Kernels
import TestSupport
import Testing

/// Products of bf16 and of bytes: every level against the scalar one, which sums in double precision.
@Suite struct NarrowGemmTests {
    private static let epilogues = [CK_EPILOGUE_BIAS, CK_EPILOGUE_BIAS_GELU, CK_EPILOGUE_BIAS_RESIDUAL]

    @Test("every length of a row agrees with the scalar sums", arguments: KernelLevel.available, NarrowType.allCases)
    func rowLengths(level: KernelLevel, type: NarrowType) {
        var generator = SeededGenerator(seed: 11)
        for columns in 1...1023 {
            let product = NarrowProduct(type, rows: 1 + columns % 3, columns: columns, outputs: 32, &generator)
            product.expectAgreement(level, Self.epilogues[columns % 3])
        }
    }

    @Test("every number of rows and panels agrees", arguments: KernelLevel.available, NarrowType.allCases)
    func shapes(level: KernelLevel, type: NarrowType) {
        var generator = SeededGenerator(seed: 12)
        for rows in Array(1...40) + [100, 257] {
            for outputs in [1, 31, 33, 96] {
                let product = NarrowProduct(type, rows: rows, columns: 200, outputs: outputs, &generator)
                product.expectAgreement(level, Self.epilogues[(rows + outputs) % 3])
            }
        }
    }

    @Test("a row doesn't depend on the rows beside it", arguments: KernelLevel.available, NarrowType.allCases)
    func batchInvariance(level: KernelLevel, type: NarrowType) {
        var generator = SeededGenerator(seed: 13)
        let product = NarrowProduct(type, rows: 29, columns: 300, outputs: 64, &generator)
        let together = product.run(level, CK_EPILOGUE_BIAS_GELU)
        for row in 0..<29 {
            let alone = product.run(level, CK_EPILOGUE_BIAS_GELU, rows: row..<(row + 1))
            #expect(alone == Array(together[(row * 64)..<((row + 1) * 64)]))
        }
    }

    @Test("every level makes the same bytes and the same bf16", arguments: KernelLevel.available)
    func conversions(level: KernelLevel) {
        var generator = SeededGenerator(seed: 14)
        for n in Array(1...300) + [384, 1536] {
            let x = (0..<n).map { _ in Float.random(in: -3...5, using: &generator) }
            #expect(NarrowProduct.halves(x, level) == NarrowProduct.halves(x, .scalar))
            let (bytes, groups) = NarrowProduct.bytes(x, level)
            let (exact, exactGroups) = NarrowProduct.bytes(x, .scalar)
            #expect(bytes == exact && groups == exactGroups)
            for k in 0..<n {
                let group = k / Int(CK_GEMM_GROUP) * 2
                let value = groups[group] * Float(bytes[k]) + groups[group + 1]
                #expect(abs(value - x[k]) <= groups[group] * 0.501 + 1e-6)
            }
        }
        let flat = NarrowProduct.bytes([Float](repeating: -2, count: 130), level)
        #expect(flat.0 == [UInt8](repeating: 0, count: 130) && flat.1 == [0, -2, 0, -2])
    }

    @Test("the quick GELU is within its bound from −12 to 12", arguments: KernelLevel.available)
    func gelu(level: KernelLevel) {
        // One column of weight 1 hands the bias to the epilogue.
        var generator = SeededGenerator(seed: 15)
        var product = NarrowProduct(.bf16, rows: 1, columns: 1, outputs: 24_001, &generator)
        product.zeroWeights()
        product.bias = (0..<product.bias.count).map { Float($0) / 1000 - 12 }
        let exact = product.run(.scalar, CK_EPILOGUE_BIAS_GELU)
        let result = product.run(level, CK_EPILOGUE_BIAS_GELU)
        for column in 0..<24_001 {
            #expect(abs(result[column] - exact[column]) <= CK_GELU_FAST_ERROR, "GELU(\(product.bias[column]))")
        }
    }
}
