import CKernels
import TestSupport
import Testing

@Suite("Bit kernels")
struct BitKernelTests {
    private static let rowCount = 9
    private static let dimensions = [1, 2, 63, 64, 65, 384, 511, 512, 513, 768, 1023, 1536]

    private func width(_ dimension: Int) -> Int { (dimension + 511) / 512 * 512 }

    /// Rows of bits with their scales, and a query's planes, made at one level.
    private struct Coded: Equatable {
        var rows: [UInt8] = []
        var scales: [Float] = []
        var lengths: [Float] = []
        var planes: [UInt8] = []
        var factor: Float = 0
        var offset: Int32 = 0
    }

    private func code(_ rows: [[Float]], _ query: [Float], _ table: ck_distance_table) -> Coded {
        let n = width(query.count)
        var coded = Coded()
        for row in rows {
            var bits = [UInt8](repeating: 7, count: n / 8)
            let made = unsafe table.bits_encode(row, row.count, n, &bits)
            coded.rows += bits
            coded.scales.append(made.scale)
            coded.lengths.append(made.squared_length)
        }
        var numbers = [Float](repeating: .nan, count: n)
        coded.planes = [UInt8](repeating: 7, count: n / 8 * Int(CK_BIT_PLANES))
        let made = unsafe table.bits_query(query, query.count, n, &numbers, &coded.planes)
        coded.factor = made.scale
        coded.offset = made.offset
        return coded
    }

    private func distances(_ coded: Coded, dimension: Int, ids: [UInt32], _ table: ck_distance_table) -> [Float] {
        let n = width(dimension)
        var out = [Float](repeating: .nan, count: ids.count)
        let none = unsafe ck_rows(slabs: nil, stride: 0, shift: 0)
        unsafe coded.rows.withUnsafeBufferPointer { rows in
            unsafe coded.scales.withUnsafeBytes { scales in
                unsafe coded.planes.withUnsafeBytes { planes in
                    let scaleStart = unsafe scales.baseAddress?.assumingMemoryBound(to: UInt8.self)
                    unsafe withUnsafePointer(to: rows.baseAddress) { rowSlab in
                        unsafe withUnsafePointer(to: scaleStart) { scaleSlab in
                            var codes = unsafe ck_codes(
                                rows: ck_rows(slabs: rowSlab, stride: n / 8, shift: 20),
                                scales: ck_rows(slabs: scaleSlab, stride: 4, shift: 20), biases: none, n: n)
                            var query = unsafe ck_code_query(
                                values: planes.baseAddress, factor: coded.factor, constant: 0, offset: coded.offset)
                            unsafe table.bits_codes(&query, &codes, ids, ids.count, &out)
                        }
                    }
                }
            }
        }
        return out
    }

    @Test("codes and distances are the scalar level's, at every batch size", arguments: KernelFixtures.levels)
    func agreement(level: ck_level) {
        let (table, scalar) = (KernelFixtures.table(level), KernelFixtures.table(CK_LEVEL_SCALAR))
        for dimension in Self.dimensions {
            let rows = KernelFixtures.vectors(Self.rowCount, dimension, seed: UInt64(dimension))
            let query = KernelFixtures.vectors(1, dimension, seed: 99)[0]
            let coded = code(rows, query, table)
            #expect(coded == code(rows, query, scalar), "\(dimension)")
            for count in 1...Self.rowCount {
                let ids = (0..<UInt32(count)).map { ($0 * 5) % UInt32(Self.rowCount) }
                let got = distances(coded, dimension: dimension, ids: ids, table)
                let wanted = distances(coded, dimension: dimension, ids: ids, scalar)
                for (a, b) in zip(got, wanted) { #expect(abs(a - b) <= 1e-5 * max(1, abs(b)), "\(dimension)") }
            }
        }
    }

    @Test("a distance counts the bits in which a row differs from the planes, bit by bit")
    func counts() {
        let table = KernelFixtures.table(CK_LEVEL_SCALAR)
        let dimension = 600
        let rows = KernelFixtures.vectors(3, dimension, seed: 4)
        let coded = code(rows, KernelFixtures.vectors(1, dimension, seed: 5)[0], table)
        let got = distances(coded, dimension: dimension, ids: [0, 1, 2], table)
        for row in 0..<3 {
            var sum = 0
            for bit in 0..<1024 {
                let (block, inBlock) = (bit / 512, bit % 512)
                let mine = coded.rows[row * 128 + bit / 8] >> (bit % 8) & 1
                for plane in 0..<4 {
                    let theirs = coded.planes[(block * 4 + plane) * 64 + inBlock / 8] >> (inBlock % 8) & 1
                    sum += mine == theirs ? 0 : 1 << plane
                }
            }
            let wanted = coded.factor * coded.scales[row] * Float(sum - 7680)
            #expect(abs(got[row] - wanted) <= 1e-5 * max(1, abs(wanted)))
        }
    }

    @Test("products are right on average, and off by no more than signs lose", arguments: [64, 384, 768])
    func estimate(dimension: Int) {
        let table = KernelFixtures.table(ck_best_level())
        let rows = KernelFixtures.vectors(400, dimension, seed: 8)
        let query = KernelFixtures.vectors(1, dimension, seed: 9)[0]
        let got = distances(
            code(rows, query, table), dimension: dimension, ids: (0..<400).map { UInt32($0) }, table)
        let length = query.reduce(0) { $0 + $1 * $1 }.squareRoot()
        let errors = zip(rows, got).map { row, distance -> Float in
            let product = zip(row, query).reduce(Float(0)) { $0 + $1.0 * $1.1 }
            return (-distance - product) / (length * row.reduce(0) { $0 + $1 * $1 }.squareRoot())
        }
        let mean = errors.reduce(0, +) / Float(errors.count)
        let deviation = (errors.reduce(0) { $0 + $1 * $1 } / Float(errors.count)).squareRoot()
        // Of n signs, n · σ² comes to π/2 − 1, and a little more for the four bits of the query.
        let bound = (0.62 / Float(width(dimension))).squareRoot()
        #expect(deviation <= 1.1 * bound, "\(deviation)")
        #expect(abs(mean) <= 4 * bound / Float(errors.count).squareRoot(), "\(mean)")
    }

    @Test("vectors of zeros and of tiny numbers have finite codes", arguments: KernelFixtures.levels)
    func tiny(level: ck_level) {
        let table = KernelFixtures.table(level)
        for value in [0, Float.leastNonzeroMagnitude, 1e-38, 1e-30, 9e18] {
            let coded = code([[value, -value]], [value, value], table)
            #expect(coded.scales[0].isFinite && coded.factor.isFinite && coded.lengths[0].isFinite)
            #expect(distances(coded, dimension: 2, ids: [0], table)[0].isFinite)
        }
    }
}
