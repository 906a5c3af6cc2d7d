package import CKernels
package import Kernels
package import Tensors

/// One weight matrix [R, K], packed at load into the panels that the kernels read (`ck_quant.h` draws the layout).
///
/// Source: the packed-panel idea of Goto & van de Geijn, "Anatomy of High-Performance Matrix Multiplication" (2008).
@safe
package final class PackedMatrix: Sendable {
    /// How the panels hold the weights.
    package let type: ck_weight_type
    /// R: outputs.
    package let rowCount: Int
    /// K: inputs.
    package let columnCount: Int
    /// Bytes from one panel of 16 rows to the next.
    package let panelBytes: Int
    /// Written in `init` only, then read by any number of threads.
    package nonisolated(unsafe) let panels: UnsafeMutableRawPointer
    /// Keeps the panels' memory.
    private let owner: any AnyObject & Sendable

    /// Panels of 16 rows; the last may be partly empty.
    package var panelCount: Int { (rowCount + 15) / 16 }

    /// Whether activations are multiplied as bytes.
    package var isQuantized: Bool { type.rawValue >= CK_WEIGHT_Q8_0.rawValue }

    /// Packs rows that lie in a file's layout.
    /// - Parameters:
    ///   - type: their storage.
    ///   - rows: R rows of K values; `ck_row_bytes` each.
    ///   - rowCount: R.
    ///   - columnCount: K, a multiple of `ck_block_columns`.
    ///   - pool: packs panels in parallel.
    package convenience init(
        type: ck_weight_type, rows: UnsafeRawBufferPointer, rowCount: Int, columnCount: Int, pool: ThreadPool
    ) {
        unsafe self.init(
            type: type, rows: rows, rowCount: rowCount, columnCount: columnCount, pool: pool, arena: WeightArena())
    }

    /// Panels that lie at `panels` as long as `owner` is kept.
    private init(
        _ entry: PackedWeightFile.Entry, panels: UnsafeMutableRawPointer, owner: any AnyObject & Sendable
    ) {
        type = ck_panel_type(entry.type)
        rowCount = entry.rowCount
        columnCount = entry.columnCount
        panelBytes = ck_panel_bytes(entry.type, entry.columnCount)
        unsafe self.panels = unsafe panels
        self.owner = owner
    }

    /// The same, in the memory of `arena`.
    init(
        type: ck_weight_type, rows: UnsafeRawBufferPointer, rowCount: Int, columnCount: Int, pool: ThreadPool,
        arena: WeightArena
    ) {
        self.type = ck_panel_type(type)
        self.rowCount = rowCount
        self.columnCount = columnCount
        let panelBytes = ck_panel_bytes(type, columnCount)
        self.panelBytes = panelBytes
        let panelCount = (rowCount + 15) / 16
        // Panels start on cache lines; the kernels' wide loads then never straddle two.
        let (memory, offset) = arena.allocate(max(panelBytes * panelCount, 64))
        owner = memory
        nonisolated(unsafe) let panels = unsafe memory.base + offset
        unsafe self.panels = unsafe panels
        let rowBytes = ck_row_bytes(type, columnCount)
        precondition(rows.count >= rowBytes * rowCount)
        nonisolated(unsafe) let source = rows.baseAddress
        let chunk = 32
        pool.run(taskCount: (panelCount + chunk - 1) / chunk) { task in
            for panel in (task * chunk)..<min((task + 1) * chunk, panelCount) {
                guard let source = unsafe source else { return }
                unsafe ck_pack_panel(
                    type, source + panel * 16 * rowBytes, min(16, rowCount - panel * 16), columnCount,
                    panels + panel * panelBytes)
            }
        }
    }
}

extension PackedMatrix {
    /// A matrix that was packed before; nil when `file` doesn't hold it.
    convenience init?(_ entry: PackedWeightFile.Entry, in file: PackedWeightFile) {
        guard let panels = unsafe file.panels(of: entry) else { return nil }
        unsafe self.init(entry, panels: panels, owner: file)
    }
}

/// A small vector of f32 weights, such as a norm's.
@safe
package final class WeightVector: Sendable {
    /// How many values there are.
    package let count: Int
    /// Written in `init` only, then read by any number of threads.
    package nonisolated(unsafe) let base: UnsafeMutablePointer<Float>

    /// Copies `values`.
    package init(_ values: [Float]) {
        count = values.count
        let base = UnsafeMutablePointer<Float>.allocate(capacity: max(values.count, 1))
        for (index, value) in values.enumerated() { unsafe base[index] = value }
        unsafe self.base = unsafe base
    }

    deinit { unsafe base.deallocate() }
}

/// The token embeddings [V, D], read row by row from the mapped file.
@safe
package final class EmbeddingTable: Sendable {
    private let file: GGUFFile
    private let type: ck_weight_type
    private let rowBytes: Int
    /// V: rows.
    package let rowCount: Int
    /// D: values of a row.
    package let columnCount: Int
    /// Lies in the mapping that `file` keeps.
    private nonisolated(unsafe) let rows: UnsafeRawPointer

    /// Reads `tensor` of `file`, a matrix of `type`.
    package init?(file: GGUFFile, tensor: GGUFTensor, type: ck_weight_type) {
        guard let base = unsafe file.base(of: tensor).baseAddress else { return nil }
        self.file = file
        self.type = type
        rowBytes = tensor.rowBytes
        rowCount = tensor.rowCount
        columnCount = tensor.columnCount
        unsafe rows = unsafe base
    }

    /// Writes row `id` (0..<V) to `out` [D].
    package func copyRow(_ id: Int, to out: UnsafeMutablePointer<Float>) {
        precondition(id >= 0 && id < rowCount)
        unsafe ck_dequantize_row(type, rows + id * rowBytes, columnCount, out)
    }
}
