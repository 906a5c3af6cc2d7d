import CKernels
import TestSupport
import Testing

@Suite("Distance kernels")
struct DistanceKernelTests {
    /// The stated bound: relative to the sum of the terms' sizes.
    private func bound(_ terms: some Sequence<Float>) -> Float {
        CK_DISTANCE_RELATIVE_ERROR * terms.reduce(0) { $0 + abs($1) } + 1e-30
    }

    @Test("every level agrees with double precision at every length from 1 to 1023", arguments: KernelFixtures.levels)
    func pairs(level: ck_level) {
        var random = SeededGenerator(seed: 3)
        let table = KernelFixtures.table(level)
        for count in 1...1023 {
            let a = (0..<count).map { _ in Float.random(in: -2...2, using: &random) }
            let b = (0..<count).map { _ in Float.random(in: -2...2, using: &random) }
            let products = zip(a, b).map { $0 * $1 }
            let squares = zip(a, b).map { ($0 - $1) * ($0 - $1) }
            let dot = Float(zip(a, b).reduce(0.0) { $0 + Double($1.0) * Double($1.1) })
            let l2 = Float(zip(a, b).reduce(0.0) { $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1)) })
            let (gotDot, gotL2) = unsafe (table.dot_f32(a, b, count), table.l2_f32(a, b, count))
            #expect(abs(gotDot - dot) <= bound(products), "dot of \(count)")
            #expect(abs(gotL2 - l2) <= bound(squares), "l2 of \(count)")
        }
    }

    @Test("gathered and scanned rows equal single pairs, across slabs", arguments: KernelFixtures.levels)
    func rows(level: ck_level) {
        var random = SeededGenerator(seed: 4)
        let table = KernelFixtures.table(level)
        for (count, stride) in [(1, 1), (16, 16), (40, 48), (384, 384)] {
            // Three slabs of four rows.
            let slabs = (0..<3).map { _ in (0..<4 * stride).map { _ in Float.random(in: -1...1, using: &random) } }
            let query = (0..<count).map { _ in Float.random(in: -1...1, using: &random) }
            let ids: [UInt32] = [11, 0, 4, 3, 7, 8, 8, 1, 2, 10]
            let buffers = unsafe slabs.map { slab in
                let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: slab.count)
                _ = unsafe buffer.initialize(from: slab)
                return unsafe buffer
            }
            defer { unsafe buffers.forEach { buffer in unsafe buffer.deallocate() } }
            let starts: [UnsafePointer<UInt8>?] = unsafe buffers.map {
                unsafe UnsafeRawPointer($0.baseAddress.unsafelyUnwrapped).assumingMemoryBound(to: UInt8.self)
            }
            unsafe starts.withUnsafeBufferPointer { starts in
                let rows = unsafe ck_rows(slabs: starts.baseAddress, stride: stride * 4, shift: 2)
                var dots = [Float](repeating: 0, count: ids.count)
                var squares = dots
                unsafe table.dot_f32_gather(query, rows, ids, ids.count, count, &dots)
                unsafe table.l2_f32_gather(query, rows, ids, ids.count, count, &squares)
                for (index, id) in ids.enumerated() {
                    let row = Array(slabs[Int(id) / 4][(Int(id) % 4 * stride)...].prefix(count))
                    let (dot, square) = unsafe (table.dot_f32(query, row, count), table.l2_f32(query, row, count))
                    #expect(dots[index] == dot)
                    #expect(squares[index] == square)
                }
                var scanned = [Float](repeating: 0, count: 4)
                unsafe table.dot_f32_scan(query, starts[1], stride * 4, 4, count, &scanned)
                for row in 0..<4 {
                    let single = unsafe table.dot_f32(query, Array(slabs[1][(row * stride)...].prefix(count)), count)
                    #expect(scanned[row] == single)
                }
            }
        }
    }
}
