import CKernels
import Decoders
import Kernels
import TestSupport
import Testing

/// Every level against the scalar kernels and the scalar ones against plain arithmetic.
///
/// Tables are asked for by level, so nothing here changes the level in use.
@Suite("Decoder kernels")
struct QuantKernelTests {
    /// Products: of the sum of the absolute values of the terms.
    static let productBound = 2e-6
    /// Norms, exponentials, rotations: of the greatest value.
    static let rowBound = 2e-6

    static let levels = KernelLevel.available
    static let types = [
        CK_WEIGHT_F32, CK_WEIGHT_F16, CK_WEIGHT_BF16, CK_WEIGHT_Q8_0, CK_WEIGHT_Q4_0, CK_WEIGHT_Q4_1,
        CK_WEIGHT_Q5_0, CK_WEIGHT_Q5_1, CK_WEIGHT_IQ4_NL, CK_WEIGHT_Q2_K, CK_WEIGHT_Q3_K, CK_WEIGHT_Q4_K,
        CK_WEIGHT_Q5_K, CK_WEIGHT_Q6_K,
    ]
    /// Bytes of a block before its f16 numbers, how many of those there are, and bytes after them.
    static let layouts: [ck_weight_type: (before: Int, halves: Int, after: Int)] = [
        CK_WEIGHT_Q8_0: (0, 1, 32), CK_WEIGHT_Q4_0: (0, 1, 16), CK_WEIGHT_Q4_1: (0, 2, 16),
        CK_WEIGHT_Q5_0: (0, 1, 20), CK_WEIGHT_Q5_1: (0, 2, 20), CK_WEIGHT_IQ4_NL: (0, 1, 16),
        CK_WEIGHT_Q2_K: (80, 2, 0), CK_WEIGHT_Q3_K: (108, 1, 0), CK_WEIGHT_Q4_K: (0, 2, 140),
        CK_WEIGHT_Q5_K: (0, 2, 172), CK_WEIGHT_Q6_K: (208, 1, 0),
    ]

    static func table(_ level: KernelLevel) throws -> UnsafePointer<ck_quant_table> {
        try unsafe #require(ck_quant_kernels_at(ck_level(rawValue: UInt32(level.rawValue))))
    }

    static func floats(_ count: Int, _ random: inout SeededGenerator, scale: Float = 1) -> [Float] {
        (0..<count).map { _ in Float.random(in: -scale...scale, using: &random) }
    }

    /// Random rows in a file's layout: valid halves, any other bytes.
    static func fileRows(
        _ type: ck_weight_type, rows: Int, columns: Int, _ random: inout SeededGenerator
    ) -> [UInt8] {
        func half() -> [UInt8] {
            let bits = ck_float_to_half(Float.random(in: -0.1...0.1, using: &random))
            return [UInt8(truncatingIfNeeded: bits), UInt8(bits >> 8)]
        }
        func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) } }
        var result: [UInt8] = []
        switch type {
        case CK_WEIGHT_F32:
            for value in floats(rows * columns, &random) {
                result += [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: value.bitPattern >> $0) }
            }
        case CK_WEIGHT_F16:
            for _ in 0..<(rows * columns) { result += half() }
        case CK_WEIGHT_BF16:
            for value in floats(rows * columns, &random) {
                result += [16, 24].map { UInt8(truncatingIfNeeded: value.bitPattern >> $0) }
            }
        default:
            guard let layout = layouts[type] else { return [] }
            for _ in 0..<(rows * columns / ck_block_columns(type)) {
                result += bytes(layout.before)
                for _ in 0..<layout.halves { result += half() }
                result += bytes(layout.after)
            }
        }
        return result
    }

    struct Case {
        var type: ck_weight_type
        var rows: Int
        var columns: Int
        var tokens: Int
    }

    static var cases: [Case] {
        var list: [Case] = []
        for type in types {
            let isQuantized = type.rawValue >= CK_WEIGHT_Q8_0.rawValue
            let quantised = ck_block_columns(type) == 256 ? [256, 768] : [32, 64, 576]
            for columns in isQuantized ? quantised : [1, 2, 3, 31, 64, 577] {
                for (rows, tokens) in [(16, 1), (1, 2), (37, 3), (64, 8), (40, 21), (16, 13)] {
                    list.append(Case(type: type, rows: rows, columns: columns, tokens: tokens))
                }
            }
        }
        return list
    }

    /// Packs the rows and multiplies at one level.
    static func product(
        _ level: KernelLevel, _ test: Case, weights: [UInt8], x: [Float], tokens: Range<Int>
    ) throws -> [Float] {
        let kernels = try unsafe table(level)
        let pool = ThreadPool(threadCount: 1)
        let matrix = unsafe weights.withUnsafeBytes { bytes in
            unsafe PackedMatrix(
                type: test.type, rows: bytes, rowCount: test.rows, columnCount: test.columns, pool: pool)
        }
        let blocksPerToken = test.columns / 32
        var blocks = [ck_q8_block](repeating: ck_q8_block(), count: max(1, tokens.count * blocksPerToken))
        var out = [Float](repeating: .nan, count: tokens.count * test.rows)
        let rows = Array(x[(tokens.lowerBound * test.columns)..<(tokens.upperBound * test.columns)])
        if matrix.isQuantized {
            unsafe kernels.pointee.quantize_q8(rows, rows.count, &blocks)
        }
        unsafe rows.withUnsafeBytes { floats in
            unsafe blocks.withUnsafeBytes { bytes in
                unsafe out.withUnsafeMutableBufferPointer { out in
                    var product = unsafe ck_product(
                        panels: matrix.panels, panel_bytes: matrix.panelBytes, row_count: test.rows,
                        column_count: test.columns,
                        x: matrix.isQuantized ? bytes.baseAddress : floats.baseAddress,
                        x_stride: matrix.isQuantized ? blocksPerToken : test.columns, token_count: tokens.count,
                        out: out.baseAddress, out_stride: test.rows)
                    unsafe ck_quant_product(kernels, matrix.type, &product)
                }
            }
        }
        return out
    }

    @Test("products of every type agree at every level with plain arithmetic", arguments: cases)
    func products(_ test: Case) throws {
        var random = SeededGenerator(seed: UInt64(test.columns * 31 + test.rows))
        let weights = Self.fileRows(test.type, rows: test.rows, columns: test.columns, &random)
        let x = Self.floats(test.tokens * test.columns, &random)
        var plain = [Float](repeating: 0, count: test.rows * test.columns)
        let rowBytes = ck_row_bytes(test.type, test.columns)
        for row in 0..<test.rows {
            var values = [Float](repeating: 0, count: test.columns)
            let bytes = Array(weights[(row * rowBytes)..<((row + 1) * rowBytes)])
            unsafe ck_dequantize_row(test.type, bytes, test.columns, &values)
            plain.replaceSubrange((row * test.columns)..<((row + 1) * test.columns), with: values)
        }
        let scalar = try Self.product(.scalar, test, weights: weights, x: x, tokens: 0..<test.tokens)
        for token in 0..<test.tokens {
            for row in 0..<test.rows {
                var sum = 0.0
                var size = 0.0
                var steps = 0.0
                for k in 0..<test.columns {
                    let (w, v) = (Double(plain[row * test.columns + k]), Double(x[token * test.columns + k]))
                    sum += w * v
                    size += abs(w * v)
                    steps += abs(w)
                }
                // A byte activation is off by at most half a step of max|x| / 127.
                let isQuantized = test.type.rawValue >= CK_WEIGHT_Q8_0.rawValue
                let bound = size * Self.productBound * 4 + (isQuantized ? steps * 0.5 / 127 * 1.01 : 0) + 1e-7
                #expect(abs(Double(scalar[token * test.rows + row]) - sum) <= bound)
            }
        }
        for level in Self.levels where level != .scalar {
            let fast = try Self.product(level, test, weights: weights, x: x, tokens: 0..<test.tokens)
            let size = Double(test.columns) * 2
            for (a, b) in zip(fast, scalar) { #expect(abs(Double(a - b)) <= size * Self.productBound, "\(level)") }
            let last = test.tokens - 1
            let alone = try Self.product(level, test, weights: weights, x: x, tokens: last..<test.tokens)
            #expect(alone == Array(fast[(last * test.rows)...]), "a token alone gives the same bits as in a batch")
        }
    }

    @Test("row operations agree at every level with the scalar kernels at every length", arguments: levels)
    func rowOperations(_ level: KernelLevel) throws {
        let kernels = unsafe Table(pointer: try Self.table(level))
        let scalar = unsafe Table(pointer: try Self.table(.scalar))
        var random = SeededGenerator(seed: 11)
        for count in Array(1...70) + [576, 1023] {
            let x = Self.floats(count, &random, scale: 9)
            let weight = Self.floats(count, &random)
            for body in Self.operations {
                let fast = body(kernels, x, weight)
                let slow = body(scalar, x, weight)
                let greatest = slow.map { abs($0) }.max() ?? 0
                for (a, b) in zip(fast, slow) {
                    #expect(abs(a - b) <= greatest * Float(Self.rowBound), "\(level) at \(count)")
                }
            }
        }
    }

    /// One level's kernels; a table that lives as long as the process.
    @safe
    struct Table: Sendable {
        nonisolated(unsafe) let pointer: UnsafePointer<ck_quant_table>
    }

    typealias Operation = @Sendable (Table, [Float], [Float]) -> [Float]

    static let operations: [Operation] = [
        { kernels, x, weight in
            var out = [Float](repeating: 0, count: x.count)
            unsafe kernels.pointer.pointee.rms_norm(x, weight, x.count, 1e-5, &out)
            return out
        },
        { kernels, x, weight in
            var out = x
            unsafe kernels.pointer.pointee.silu_mul(&out, weight, x.count)
            return out
        },
        { kernels, x, weight in
            var out = x
            unsafe kernels.pointer.pointee.gelu_mul(&out, weight, x.count)
            // Far below zero it vanishes by an exponential whose argument rounds; measured against 1 at least.
            return out + [1]
        },
        { kernels, x, weight in
            var out = x
            unsafe kernels.pointer.pointee.mul(&out, weight, x.count)
            return out
        },
        { kernels, x, weight in
            var out = x
            unsafe kernels.pointer.pointee.add(&out, weight, x.count)
            return out
        },
        { kernels, x, weight in
            var out = Array(x.prefix(x.count / 2 * 2))
            unsafe kernels.pointer.pointee.rope_pairs(&out, weight, x, out.count)
            return out
        },
        { kernels, x, _ in
            var out = x
            let greatest = unsafe kernels.pointer.pointee.max_f32(x, x.count)
            let sum = unsafe kernels.pointer.pointee.exp_sum(&out, x.count, greatest)
            return out + [sum, greatest]
        },
    ]

    @Test("half-precision numbers convert exactly at every level, to the nearest and back", arguments: levels)
    func halves(_ level: KernelLevel) throws {
        let kernels = try unsafe Self.table(level)
        // Every number but the NaNs, whose bits may differ.
        let bits = (0...UInt16.max).filter { $0 & 0x7c00 != 0x7c00 || $0 & 0x3ff == 0 }
        var floats = [Float](repeating: 0, count: bits.count)
        var back = [UInt16](repeating: 0, count: bits.count)
        unsafe kernels.pointee.f16_to_f32(bits, bits.count, &floats)
        unsafe kernels.pointee.f32_to_f16(floats, bits.count, &back)
        #expect(back == bits)
        #expect(floats[1] == 0x1p-24)
        var random = SeededGenerator(seed: 5)
        let values =
            (0..<5_000).map { _ in Float(bitPattern: UInt32.random(in: 0...0x7f7f_ffff, using: &random)) }
            + [65_519.996, 65_520, 0x1p-25, 0x1.000002p-25, 0x1p-14, 0x1.ffcp-15, 1 + 0x1p-11, 1 + 0x3p-11]
        var one = [UInt16](repeating: 0, count: values.count)
        unsafe kernels.pointee.f32_to_f16(values, values.count, &one)
        for (value, half) in zip(values, one) { #expect(half == ck_float_to_half(value), "\(value)") }
        #expect(ck_float_to_half(65_520) == 0x7c00)
        #expect(ck_float_to_half(0x1p-25) == 0)
        #expect(ck_float_to_half(0x1.000002p-25) == 1)
    }

    @Test("quantised activations are within half a step, and the sums belong to them", arguments: levels)
    func quantisation(_ level: KernelLevel) throws {
        let kernels = try unsafe Self.table(level)
        var random = SeededGenerator(seed: 9)
        for scale: Float in [0, .leastNonzeroMagnitude, 1e-30, 1, 1e20, .greatestFiniteMagnitude] {
            let x = Self.floats(64, &random).map { $0 * scale }
            var blocks = [ck_q8_block](repeating: ck_q8_block(), count: 2)
            unsafe kernels.pointee.quantize_q8(x, 64, &blocks)
            for (index, block) in blocks.enumerated() {
                let values = unsafe withUnsafeBytes(of: block.values) { unsafe $0.map { Int(Int8(bitPattern: $0)) } }
                let sum = values.reduce(0, +)
                #expect(Int(block.minus_8_sum) == -8 * sum && Int(block.minus_128_sum) == -128 * sum)
                #expect(Int(block.minus_32_low) == -32 * values[..<16].reduce(0, +))
                #expect(Int(block.minus_32_high) == -32 * values[16...].reduce(0, +))
                #expect(block.scaled_sum == block.scale * Float(sum))
                guard scale >= 1e-30 else { continue }
                for (value, original) in zip(values, x[(index * 32)...]) {
                    #expect(abs(Float(value) * block.scale - original) <= block.scale * 0.5001)
                }
            }
        }
    }
}
