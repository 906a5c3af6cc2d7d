import CKernels
import Kernels

extension Operand {
    /// Makes rows of `columns` numbers what the next product takes; nothing to do unless those are integers.
    func take(_ numbers: Numbers, rows: Int, columns: Int, _ precision: EncoderPrecision, _ pool: ThreadPool) {
        guard precision.groupColumns != nil else { return }
        let kernels = unsafe ck_kernels().pointee.gemm
        pool.run(rowCount: rows) { rows in
            for row in rows {
                // A row of the operand has room for as many integers as there are numbers.
                let (source, groups) = unsafe (numbers.at(row), groups(row))
                if numbers.isHalf {
                    let halves = unsafe source.assumingMemoryBound(to: UInt16.self)
                    unsafe kernels.quantize_bf16(halves, columns, bytes(row), groups)
                } else {
                    let floats = unsafe source.assumingMemoryBound(to: Float.self)
                    if precision == .int8 {
                        unsafe kernels.quantize(floats, columns, bytes(row), groups)
                    } else {
                        unsafe kernels.quantize_int16(floats, columns, integers(row), groups)
                    }
                }
            }
        }
    }

    /// Where the bytes of row `token` are.
    func bytes(_ token: Int) -> UnsafeMutablePointer<UInt8> {
        unsafe row(token).assumingMemoryBound(to: UInt8.self)
    }

    /// Where the 16-bit integers of row `token` are.
    func integers(_ token: Int) -> UnsafeMutablePointer<Int16> {
        unsafe row(token).assumingMemoryBound(to: Int16.self)
    }

    /// Where the scales of row `token` are; nil unless rows are integers.
    func groups(_ token: Int) -> UnsafeMutablePointer<ck_integer_group>? {
        unsafe groups.map { unsafe $0 + token * groupStride }
    }
}

extension ThreadPool {
    /// Calls `body` with ranges that cover 0..<rowCount, for work of a microsecond or so a row.
    func run(rowCount: Int, _ body: @Sendable (Range<Int>) -> Void) {
        let shares = rowCount < 8 ? 1 : rowCount < 128 ? threadCount : 2 * threadCount
        run(taskCount: shares) { share in
            body((rowCount * share / shares)..<(rowCount * (share + 1) / shares))
        }
    }
}
