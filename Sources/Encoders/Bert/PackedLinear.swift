import CKernels
import Kernels

/// A linear layer, y = x·Wᵀ + b, its weights packed into the panels that the product kernels read.
struct PackedLinear: Sendable {
    /// K.
    let inputCount: Int
    /// N.
    let outputCount: Int
    /// What the weights are held in, and x has to be.
    let precision: EncoderPrecision

    private let panels: FloatBuffer
    private let bias: FloatBuffer  // [32 · panelCount]
    private let panelCount: Int
    private let panelWords: Int
    private let wordCount: Int

    /// Below this many multiplications a product isn't worth sharing out.
    private static let sharedWork = 1 << 18

    /// Packs the weights.
    /// - Parameters:
    ///   - weight: row-major [N, K].
    ///   - bias: [N].
    ///   - precision: f32, bf16, int16 or int8.
    ///   - panels: `packedCount` floats for them, 64-byte aligned.
    ///   - pool: the threads that pack.
    init(weight: WeightRows, bias: [Float], precision: EncoderPrecision, panels: FloatBuffer, pool: ThreadPool) {
        outputCount = bias.count
        inputCount = weight.columnCount
        self.precision = precision
        self.panels = panels
        let width = Int(CK_GEMM_PANEL)
        panelCount = (outputCount + width - 1) / width
        wordCount = Self.wordCount(inputCount, precision)
        panelWords = Self.panelWords(inputCount, precision)
        self.bias = FloatBuffer(bias, count: panelCount * width)
        let (outputs, inputs, words) = (outputCount, inputCount, panelWords)
        pool.run(taskCount: panelCount) { panel in
            let first = panel * width
            let rows = min(width, outputs - first)
            // The rows of one panel are neighbours in memory, and `panels` holds `panelWords` for it.
            unsafe weight.withRows(first, rows) { source in
                let target = unsafe UnsafeMutableRawPointer(panels.base + panel * words)
                let halves = unsafe target.assumingMemoryBound(to: UInt32.self)
                switch precision {
                case .bf16: unsafe ck_gemm_pack_bf16(source, rows, inputs, halves)
                case .int16: unsafe ck_gemm_pack_int16(source, rows, inputs, halves)
                case .int8: unsafe ck_gemm_pack_int8(source, rows, inputs, halves)
                default: unsafe ck_gemm_pack(source, rows, inputs, panels.base + panel * words)
                }
            }
        }
    }

    /// Floats that the packed weights of a layer take: a multiple of 16.
    static func packedCount(_ outputCount: Int, _ inputCount: Int, _ precision: EncoderPrecision) -> Int {
        let width = Int(CK_GEMM_PANEL)
        return (outputCount + width - 1) / width * panelWords(inputCount, precision)
    }

    /// Words of 32 bits in a row of x.
    private static func wordCount(_ inputCount: Int, _ precision: EncoderPrecision) -> Int {
        (inputCount + precision.numbersPerWord - 1) / precision.numbersPerWord
    }

    private static func panelWords(_ inputCount: Int, _ precision: EncoderPrecision) -> Int {
        let width = Int(CK_GEMM_PANEL)
        return switch precision {
        case .int16: ck_gemm_packed_count_int16(width, inputCount)
        case .int8: ck_gemm_packed_count_int8(width, inputCount)
        case .auto, .f32, .bf16: ck_gemm_packed_count(width, wordCount(inputCount, precision))
        }
    }

    /// out = epilogue(x·Wᵀ + b) for `rows` rows, shared out over the pool by panels.
    ///
    /// Panels are whole, so `out` is written (and `residual` read) up to the next multiple of 32 columns.
    func apply(
        _ x: Operand, rows: Int, epilogue: ck_epilogue, residual: Activation? = nil, to out: Numbers, pool: ThreadPool
    ) {
        let shares = rows * inputCount * outputCount < Self.sharedWork ? 1 : min(panelCount, 2 * pool.threadCount)
        let kernels = unsafe ck_kernels().pointee.gemm
        pool.run(taskCount: shares) { share in
            let first = panelCount * share / shares
            let end = panelCount * (share + 1) / shares
            let column = first * Int(CK_GEMM_PANEL)
            // Every pointer stays inside of its buffer: panels and bias by construction, activations by `Workspace`.
            var product = unsafe ck_gemm(
                x: x.base, x_stride: x.stride, row_count: rows, word_count: wordCount,
                panels: panels.base + first * panelWords, panel_count: end - first, bias: bias.base + column,
                residual: residual.map { unsafe UnsafePointer($0.base + column) },
                residual_stride: residual?.stride ?? 0, out: out.at(0, column), out_stride: out.stride,
                epilogue: epilogue, output: out.output)
            switch precision {
            case .int16, .int8:
                var integers = unsafe ck_gemm_integers(product: product, groups: x.groups, group_stride: x.groupStride)
                unsafe (precision == .int8 ? kernels.product_int8 : kernels.product_int16)(&integers)
            case .bf16: unsafe kernels.product_bf16(&product)
            default: unsafe kernels.product(&product)
            }
        }
    }
}
