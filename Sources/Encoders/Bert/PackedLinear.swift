import CKernels
import Kernels

/// A linear layer, y = x·Wᵀ + b, its weights packed into the panels that the product kernel reads.
struct PackedLinear: Sendable {
    /// K.
    let inputCount: Int
    /// N.
    let outputCount: Int

    private let panels: FloatBuffer
    private let bias: FloatBuffer  // [32 · panelCount]
    private let panelCount: Int

    /// Below this many multiplications a product isn't worth sharing out.
    private static let sharedWork = 1 << 18

    /// Packs the weights.
    /// - Parameters:
    ///   - weight: row-major [N, K].
    ///   - bias: [N].
    init(weight: [Float], bias: [Float]) {
        outputCount = bias.count
        inputCount = weight.count / max(1, bias.count)
        panelCount = (outputCount + Int(CK_GEMM_PANEL) - 1) / Int(CK_GEMM_PANEL)
        panels = FloatBuffer(count: ck_gemm_packed_count(outputCount, inputCount))
        self.bias = FloatBuffer(bias, count: panelCount * Int(CK_GEMM_PANEL))
        unsafe weight.withUnsafeBufferPointer { weight in
            guard let first = weight.baseAddress else { return }
            unsafe ck_gemm_pack(first, outputCount, inputCount, panels.base)
        }
    }

    /// out = epilogue(x·Wᵀ + b) for `rows` rows, shared out over the pool by panels.
    ///
    /// Panels are whole, so `out` is written (and `residual` read) up to the next multiple of 32 columns.
    func apply(
        _ x: Activation, rows: Int, epilogue: ck_epilogue, residual: Activation? = nil, to out: Activation,
        pool: ThreadPool
    ) {
        let shares = rows * inputCount * outputCount < Self.sharedWork ? 1 : min(panelCount, 2 * pool.threadCount)
        let kernels = unsafe ck_kernels().pointee.gemm
        pool.run(taskCount: shares) { share in
            let first = panelCount * share / shares
            let end = panelCount * (share + 1) / shares
            let column = first * Int(CK_GEMM_PANEL)
            // Every pointer stays inside of its buffer: panels and bias by construction, activations by `Workspace`.
            var product = unsafe ck_gemm(
                x: x.base, x_stride: x.stride, row_count: rows, column_count: inputCount,
                panels: panels.base + column * inputCount, panel_count: end - first, bias: bias.base + column,
                residual: residual.map { unsafe UnsafePointer($0.base + column) },
                residual_stride: residual?.stride ?? 0, out: out.base + column, out_stride: out.stride,
                epilogue: epilogue)
            unsafe kernels.product(&product)
        }
    }
}
