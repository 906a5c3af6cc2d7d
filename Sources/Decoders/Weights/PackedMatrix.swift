package import CKernels
package import Kernels
import Tensors

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

    /// How many bytes of a file are read before they are given back.
    private static let bytesOfStep = 16 << 20

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
    ///
    /// `order` names the file's row that becomes each row, nil stands for the file's order; `target` is the type that rows
    /// are quantised to first, one of `WeightQuantization`'s, and nil leaves them as they are. With `releasesRows` the rows
    /// lie in a `MappedFile`, and its pages are given back: the packed copy is what is read from here on.
    init(
        type: ck_weight_type, rows: UnsafeRawBufferPointer, rowCount: Int, columnCount: Int, order: [Int]? = nil,
        quantizedTo target: ck_weight_type? = nil, pool: ThreadPool, arena: WeightArena, releasesRows: Bool = false
    ) {
        let stored = target ?? type
        self.type = ck_panel_type(stored)
        self.rowCount = rowCount
        self.columnCount = columnCount
        let panelBytes = ck_panel_bytes(stored, columnCount)
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
        let taskCount = (panelCount + chunk - 1) / chunk
        // Rows in the file's order are given back as the packing goes on, so that no matrix is in memory twice.
        let stepCount = order == nil && releasesRows ? max(Self.bytesOfStep / (chunk * 16 * rowBytes), 1) : taskCount
        for first in stride(from: 0, to: taskCount, by: max(stepCount, 1)) {
            pool.run(taskCount: min(stepCount, taskCount - first)) { step in
                guard let source = unsafe source else { return }
                let task = first + step
                let stage = RowStage(type: type, target: target, columnCount: columnCount)
                for panel in (task * chunk)..<min((task + 1) * chunk, panelCount) {
                    let count = min(16, rowCount - panel * 16)
                    let to = unsafe panels + panel * panelBytes
                    if order == nil, target == nil {
                        unsafe ck_pack_panel(type, source + panel * 16 * rowBytes, count, columnCount, to)
                    } else {
                        for row in 0..<count {
                            let from = order.map { $0[panel * 16 + row] } ?? panel * 16 + row
                            unsafe stage.take(source + from * rowBytes, as: row)
                        }
                        unsafe ck_pack_panel(stored, stage.rows, count, columnCount, to)
                    }
                }
            }
            if releasesRows {
                let read = min((first + stepCount) * chunk * 16, rowCount) * rowBytes
                unsafe MappedFile.release(UnsafeRawBufferPointer(rebasing: rows[..<read]))
            }
        }
    }
}

/// Up to 16 rows on their way into a panel: put in order, and quantised where that is asked for.
@safe
private final class RowStage {
    private let type: ck_weight_type
    private let target: ck_weight_type?
    private let columnCount: Int
    private let rowBytes: Int
    /// 16 rows as they are packed.
    let rows: UnsafeMutableRawPointer
    private let floats: UnsafeMutablePointer<Float>

    init(type: ck_weight_type, target: ck_weight_type?, columnCount: Int) {
        self.type = type
        self.target = target
        self.columnCount = columnCount
        rowBytes = ck_row_bytes(target ?? type, columnCount)
        unsafe rows = .allocate(byteCount: 16 * rowBytes, alignment: 64)
        unsafe floats = .allocate(capacity: columnCount)
    }

    deinit {
        unsafe rows.deallocate()
        unsafe floats.deallocate()
    }

    /// Puts a file's row at place `row`.
    func take(_ source: UnsafeRawPointer, as row: Int) {
        let place = unsafe rows + row * rowBytes
        guard let target else {
            unsafe place.copyMemory(from: source, byteCount: rowBytes)
            return
        }
        unsafe ck_dequantize_row(type, source, columnCount, floats)
        unsafe ck_quantize_row(target, floats, columnCount, place)
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
