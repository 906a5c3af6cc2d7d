import CKernels
import Kernels
import TestSupport
import Testing

/// Every level against the scalar one, which computes in double precision.
@Suite struct RowKernelTests {
    private static func table(_ level: KernelLevel) -> ck_elementwise_table {
        var table = ck_elementwise_table()
        unsafe ck_fill_elementwise(level.value, &table)
        return table
    }

    private static func random(_ count: Int, _ generator: inout SeededGenerator) -> [Float] {
        (0..<count).map { _ in Float.random(in: -2...2, using: &generator) }
    }

    private static func difference(_ one: [Float], _ other: [Float]) -> Float {
        zip(one, other).reduce(0) { worst, pair in
            let error = abs(pair.0 - pair.1)
            return max(worst, error.isNaN ? .infinity : error)
        }
    }

    @Test("sum, layer norm, mean and normalisation agree at every length", arguments: KernelLevel.available)
    func rows(level: KernelLevel) {
        let exact = Self.table(.scalar)
        let tested = Self.table(level)
        var generator = SeededGenerator(seed: 4)
        for n in 1...1023 {
            let x = Self.random(3 * n, &generator)
            let weight = Self.random(n, &generator)
            var results: [[Float]] = []
            for table in [exact, tested] {
                var sum = [Float](repeating: .nan, count: n)
                unsafe table.add(x, weight, n, &sum)
                var norm = sum
                unsafe table.layer_norm(x, n, weight, weight, 1e-3, &norm)
                var mean = sum
                unsafe table.mean_rows(x, n, 3, n, &mean)
                var unit = Array(x[0..<n])
                unsafe table.normalize(&unit, n)
                results.append(sum + norm + mean + unit)
            }
            // The greatest magnitude is a layer norm's: √n times weight and bias of up to 2.
            let bound = CK_ROW_ERROR * (4 + 2 * Float(n).squareRoot())
            #expect(Self.difference(results[0], results[1]) <= bound, "length \(n)")
        }
    }

    @Test("a row of zeros stays what it is", arguments: KernelLevel.available)
    func zeros(level: KernelLevel) {
        var row = [Float](repeating: 0, count: 37)
        unsafe Self.table(level).normalize(&row, 37)
        #expect(row == [Float](repeating: 0, count: 37))
    }

    @Test("attention agrees for every sequence length", arguments: KernelLevel.available, [32, 64, 10, 33, 80])
    func attention(level: KernelLevel, headSize: Int) {
        var generator = SeededGenerator(seed: 5)
        for tokens in Array(1...50) + [63, 64, 65, 129, 256] {
            let stride = 3 * headSize + 7
            let x = Self.random(tokens * stride, &generator)
            let exact = Self.attend(x, tokens, headSize, stride, .scalar)
            let result = Self.attend(x, tokens, headSize, stride, level)
            #expect(Self.difference(exact, result) <= 2 * CK_ROW_ERROR, "\(tokens) tokens")
        }
    }

    @Test("attention of great scores neither overflows nor loses its weights", arguments: KernelLevel.available)
    func greatScores(level: KernelLevel) {
        var generator = SeededGenerator(seed: 6)
        let x = Self.random(40 * 96, &generator).map { $0 * 30 }
        let exact = Self.attend(x, 40, 32, 96, .scalar)
        #expect(Self.difference(exact, Self.attend(x, 40, 32, 96, level)) <= 60 * 1e-3)
    }

    @Test("attention of bf16 agrees for every sequence length", arguments: KernelLevel.available, [32, 64, 10, 33])
    func halfAttention(level: KernelLevel, headSize: Int) {
        var generator = SeededGenerator(seed: 7)
        for tokens in Array(1...50) + [63, 64, 65, 129, 256] {
            let stride = (3 * headSize + 8) / 2 * 2
            let x = Self.random(tokens * stride, &generator).map(Self.half)
            let exact = Self.attendHalves(x, tokens, headSize, stride, .scalar)
            let result = Self.attendHalves(x, tokens, headSize, stride, level)
            #expect(Self.difference(exact, result) <= 2 * CK_ATTENTION_BF16_ERROR, "\(tokens) tokens")
        }
    }

    /// The nearest bf16.
    private static func half(_ x: Float) -> UInt16 {
        var result = UInt16(0)
        var table = ck_gemm_table()
        unsafe ck_fill_gemm(KernelLevel.scalar.value, &table)
        var x = x
        unsafe table.to_bf16(&x, 1, &result)
        return result
    }

    private static func attendHalves(
        _ x: [UInt16], _ tokens: Int, _ head: Int, _ stride: Int, _ level: KernelLevel
    ) -> [Float] {
        var out = [UInt16](repeating: 0x7fc0, count: tokens * head)
        var scratch = [Float](repeating: .nan, count: ck_self_attention_scratch(tokens, head))
        let table = table(level)
        unsafe x.withUnsafeBufferPointer { x in
            unsafe out.withUnsafeMutableBufferPointer { out in
                unsafe scratch.withUnsafeMutableBufferPointer { scratch in
                    guard let q = x.baseAddress else { return }
                    var attention = unsafe ck_self_attention(
                        q: q, k: q + head, v: q + 2 * head, stride: stride, token_count: tokens, head_size: head,
                        scale: 0.2, out: out.baseAddress, out_stride: head, scratch: scratch.baseAddress)
                    unsafe table.self_attention_bf16(&attention)
                }
            }
        }
        return out.map { Float(bitPattern: UInt32($0) << 16) }
    }

    private static func attend(_ x: [Float], _ tokens: Int, _ head: Int, _ stride: Int, _ level: KernelLevel) -> [Float]
    {
        var out = [Float](repeating: .nan, count: tokens * head)
        var scratch = [Float](repeating: .nan, count: ck_self_attention_scratch(tokens, head))
        let table = table(level)
        unsafe x.withUnsafeBufferPointer { x in
            unsafe out.withUnsafeMutableBufferPointer { out in
                unsafe scratch.withUnsafeMutableBufferPointer { scratch in
                    guard let q = x.baseAddress else { return }
                    var attention = unsafe ck_self_attention(
                        q: q, k: q + head, v: q + 2 * head, stride: stride, token_count: tokens, head_size: head,
                        scale: 0.2, out: out.baseAddress, out_stride: head, scratch: scratch.baseAddress)
                    unsafe table.self_attention(&attention)
                }
            }
        }
        return out
    }
}
