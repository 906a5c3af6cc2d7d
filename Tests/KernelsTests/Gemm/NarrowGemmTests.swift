import CKernels
import Kernels
import TestSupport
import Testing

/// Products of bf16 and of integers: every level against the scalar one, which sums in double precision.
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
            #expect(bytes == exact && groups.map(\.numbers) == exactGroups.map(\.numbers))
            for k in 0..<n {
                let group = groups[k / Int(CK_GEMM_GROUP)]
                #expect(abs(group.scale * Float(bytes[k]) + group.offset - x[k]) <= group.scale * 0.501 + 1e-6)
            }
        }
        let flat = NarrowProduct.bytes([Float](repeating: -2, count: 130), level)
        #expect(flat.0 == [UInt8](repeating: 0, count: 130) && flat.1.map(\.numbers) == [[0, -2], [0, -2]])
    }

    @Test("every level makes the same 16-bit integers", arguments: KernelLevel.available)
    func wideIntegers(level: KernelLevel) {
        var generator = SeededGenerator(seed: 16)
        for n in Array(1...100) + [384, 511, 512, 513, 1536] {
            let x = (0..<n).map { _ in Float.random(in: -3...5, using: &generator) }
            let (integers, groups) = NarrowProduct.integers(x, level)
            let (exact, exactGroups) = NarrowProduct.integers(x, .scalar)
            #expect(integers == exact && groups.map(\.numbers) == exactGroups.map(\.numbers))
            for k in 0..<n {
                let group = groups[k / Int(CK_GEMM_GROUP_INT16)]
                #expect(abs(Int(integers[k])) <= Int(CK_GEMM_MOST_INT16))
                #expect(abs(group.scale * Float(integers[k]) + group.offset - x[k]) <= group.scale * 0.501 + 1e-6)
            }
        }
        let flat = NarrowProduct.integers([Float](repeating: -2, count: 520), level)
        #expect(flat.0 == [Int16](repeating: 0, count: 520) && flat.1.map(\.numbers) == [[0, -2], [0, -2]])
    }

    @Test("no sum of 16-bit products leaves 32 bits", arguments: [1, 2, 31, 384, 512])
    func room(columns: Int) {
        var generator = SeededGenerator(seed: 17)
        let spreads: [[Float]] = [
            [Float](repeating: 0.5, count: columns), (0..<columns).map { $0 == 0 ? 1 : 0 },
            (0..<columns).map { _ in Float.random(in: -1...1, using: &generator) },
        ]
        for weights in spreads {
            var panel = [UInt32](repeating: .max, count: ck_gemm_packed_count_int16(1, columns))
            unsafe ck_gemm_pack_int16(weights, 1, columns, &panel)
            let sum = (0..<columns).reduce(0) { sum, k in
                sum + abs(Int(Int16(truncatingIfNeeded: panel[k / 2 * 32] >> UInt32(k % 2 * 16))))
            }
            #expect(sum > 0 && sum * Int(CK_GEMM_MOST_INT16) < 1 << 31)
        }
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

extension ck_integer_group {
    /// Scale and offset.
    fileprivate var numbers: [Float] { [scale, offset] }
}
