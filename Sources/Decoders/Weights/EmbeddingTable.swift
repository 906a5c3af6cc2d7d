import CKernels
import Tensors

/// The token embeddings [V, D], read row by row from the file.
///
/// Not from the mapping: a row of a kilobyte brings up to two megabytes of it into memory, so that a prompt of some hundred
/// tokens would leave the process with the whole table, which models with tied embeddings have in packed form already.
@safe
final class EmbeddingTable: Sendable {
    private let file: MappedFile
    private let type: ck_weight_type
    private let rowBytes: Int
    /// V: rows.
    let rowCount: Int
    /// D: values of a row.
    let columnCount: Int
    /// Where the table begins in the mapping that `file` keeps.
    private nonisolated(unsafe) let rows: UnsafeRawPointer
    /// Where it begins in the file.
    private let offset: Int

    /// Reads `tensor`, a matrix; nil when it is empty.
    init?(_ tensor: SourceTensor) {
        guard let start = unsafe tensor.bytes.baseAddress, let fileStart = unsafe tensor.file.base.baseAddress else {
            return nil
        }
        file = tensor.file
        type = tensor.type
        rowBytes = tensor.rowBytes
        rowCount = tensor.rowCount
        columnCount = tensor.columnCount
        unsafe rows = unsafe start
        offset = unsafe start - fileStart
    }

    /// Writes row `id` (0..<V) to `out` [D].
    func copyRow(_ id: Int, to out: UnsafeMutablePointer<Float>) {
        precondition(id >= 0 && id < rowCount)
        let start = id * rowBytes
        unsafe withUnsafeTemporaryAllocation(byteCount: rowBytes, alignment: 64) { buffer in
            guard unsafe file.read(at: offset + start, into: buffer), let row = buffer.baseAddress else {
                // A disk that fails now may have given the pages before.
                return unsafe ck_dequantize_row(type, rows + start, columnCount, out)
            }
            unsafe ck_dequantize_row(type, row, columnCount, out)
        }
    }
}
