import CKernels
import Decoders
import Foundation
import Kernels
import TestSupport
import Testing

/// Attention over a cache at every level: halves and bytes, with and without a window, against plain arithmetic.
@Suite("Decoder attention") struct AttentionKernelTests {
    /// Relative to the greatest value.
    static let bound: Float = 1e-5

    struct Case: Sendable, CustomTestStringConvertible {
        var headSize: Int
        var group: Int
        var tokens: Int
        var first: Int
        var window: Int
        var isBytes: Bool
        var testDescription: String {
            "\(isBytes ? "bytes" : "halves") of \(headSize), \(tokens)x\(group) rows from \(first), window \(window)"
        }
    }

    static var cases: [Case] {
        var list: [Case] = []
        for isBytes in [false, true] {
            for headSize in [8, 16, 24, 64, 128] {
                for (tokens, first, window) in [
                    (1, 0, 0), (1, 40, 0), (8, 33, 0), (5, 0, 3), (8, 40, 1), (1, 47, 16), (8, 40, 17), (8, 3, 300),
                    (3, 70, 33),
                ] {
                    let group = headSize == 16 ? 1 : 3
                    list.append(
                        Case(
                            headSize: headSize, group: group, tokens: tokens, first: first, window: window,
                            isBytes: isBytes))
                }
            }
        }
        return list
    }

    /// A cache of one head, filled by a level's own kernels.
    struct Cache {
        var keys: [UInt8]
        var values: [UInt8]
        var keyScales: [Float]
        var valueScales: [Float]
        let capacity: Int

        init(_ test: Case, _ x: (keys: [Float], values: [Float]), _ kernels: UnsafePointer<ck_quant_table>) {
            let size = test.headSize
            let end = test.first + test.tokens
            capacity = (end + 15) / 16 * 16 + 16
            let bytes = test.isBytes ? 1 : 2
            keys = [UInt8](repeating: 0, count: capacity * size * bytes)
            values = [UInt8](repeating: 0, count: capacity * ((size + 15) / 16 * 16) * bytes)
            keyScales = [Float](repeating: 0, count: capacity)
            valueScales = [Float](repeating: 0, count: capacity)
            for position in 0..<end {
                let key = Array(x.keys[(position * size)..<((position + 1) * size)])
                let value = Array(x.values[(position * size)..<((position + 1) * size)])
                unsafe keys.withUnsafeMutableBytes { keys in
                    unsafe values.withUnsafeMutableBytes { values in
                        if test.isBytes {
                            unsafe ck_store_position_i8(
                                kernels, key, value, size, capacity, position,
                                keys.assumingMemoryBound(to: Int8.self).baseAddress,
                                values.assumingMemoryBound(to: Int8.self).baseAddress, &keyScales, &valueScales)
                        } else {
                            unsafe ck_store_position(
                                kernels, key, value, size, capacity, position,
                                keys.assumingMemoryBound(to: UInt16.self).baseAddress,
                                values.assumingMemoryBound(to: UInt16.self).baseAddress)
                        }
                    }
                }
            }
        }
    }

    static func attend(
        _ test: Case, _ q: [Float], _ cache: Cache, tokens: Range<Int>, _ kernels: UnsafePointer<ck_quant_table>
    ) -> [Float] {
        let width = test.group * test.headSize
        var out = [Float](repeating: .nan, count: tokens.count * width)
        let rows = Array(q[(tokens.lowerBound * width)..<(tokens.upperBound * width)])
        let first = test.first + tokens.lowerBound
        var scratch = [Float](
            repeating: .nan, count: ck_attention_scratch(tokens.count * test.group, test.headSize, first + tokens.count)
        )
        unsafe cache.keys.withUnsafeBytes { keys in
            unsafe cache.values.withUnsafeBytes { values in
                unsafe cache.keyScales.withUnsafeBufferPointer { keyScales in
                    unsafe cache.valueScales.withUnsafeBufferPointer { valueScales in
                        unsafe rows.withUnsafeBufferPointer { rows in
                            unsafe out.withUnsafeMutableBufferPointer { out in
                                unsafe scratch.withUnsafeMutableBufferPointer { scratch in
                                    var attention = unsafe ck_attention(
                                        q: rows.baseAddress, q_stride: width, token_count: tokens.count,
                                        group: test.group, head_size: test.headSize, keys: keys.baseAddress,
                                        values: values.baseAddress,
                                        key_scales: test.isBytes ? keyScales.baseAddress : nil,
                                        value_scales: test.isBytes ? valueScales.baseAddress : nil,
                                        capacity: cache.capacity, first_position: first, window: test.window,
                                        scale: 0.2, out: out.baseAddress, out_stride: width,
                                        scratch: scratch.baseAddress)
                                    unsafe ck_attend(kernels, &attention)
                                }
                            }
                        }
                    }
                }
            }
        }
        return out
    }

    /// What a cache keeps of a row.
    static func kept(_ row: ArraySlice<Float>, isBytes: Bool) -> [Double] {
        guard isBytes else { return row.map { Double(ck_half_to_float(ck_float_to_half($0))) } }
        let scale = (row.map { abs($0) }.max() ?? 0) / 127
        return row.map { scale > 0 ? (Double($0) / Double(scale)).rounded(.toNearestOrEven) * Double(scale) : 0 }
    }

    static func exact(_ test: Case, _ q: [Float], _ x: (keys: [Float], values: [Float])) -> [Double] {
        let size = test.headSize
        func rows(_ values: [Float]) -> [[Double]] {
            stride(from: 0, to: values.count, by: size).map { kept(values[$0..<($0 + size)], isBytes: test.isBytes) }
        }
        let (keys, values) = (rows(x.keys), rows(x.values))
        var out: [Double] = []
        for row in 0..<(test.tokens * test.group) {
            let last = test.first + row / test.group
            let first = test.window == 0 ? 0 : max(0, last + 1 - test.window)
            let query = q[(row * size)..<((row + 1) * size)].map { Double($0) }
            let scores = (first...last).map { position in
                0.2 * zip(query, keys[position]).reduce(0) { $0 + $1.0 * $1.1 }
            }
            let weights = scores.map { exp($0 - (scores.max() ?? 0)) }
            let sum = weights.reduce(0, +)
            for index in 0..<size {
                out.append(zip(first...last, weights).reduce(0) { $0 + values[$1.0][index] * $1.1 } / sum)
            }
        }
        return out
    }

    @Test("every level gives what plain arithmetic gives, and a token alone the same bits", arguments: cases)
    func parity(_ test: Case) throws {
        var random = SeededGenerator(seed: UInt64(test.headSize * 100 + test.first))
        let end = test.first + test.tokens
        let q = QuantKernelTests.floats(test.tokens * test.group * test.headSize, &random, scale: 2)
        let x = (
            keys: QuantKernelTests.floats(end * test.headSize, &random, scale: 2),
            values: QuantKernelTests.floats(end * test.headSize, &random, scale: 3)
        )
        let expected = Self.exact(test, q, x)
        for level in KernelLevel.available {
            let kernels = try unsafe QuantKernelTests.table(level)
            let cache = unsafe Cache(test, x, kernels)
            let out = unsafe Self.attend(test, q, cache, tokens: 0..<test.tokens, kernels)
            for (a, b) in zip(out, expected) { #expect(abs(Double(a) - b) <= Double(3 * Self.bound), "\(level)") }
            let last = test.tokens - 1
            let alone = unsafe Self.attend(test, q, cache, tokens: last..<test.tokens, kernels)
            #expect(alone == Array(out.suffix(alone.count)), "\(level): alone")
        }
    }

    @Test("bytes of a row are the same at every level, and within half a step", arguments: KernelLevel.available)
    func bytes(_ level: KernelLevel) throws {
        let kernels = try unsafe QuantKernelTests.table(level)
        let scalar = try unsafe QuantKernelTests.table(.scalar)
        var random = SeededGenerator(seed: 4)
        for count in Array(1...70) + [128, 256] {
            for size: Float in [0, .leastNonzeroMagnitude, 1e-30, 1, 1e20, .greatestFiniteMagnitude] {
                let x = QuantKernelTests.floats(count, &random).map { $0 * size }
                var fast = [Int8](repeating: 0, count: count)
                var slow = fast
                let scale = unsafe kernels.pointee.quantize_i8(x, count, &fast)
                #expect(unsafe scale == scalar.pointee.quantize_i8(x, count, &slow))
                #expect(fast == slow)
                guard size >= 1e-30 else { continue }
                for (byte, value) in zip(fast, x) { #expect(abs(Float(byte) * scale - value) <= 0.5001 * scale) }
            }
        }
        for bad: Float in [.nan, .infinity, -.infinity] {
            var out = [Int8](repeating: 0, count: 40)
            _ = unsafe kernels.pointee.quantize_i8([Float](repeating: bad, count: 40), 40, &out)
        }
    }

    @Test("products with bytes agree at every level with plain arithmetic", arguments: KernelLevel.available)
    func byteProducts(_ level: KernelLevel) throws {
        let kernels = try unsafe QuantKernelTests.table(level)
        var random = SeededGenerator(seed: 12)
        for columns in [1, 2, 3, 31, 64, 577] {
            for (rows, tokens) in [(16, 1), (1, 2), (37, 3), (64, 8), (40, 21)] {
                let panels = (rows + 15) / 16
                let weights = (0..<(panels * columns * 16)).map { _ in Int8.random(in: -127...127, using: &random) }
                let x = QuantKernelTests.floats(tokens * columns, &random)
                var out = [Float](repeating: .nan, count: tokens * rows)
                unsafe weights.withUnsafeBytes { weights in
                    unsafe x.withUnsafeBytes { x in
                        unsafe out.withUnsafeMutableBufferPointer { out in
                            var product = unsafe ck_product(
                                panels: weights.baseAddress, panel_bytes: columns * 16, row_count: rows,
                                column_count: columns, x: x.baseAddress, x_stride: columns, token_count: tokens,
                                out: out.baseAddress, out_stride: rows)
                            unsafe kernels.pointee.product_i8(&product)
                        }
                    }
                }
                for token in 0..<tokens {
                    for row in 0..<rows {
                        var (sum, size) = (0.0, 0.0)
                        for k in 0..<columns {
                            let weight = Double(weights[(row / 16 * columns + k) * 16 + row % 16])
                            let term = weight * Double(x[token * columns + k])
                            sum += term
                            size += abs(term)
                        }
                        let difference = abs(Double(out[token * rows + row]) - sum)
                        #expect(difference <= size * QuantKernelTests.productBound * 4 + 1e-7)
                    }
                }
            }
        }
    }
}
