import CKernels
import TestSupport
import Testing

/// Rows of codes with their scales, in one slab each, and a query for them.
private struct CodedRows {
    let width: Int
    var bytes: [UInt8] = []
    var halves: [UInt16] = []
    var scales: [Float] = []
    var lengths: [Float] = []

    /// Codes `rows` at `level` as int8 and as bf16.
    init(_ rows: [[Float]], _ table: ck_distance_table) {
        width = (rows[0].count + 63) / 64 * 64
        for row in rows {
            var codes = [UInt8](repeating: 7, count: width)
            let coded = unsafe table.i8_encode(row, row.count, width, 0x80, &codes)
            bytes += codes
            scales.append(coded.scale)
            lengths.append(coded.squared_length)
            var half = [UInt16](repeating: 7, count: width)
            _ = unsafe table.bf16_encode(row, row.count, width, &half)
            halves += half
        }
    }
}

@Suite("Code kernels")
struct CodeKernelTests {
    private static let rowCount = 9

    /// Calls `gather` with one slab per array.
    private func distances(
        _ gather: ck_code_gather, _ query: ck_code_query, rows: UnsafeRawPointer, stride: Int, scales: [Float]?,
        biases: [Float]?, width: Int, ids: [UInt32]
    ) -> [Float] {
        var out = [Float](repeating: .nan, count: ids.count)
        var query = unsafe query
        let none = unsafe ck_rows(slabs: nil, stride: 0, shift: 0)
        unsafe withUnsafePointer(to: Optional(rows.assumingMemoryBound(to: UInt8.self))) { rowSlab in
            unsafe (scales ?? [0]).withUnsafeBytes { scaleBytes in
                unsafe (biases ?? [0]).withUnsafeBytes { biasBytes in
                    let scaleStart = unsafe scaleBytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
                    let biasStart = unsafe biasBytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
                    unsafe withUnsafePointer(to: scaleStart) { scaleSlab in
                        unsafe withUnsafePointer(to: biasStart) { biasSlab in
                            var codes = unsafe ck_codes(
                                rows: ck_rows(slabs: rowSlab, stride: stride, shift: 20),
                                scales: scales == nil ? none : ck_rows(slabs: scaleSlab, stride: 4, shift: 20),
                                biases: biases == nil ? none : ck_rows(slabs: biasSlab, stride: 4, shift: 20),
                                n: width)
                            unsafe gather(&query, &codes, ids, ids.count, &out)
                        }
                    }
                }
            }
        }
        return out
    }

    @Test(
        "int8 distances are exactly the scalar level's, at every length and batch size",
        arguments: KernelFixtures.levels)
    func int8(level: ck_level) throws {
        let (table, scalar) = (KernelFixtures.table(level), KernelFixtures.table(CK_LEVEL_SCALAR))
        for dimension in Array(1...130) + [200, 255, 256, 383, 384, 385, 768, 1023] {
            let rows = KernelFixtures.vectors(Self.rowCount, dimension, seed: UInt64(dimension))
            let query = KernelFixtures.vectors(1, dimension, seed: 99)[0]
            let coded = CodedRows(rows, table)
            let reference = CodedRows(rows, scalar)
            #expect(coded.bytes == reference.bytes)
            #expect(coded.scales == reference.scales)
            #expect(coded.lengths == reference.lengths)
            var codes = [UInt8](repeating: 0, count: coded.width)
            let asked = unsafe table.i8_encode(query, dimension, coded.width, 0, &codes)
            for count in 1...Self.rowCount {
                let ids = (0..<UInt32(count)).map { ($0 * 5) % UInt32(Self.rowCount) }
                for biases in [nil, coded.lengths] {
                    let form = unsafe codes.withUnsafeBytes {
                        unsafe ck_code_query(
                            values: $0.baseAddress, factor: -asked.scale, constant: 0.25, offset: asked.offset)
                    }
                    let got = unsafe coded.bytes.withUnsafeBytes { bytes in
                        let start = unsafe bytes.baseAddress.unsafelyUnwrapped
                        return [table, scalar].map {
                            unsafe distances(
                                $0.i8_codes, form, rows: start, stride: coded.width, scales: coded.scales,
                                biases: biases, width: coded.width, ids: ids)
                        }
                    }
                    // The sums are whole numbers; only the last product may be fused.
                    for (a, b) in zip(got[0], got[1]) { #expect(abs(a - b) <= 1e-5 * max(1, abs(b)), "\(dimension)") }
                }
            }
        }
    }

    @Test("bf16 distances agree with double precision within the stated bound", arguments: KernelFixtures.levels)
    func bf16(level: ck_level) throws {
        let table = KernelFixtures.table(level)
        for dimension in Array(1...70) + [127, 384, 385, 1023] {
            let rows = KernelFixtures.vectors(Self.rowCount, dimension, seed: UInt64(dimension))
            let query = KernelFixtures.vectors(1, dimension, seed: 98)[0]
            let coded = CodedRows(rows, table)
            var half = [UInt16](repeating: 7, count: coded.width)
            _ = unsafe table.bf16_encode(query, dimension, coded.width, &half)
            let ids = (0..<UInt32(Self.rowCount)).map { $0 }
            let form = unsafe half.withUnsafeBytes {
                unsafe ck_code_query(values: $0.baseAddress, factor: -1, constant: 0, offset: 0)
            }
            let got = unsafe coded.halves.withUnsafeBytes { bytes in
                unsafe distances(
                    table.bf16_codes, form, rows: bytes.baseAddress.unsafelyUnwrapped, stride: coded.width * 2,
                    scales: nil, biases: nil, width: coded.width, ids: ids)
            }
            func value(_ code: UInt16) -> Double { Double(Float(bitPattern: UInt32(code) << 16)) }
            for (row, distance) in got.enumerated() {
                let terms = (0..<coded.width).map { value(half[$0]) * value(coded.halves[row * coded.width + $0]) }
                let bound = Double(CK_DISTANCE_RELATIVE_ERROR) * terms.reduce(0) { $0 + abs($1) } + 1e-30
                #expect(abs(Double(distance) + terms.reduce(0, +)) <= bound, "\(dimension)")
            }
        }
    }

    @Test("a stored row is the same query as its vector", arguments: KernelFixtures.levels)
    func rowQuery(level: ck_level) {
        let table = KernelFixtures.table(level)
        for dimension in [1, 63, 64, 65, 384] {
            let vector = KernelFixtures.vectors(1, dimension, seed: 5)[0]
            let width = (dimension + 63) / 64 * 64
            var (row, query) = ([UInt8](repeating: 0, count: width), [UInt8](repeating: 0, count: width))
            _ = unsafe table.i8_encode(vector, dimension, width, 0x80, &row)
            let coded = unsafe table.i8_encode(vector, dimension, width, 0, &query)
            var unpacked = [Int8](repeating: 1, count: width)
            #expect(unsafe table.i8_row_query(row, width, &unpacked) == coded.offset)
            #expect(unpacked.map { UInt8(bitPattern: $0) } == query)
            let worst = zip(vector, unpacked).map { abs($0 - Float($1) * coded.scale) }.max() ?? 0
            #expect(worst <= coded.scale * 0.5001)
        }
    }

    @Test("vectors of zeros and of tiny numbers have finite codes", arguments: KernelFixtures.levels)
    func tiny(level: ck_level) {
        let table = KernelFixtures.table(level)
        for value in [0, Float.leastNonzeroMagnitude, 1e-38, 1e-35] {
            var codes = [UInt8](repeating: 0, count: 64)
            let coded = unsafe table.i8_encode([value, -value], 2, 64, 0, &codes)
            #expect(coded.scale.isFinite && coded.squared_length.isFinite)
            #expect(value < 1e-36 || Int8(bitPattern: codes[0]) == 127)
        }
    }
}
