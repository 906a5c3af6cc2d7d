import CKernels
import Kernels
import TestSupport
import Testing

/// The types below f32 that products are formed in.
enum NarrowType: CaseIterable {
    case bf16
    case int16
    case int8

    /// Numbers in a word of 32 bits.
    var perWord: Int { self == .int8 ? 4 : 2 }
    /// Columns that share a scale.
    var groupColumns: Int { Int(self == .int16 ? CK_GEMM_GROUP_INT16 : CK_GEMM_GROUP) }
}

/// One product of bf16 or of integers with everything it needs.
struct NarrowProduct {
    let type: NarrowType
    let rows: Int
    let columns: Int
    var bias: [Float]
    private let width: Int
    private let magnitude: Float
    private let wordCount: Int
    private var x: [UInt32] = []  // [rows, wordCount]
    private var groups: [ck_integer_group] = []
    private let groupCount: Int
    private var panels: [UInt32]

    init(_ type: NarrowType, rows: Int, columns: Int, outputs: Int, _ generator: inout SeededGenerator) {
        func random(_ count: Int) -> [Float] { (0..<count).map { _ in Float.random(in: -1...1, using: &generator) } }
        self.type = type
        self.rows = rows
        self.columns = columns
        width = (outputs + 31) / 32 * 32
        bias = random(outputs) + [Float](repeating: 0, count: width - outputs)
        wordCount = (columns + type.perWord - 1) / type.perWord
        groupCount = (columns + type.groupColumns - 1) / type.groupColumns
        // Σ|x·w| + |bias| and a residual of up to 1.
        magnitude = Float(columns) + 2
        let weight = random(outputs * columns)
        switch type {
        case .bf16:
            panels = [UInt32](repeating: .max, count: ck_gemm_packed_count(outputs, wordCount))
            unsafe ck_gemm_pack_bf16(weight, outputs, columns, &panels)
        case .int16:
            panels = [UInt32](repeating: .max, count: ck_gemm_packed_count_int16(outputs, columns))
            unsafe ck_gemm_pack_int16(weight, outputs, columns, &panels)
        case .int8:
            panels = [UInt32](repeating: .max, count: ck_gemm_packed_count_int8(outputs, columns))
            unsafe ck_gemm_pack_int8(weight, outputs, columns, &panels)
        }
        for _ in 0..<rows {
            let row = random(columns)
            // What pads a row to whole words meets weights of zero.
            switch type {
            case .bf16:
                let halves = Self.halves(row, .scalar) + [0]
                x += (0..<wordCount).map { UInt32(halves[2 * $0]) | UInt32(halves[2 * $0 + 1]) << 16 }
            case .int16:
                let (integers, scales) = Self.integers(row, .scalar)
                let padded = (integers + [7]).map { UInt32(UInt16(bitPattern: $0)) }
                x += (0..<wordCount).map { padded[2 * $0] | padded[2 * $0 + 1] << 16 }
                groups += scales
            case .int8:
                let (bytes, scales) = Self.bytes(row, .scalar)
                let padded = bytes + [7, 7, 7]
                x += (0..<wordCount).map { word in
                    (0..<4).reduce(0) { $0 | UInt32(padded[4 * word + $1]) << (8 * UInt32($1)) }
                }
                groups += scales
            }
        }
    }

    mutating func zeroWeights() {
        panels = panels.map { _ in 0 }
    }

    private static func table(_ level: KernelLevel) -> ck_gemm_table {
        var table = ck_gemm_table()
        unsafe ck_fill_gemm(level.value, &table)
        return table
    }

    static func halves(_ x: [Float], _ level: KernelLevel) -> [UInt16] {
        var out = [UInt16](repeating: .max, count: x.count)
        unsafe table(level).to_bf16(x, x.count, &out)
        return out
    }

    /// Bytes and their groups.
    static func bytes(_ x: [Float], _ level: KernelLevel) -> ([UInt8], [ck_integer_group]) {
        var out = [UInt8](repeating: .max, count: x.count)
        let count = (x.count + Int(CK_GEMM_GROUP) - 1) / Int(CK_GEMM_GROUP)
        var groups = [ck_integer_group](repeating: ck_integer_group(), count: count)
        unsafe table(level).quantize(x, x.count, &out, &groups)
        return (out, groups)
    }

    /// 16-bit integers and their groups.
    static func integers(_ x: [Float], _ level: KernelLevel) -> ([Int16], [ck_integer_group]) {
        var out = [Int16](repeating: .max, count: x.count)
        let count = (x.count + Int(CK_GEMM_GROUP_INT16) - 1) / Int(CK_GEMM_GROUP_INT16)
        var groups = [ck_integer_group](repeating: ck_integer_group(), count: count)
        unsafe table(level).quantize_int16(x, x.count, &out, &groups)
        return (out, groups)
    }

    func run(_ level: KernelLevel, _ epilogue: ck_epilogue, rows range: Range<Int>? = nil) -> [Float] {
        let table = Self.table(level)
        let range = range ?? 0..<rows
        var out = [Float](repeating: .nan, count: range.count * width)
        let residual = (0..<(rows * width)).map { Float($0 % 17) / 8 - 1 }
        unsafe x.withUnsafeBufferPointer { x in
            unsafe panels.withUnsafeBufferPointer { panels in
                unsafe residual.withUnsafeBufferPointer { residual in
                    unsafe groups.withUnsafeBufferPointer { groups in
                        guard let x = x.baseAddress, let residual = residual.baseAddress else { return }
                        unsafe bias.withUnsafeBufferPointer { bias in
                            unsafe out.withUnsafeMutableBufferPointer { out in
                                let product = unsafe ck_gemm(
                                    x: x + range.lowerBound * wordCount, x_stride: wordCount, row_count: range.count,
                                    word_count: wordCount, panels: panels.baseAddress, panel_count: width / 32,
                                    bias: bias.baseAddress, residual: residual + range.lowerBound * width,
                                    residual_stride: width, out: out.baseAddress, out_stride: width,
                                    epilogue: epilogue, output: CK_OUTPUT_F32)
                                unsafe form(product, groups.baseAddress, from: range.lowerBound, table)
                            }
                        }
                    }
                }
            }
        }
        return out
    }

    private func form(
        _ product: ck_gemm, _ groups: UnsafePointer<ck_integer_group>?, from row: Int, _ table: ck_gemm_table
    ) {
        var product = unsafe product
        if let groups = unsafe groups, type != .bf16 {
            var integers = unsafe ck_gemm_integers(
                product: product, groups: groups + row * groupCount, group_stride: groupCount)
            unsafe (type == .int8 ? table.product_int8 : table.product_int16)(&integers)
        } else {
            unsafe table.product_bf16(&product)
        }
    }

    /// Compares with the scalar level within the header's bound.
    func expectAgreement(_ level: KernelLevel, _ epilogue: ck_epilogue) {
        let exact = run(.scalar, epilogue)
        let result = run(level, epilogue)
        let bound =
            CK_GEMM_RELATIVE_ERROR * magnitude + (epilogue == CK_EPILOGUE_BIAS_GELU ? CK_GELU_FAST_ERROR : 0)
        let worst = zip(exact, result).reduce(Float(0)) { worst, pair in
            let error = abs(pair.0 - pair.1)
            return max(worst, error.isNaN ? .infinity : error)
        }
        #expect(worst <= bound, "\(rows) × \(columns) → \(width) of \(type) at \(level.name): \(worst)")
    }
}
