import CKernels
import Kernels
import TestSupport
import Testing

/// Every level against the scalar one, which sums in double precision.
@Suite struct GemmTests {
    private static let epilogues = [CK_EPILOGUE_BIAS, CK_EPILOGUE_BIAS_GELU, CK_EPILOGUE_BIAS_RESIDUAL]

    @Test("every length of a row agrees with the scalar sums", arguments: KernelLevel.available)
    func rowLengths(level: KernelLevel) {
        var generator = SeededGenerator(seed: 1)
        for columns in 1...1023 {
            Product(rows: 1 + columns % 3, columns: columns, outputs: 32, &generator)
                .expectAgreement(level, Self.epilogues[columns % 3])
        }
    }

    @Test("every number of rows and panels agrees with the scalar sums", arguments: KernelLevel.available)
    func shapes(level: KernelLevel) {
        var generator = SeededGenerator(seed: 2)
        for rows in Array(1...40) + [100, 257] {
            for outputs in [1, 31, 32, 33, 96] {
                Product(rows: rows, columns: 48, outputs: outputs, &generator)
                    .expectAgreement(level, Self.epilogues[(rows + outputs) % 3])
            }
        }
    }

    @Test("a row's result doesn't depend on the rows beside it", arguments: KernelLevel.available)
    func batchInvariance(level: KernelLevel) {
        var generator = SeededGenerator(seed: 3)
        let product = Product(rows: 29, columns: 200, outputs: 64, &generator)
        let together = product.run(level, CK_EPILOGUE_BIAS_GELU)
        for row in 0..<29 {
            let alone = product.run(level, CK_EPILOGUE_BIAS_GELU, rows: row..<(row + 1))
            #expect(alone == Array(together[(row * 64)..<((row + 1) * 64)]))
        }
    }

    @Test("GELU is exact within its bound from −12 to 12", arguments: KernelLevel.available)
    func gelu(level: KernelLevel) {
        // One column of weight 1 and no bias hands the argument to the epilogue unchanged.
        let values = (0...24_000).map { Float($0) / 1000 - 12 }
        let product = Product(x: values, rows: values.count, columns: 1, weight: [1], bias: [0])
        let exact = product.run(.scalar, CK_EPILOGUE_BIAS_GELU)
        let result = product.run(level, CK_EPILOGUE_BIAS_GELU)
        for row in values.indices {
            #expect(abs(result[row * 32] - exact[row * 32]) <= CK_GELU_ERROR, "GELU(\(values[row]))")
        }
    }
}

/// One product with everything it needs.
private struct Product {
    let x: [Float]
    let rows: Int
    let columns: Int
    let weight: [Float]
    let bias: [Float]
    let width: Int
    let panels: [Float]

    init(x: [Float], rows: Int, columns: Int, weight: [Float], bias: [Float]) {
        self.x = x
        self.rows = rows
        self.columns = columns
        self.weight = weight
        width = (bias.count + 31) / 32 * 32
        self.bias = bias + [Float](repeating: 0, count: width - bias.count)
        var packed = [Float](repeating: .nan, count: ck_gemm_packed_count(bias.count, columns))
        unsafe ck_gemm_pack(weight, bias.count, columns, &packed)
        panels = packed
    }

    init(rows: Int, columns: Int, outputs: Int, _ generator: inout SeededGenerator) {
        func random(_ count: Int) -> [Float] { (0..<count).map { _ in Float.random(in: -1...1, using: &generator) } }
        self.init(
            x: random(rows * columns), rows: rows, columns: columns, weight: random(outputs * columns),
            bias: random(outputs))
    }

    /// The residual of row r, column c.
    private var residual: [Float] { (0..<(rows * width)).map { Float($0 % 17) / 8 - 1 } }

    func run(_ level: KernelLevel, _ epilogue: ck_epilogue, rows range: Range<Int>? = nil) -> [Float] {
        var table = ck_gemm_table()
        unsafe ck_fill_gemm(level.value, &table)
        let range = range ?? 0..<rows
        var out = [Float](repeating: .nan, count: range.count * width)
        let residual = residual
        unsafe x.withUnsafeBufferPointer { x in
            unsafe panels.withUnsafeBufferPointer { panels in
                unsafe bias.withUnsafeBufferPointer { bias in
                    unsafe residual.withUnsafeBufferPointer { residual in
                        unsafe out.withUnsafeMutableBufferPointer { out in
                            guard let x = x.baseAddress, let residual = residual.baseAddress else { return }
                            var product = unsafe ck_gemm(
                                x: x + range.lowerBound * columns, x_stride: columns, row_count: range.count,
                                word_count: columns, panels: panels.baseAddress, panel_count: width / 32,
                                bias: bias.baseAddress, residual: residual + range.lowerBound * width,
                                residual_stride: width, out: out.baseAddress, out_stride: width, epilogue: epilogue,
                                output: CK_OUTPUT_F32)
                            unsafe table.product(&product)
                        }
                    }
                }
            }
        }
        return out
    }

    /// Compares with the scalar level within the header's bound.
    func expectAgreement(_ level: KernelLevel, _ epilogue: ck_epilogue) {
        let exact = run(.scalar, epilogue)
        let result = run(level, epilogue)
        var worst: Float = 0
        for row in 0..<rows {
            for column in 0..<width {
                var terms = abs(bias[column]) + (epilogue == CK_EPILOGUE_BIAS_RESIDUAL ? 1 : 0)
                if column * columns < weight.count {
                    for k in 0..<columns { terms += abs(x[row * columns + k] * weight[column * columns + k]) }
                }
                let bound =
                    CK_GEMM_RELATIVE_ERROR * terms + (epilogue == CK_EPILOGUE_BIAS_GELU ? CK_GELU_ERROR : 0)
                let error = abs(result[row * width + column] - exact[row * width + column])
                worst = max(worst, error.isNaN ? .infinity : error / max(bound, .leastNormalMagnitude))
            }
        }
        #expect(worst <= 1, "\(rows) × \(columns) → \(width) at \(level.name), epilogue \(epilogue.rawValue)")
    }
}
