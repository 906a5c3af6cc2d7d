import CKernels
import Kernels

extension Operand {
    /// Makes rows of `columns` numbers what the next product takes; nothing to do unless those are bytes.
    func take(_ numbers: Numbers, rows: Int, columns: Int, _ pool: ThreadPool) {
        guard unsafe groups != nil else { return }
        let kernels = unsafe ck_kernels().pointee.gemm
        pool.run(rowCount: rows) { rows in
            for row in rows {
                // Numbers of a byte operand are bf16, and a row of it has room for as many bytes.
                let halves = unsafe numbers.at(row).assumingMemoryBound(to: UInt16.self)
                unsafe quantize(row) { bytes, groups in
                    unsafe kernels.quantize_bf16(halves, columns, bytes, groups)
                }
            }
        }
    }

    /// Calls `body` with where the bytes and the scales of row `token` go.
    func quantize(
        _ token: Int, _ body: (UnsafeMutablePointer<UInt8>, UnsafeMutablePointer<ck_byte_group>) -> Void
    ) {
        guard let groups = unsafe groups else { return }
        unsafe body(row(token).assumingMemoryBound(to: UInt8.self), groups + token * groupStride)
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
