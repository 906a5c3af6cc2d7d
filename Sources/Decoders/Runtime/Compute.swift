import CKernels
import Kernels

/// A view of a buffer as rows [T, width], one per token.
///
/// Tasks of one parallel step write disjoint rows.
@safe
struct Rows: Sendable {
    /// Valid while the workspace that owns the buffer is; every step ends before its session does.
    nonisolated(unsafe) let base: UnsafeMutablePointer<Float>
    let width: Int

    init(_ buffer: Buffer<Float>, width: Int) {
        unsafe base = unsafe buffer.base
        self.width = width
    }

    init(base: UnsafeMutablePointer<Float>, width: Int) {
        unsafe self.base = unsafe base
        self.width = width
    }

    /// The first value of a token's row.
    func row(_ token: Int) -> UnsafeMutablePointer<Float> { unsafe base + token * width }

    /// The rows from `token` on.
    func suffix(from token: Int) -> Rows { unsafe Rows(base: row(token), width: width) }
}

/// Activations as the kernels take them: floats, and bytes in blocks where a consumer is quantised.
@safe
struct Activations: Sendable {
    /// Rows of f32, [T, width].
    let floats: Rows
    /// [T, width / 32]; same lifetime and sharing as the rows.
    nonisolated(unsafe) let blocks: UnsafeMutablePointer<ck_q8_block>
    /// Whether any consumer reads the blocks.
    let quantizes: Bool

    init(_ floats: Rows, _ blocks: Buffer<ck_q8_block>, for consumers: PackedMatrix...) {
        self.floats = floats
        unsafe self.blocks = unsafe blocks.base
        quantizes = consumers.contains { $0.isQuantized }
    }

    /// Called once per row when its floats are final, before the products.
    func finishRow(_ token: Int, _ compute: Compute) {
        guard quantizes else { return }
        let width = floats.width
        unsafe compute.kernels.pointee.quantize_q8(floats.row(token), width, blocks + token * (width / 32))
    }
}

/// The parallel steps of a forward pass: products split over panels, everything else over tokens.
@safe
struct Compute: Sendable {
    let pool: ThreadPool
    /// A table that lives as long as the process.
    nonisolated(unsafe) let kernels: UnsafePointer<ck_quant_table>

    /// The kernels of the level in use.
    init(pool: ThreadPool) {
        self.pool = pool
        unsafe kernels = unsafe ck_quant_kernels()
    }

    /// One matrix of a product and where its results go: [T, R].
    typealias Target = (matrix: PackedMatrix, out: Rows)

    /// out[t] = W · x[t] for several matrices with the same input, in one parallel step.
    func products(_ targets: [Target], _ x: Activations, tokenCount: Int) {
        let panelCount = targets.reduce(0) { $0 + $1.matrix.panelCount }
        // Enough pieces to even out a disturbed thread, few enough to cost nothing.
        let pieces = min(panelCount, pool.threadCount == 1 ? 1 : pool.threadCount * 4)
        pool.run(taskCount: pieces) { piece in
            let range = (panelCount * piece / pieces)..<(panelCount * (piece + 1) / pieces)
            var base = 0
            for target in targets {
                let own = base..<(base + target.matrix.panelCount)
                let part = range.clamped(to: own)
                if !part.isEmpty {
                    product(target, (part.lowerBound - base)..<(part.upperBound - base), x, tokenCount)
                }
                base = own.upperBound
            }
        }
    }

    /// The rows of some neighbouring panels.
    private func product(_ target: Target, _ panels: Range<Int>, _ x: Activations, _ tokenCount: Int) {
        let matrix = target.matrix
        let firstRow = panels.lowerBound * 16
        let width = x.floats.width
        // Panels and rows lie within the matrix; the activations have its column count.
        precondition(width == matrix.columnCount && panels.upperBound <= matrix.panelCount)
        var product = unsafe ck_product(
            panels: matrix.panels + panels.lowerBound * matrix.panelBytes, panel_bytes: matrix.panelBytes,
            row_count: min(matrix.rowCount, panels.upperBound * 16) - firstRow, column_count: width,
            x: matrix.isQuantized ? UnsafeRawPointer(x.blocks) : UnsafeRawPointer(x.floats.base),
            x_stride: matrix.isQuantized ? width / 32 : width, token_count: tokenCount,
            out: target.out.base + firstRow, out_stride: target.out.width)
        unsafe ck_quant_product(kernels, matrix.type, &product)
    }

    /// Runs `body` for every token, in chunks over the pool; a single token runs where it is.
    func forEachToken(_ tokenCount: Int, _ body: @Sendable (Int) -> Void) {
        let pieces = tokenCount == 1 ? 1 : min(tokenCount, pool.threadCount * 2)
        pool.run(taskCount: pieces) { piece in
            for token in (tokenCount * piece / pieces)..<(tokenCount * (piece + 1) / pieces) { body(token) }
        }
    }
}
