import CKernels
import Kernels
import Tensors

// One model, in the order of the forward pass; types are named as in the checkpoint.
//
// Sequences lie one behind the other without padding: T is the sum of their lengths, and only attention knows where
// one ends. Source: Devlin et al., "BERT: Pre-training of Deep Bidirectional Transformers" (2018).

/// Token ids of some sequences, packed.
struct TokenBatch: Sendable {
    /// [T].
    var ids: [Int32] = []
    /// Where each sequence ends in `ids`: [B], ascending, none empty.
    var ends: [Int] = []
    /// Where token type 1 begins in each sequence: [B]; empty when all tokens are of type 0.
    var secondStarts: [Int] = []

    /// Where sequence `index` lies.
    func range(_ index: Int) -> Range<Int> { (index == 0 ? 0 : ends[index - 1])..<ends[index] }

    /// The longest sequence's length.
    var longest: Int { ends.indices.reduce(0) { max($0, range($1).count) } }
}

/// Word, position and token type embeddings, then a layer norm: token ids → [T, D].
// Word embeddings are read where they lie in the mapped file, a page at a time as words come up, or from a converted
// copy; `file` keeps the map alive.
@safe
struct BertEmbeddings: Sendable {
    private nonisolated(unsafe) let words: UnsafePointer<Float>  // [V, D]
    private let positions: FloatBuffer  // [positions, D], token type 0 added
    private let typeStep: FloatBuffer  // [D], from token type 0 to 1
    private let norm: BertLayerNorm
    private let hiddenSize: Int
    private let file: SafetensorsFile
    private let converted: FloatBuffer?
    private let precision: EncoderPrecision

    init(
        _ configuration: EncoderConfiguration, _ weights: inout WeightReader, _ file: SafetensorsFile
    ) throws(EncoderError) {
        hiddenSize = configuration.hiddenSize
        precision = weights.precision
        self.file = file
        let wordShape = [configuration.vocabularySize, hiddenSize]
        if let mapped = unsafe try weights.mappedFloats("embeddings.word_embeddings.weight", wordShape) {
            unsafe words = mapped
            converted = nil
        } else {
            let values = try weights.floats("embeddings.word_embeddings.weight", wordShape)
            let copy = FloatBuffer(values, count: values.count)
            unsafe words = UnsafePointer(copy.base)
            converted = copy
        }
        var sums = try weights.floats(
            "embeddings.position_embeddings.weight", [configuration.maxPositionCount, hiddenSize])
        let types = try weights.floats(
            "embeddings.token_type_embeddings.weight", [configuration.tokenTypeCount, hiddenSize])
        sums.removeFirst(configuration.positionOffset * hiddenSize)
        for index in sums.indices { sums[index] += types[index % hiddenSize] }
        typeStep = FloatBuffer(zip(types.dropFirst(hiddenSize), types).map { $0 - $1 }, count: hiddenSize)
        positions = FloatBuffer(sums, count: sums.count)
        norm = try BertLayerNorm("embeddings.LayerNorm", configuration, &weights)
    }

    func apply(_ batch: TokenBatch, _ workspace: Workspace, _ pool: ThreadPool) {
        let kernels = unsafe ck_kernels().pointee
        pool.run(taskCount: batch.ends.count) { sequence in
            let secondStart = batch.secondStarts.isEmpty ? Int.max : batch.secondStarts[sequence]
            for (position, token) in batch.range(sequence).enumerated() {
                let row = unsafe workspace.hidden.row(token)
                // Ids are below V and positions below their count: `SentenceEncoder` has made sure of both.
                unsafe kernels.elementwise.add(
                    words + Int(batch.ids[token]) * hiddenSize, positions.base + position * hiddenSize, hiddenSize, row)
                if position >= secondStart { unsafe kernels.elementwise.add(row, typeStep.base, hiddenSize, row) }
                norm.apply(token, workspace, precision, kernels)
            }
        }
    }
}

/// Layer norm of hidden rows in place, and their conversion for the product that follows.
struct BertLayerNorm: Sendable {
    private let weight: FloatBuffer  // [D]
    private let bias: FloatBuffer  // [D]
    private let epsilon: Float

    init(
        _ name: String, _ configuration: EncoderConfiguration, _ weights: inout WeightReader
    ) throws(EncoderError) {
        let size = configuration.hiddenSize
        weight = FloatBuffer(try weights.floats(name + ".weight", [size]), count: size)
        bias = FloatBuffer(try weights.floats(name + ".bias", [size]), count: size)
        epsilon = configuration.layerNormEpsilon
    }

    /// Row `token` of the workspace.
    func apply(_ token: Int, _ workspace: Workspace, _ precision: EncoderPrecision, _ kernels: ck_table) {
        let row = unsafe workspace.hidden.row(token)
        unsafe kernels.elementwise.layer_norm(row, weight.count, weight.base, bias.base, epsilon, row)
        let operand = workspace.hiddenOperand
        switch precision {
        case .bf16:
            // The operand's row has room for D halves.
            let halves = unsafe operand.row(token).assumingMemoryBound(to: UInt16.self)
            unsafe kernels.gemm.to_bf16(row, weight.count, halves)
        case .int8:
            unsafe kernels.gemm.quantize(row, weight.count, operand.bytes(token), operand.groups(token))
        case .int16:
            unsafe kernels.gemm.quantize_int16(row, weight.count, operand.integers(token), operand.groups(token))
        default: break
        }
    }

    /// The first `count` rows.
    func apply(_ workspace: Workspace, count: Int, _ precision: EncoderPrecision, _ pool: ThreadPool) {
        let kernels = unsafe ck_kernels().pointee
        pool.run(rowCount: count) { rows in
            for row in rows { apply(row, workspace, precision, kernels) }
        }
    }
}

/// Self-attention of every head: [T, D] → [T, D] in the workspace's `context`.
struct BertSelfAttention: Sendable {
    private let queryKeyValue: PackedLinear  // [3D, D]
    private let headCount: Int
    private let headSize: Int

    init(
        _ layer: String, _ configuration: EncoderConfiguration, _ weights: inout WeightReader
    ) throws(EncoderError) {
        let size = configuration.hiddenSize
        let names = ["query", "key", "value"].map { layer + ".attention.self." + $0 }
        queryKeyValue = try weights.fusedLinear(names, size, size)
        headCount = configuration.headCount
        headSize = configuration.headSize
    }

    func apply(_ batch: TokenBatch, _ workspace: Workspace, _ pool: ThreadPool) {
        queryKeyValue.apply(
            workspace.hiddenOperand, rows: batch.ids.count, epilogue: CK_EPILOGUE_BIAS, to: workspace.wide, pool: pool)
        let kernels = unsafe ck_kernels().pointee.elementwise
        let (wide, context) = (workspace.wide, workspace.context)
        let pairs = batch.ends.count * headCount
        let shares = min(pairs, pool.threadCount)
        pool.run(taskCount: shares) { share in
            for pair in (pairs * share / shares)..<(pairs * (share + 1) / shares) {
                let tokens = batch.range(pair / headCount)
                let (first, column) = (tokens.lowerBound, pair % headCount * headSize)
                var attention = unsafe ck_self_attention(
                    q: wide.at(first, column), k: wide.at(first, column + headCount * headSize),
                    v: wide.at(first, column + 2 * headCount * headSize), stride: wide.stride,
                    token_count: tokens.count, head_size: headSize, scale: 1 / Float(headSize).squareRoot(),
                    out: context.at(first, column), out_stride: context.stride, scratch: workspace.scratch(share))
                if wide.isHalf {
                    unsafe kernels.self_attention_bf16(&attention)
                } else {
                    unsafe kernels.self_attention(&attention)
                }
            }
        }
    }
}

/// Attention and feed-forward, each with its residual and layer norm: [T, D] → [T, D] in place.
struct BertLayer: Sendable {
    private let selfAttention: BertSelfAttention
    private let attentionOutput: PackedLinear  // [D, D]
    private let attentionNorm: BertLayerNorm
    private let intermediate: PackedLinear  // [F, D]
    private let output: PackedLinear  // [D, F]
    private let outputNorm: BertLayerNorm

    init(
        _ index: Int, _ configuration: EncoderConfiguration, _ weights: inout WeightReader
    ) throws(EncoderError) {
        let layer = "encoder.layer.\(index)"
        let size = configuration.hiddenSize
        let wide = configuration.intermediateSize
        selfAttention = try BertSelfAttention(layer, configuration, &weights)
        attentionOutput = try weights.linear(layer + ".attention.output.dense", size, size)
        attentionNorm = try BertLayerNorm(layer + ".attention.output.LayerNorm", configuration, &weights)
        intermediate = try weights.linear(layer + ".intermediate.dense", wide, size)
        output = try weights.linear(layer + ".output.dense", size, wide)
        outputNorm = try BertLayerNorm(layer + ".output.LayerNorm", configuration, &weights)
    }

    func apply(_ batch: TokenBatch, _ workspace: Workspace, _ pool: ThreadPool) {
        let rows = batch.ids.count
        let hidden = workspace.hidden
        let sums = unsafe Numbers(base: UnsafeMutableRawPointer(hidden.base), stride: hidden.stride, isHalf: false)
        let precision = output.precision
        selfAttention.apply(batch, workspace, pool)
        workspace.contextOperand.take(workspace.context, rows: rows, columns: output.outputCount, precision, pool)
        attentionOutput.apply(
            workspace.contextOperand, rows: rows, epilogue: CK_EPILOGUE_BIAS_RESIDUAL, residual: hidden, to: sums,
            pool: pool)
        attentionNorm.apply(workspace, count: rows, precision, pool)
        intermediate.apply(
            workspace.hiddenOperand, rows: rows, epilogue: CK_EPILOGUE_BIAS_GELU, to: workspace.wide, pool: pool)
        workspace.wideOperand.take(workspace.wide, rows: rows, columns: output.inputCount, precision, pool)
        output.apply(
            workspace.wideOperand, rows: rows, epilogue: CK_EPILOGUE_BIAS_RESIDUAL, residual: hidden, to: sums,
            pool: pool)
        outputNorm.apply(workspace, count: rows, precision, pool)
    }
}

/// The whole encoder: packed token ids → one L2-normalised vector for each sequence.
struct BertModel: Sendable {
    let configuration: EncoderConfiguration
    /// What products are formed in: f32, bf16, int16 or int8.
    let precision: EncoderPrecision
    private let embeddings: BertEmbeddings
    private let layers: [BertLayer]

    /// Reads the weights; `configuration` says which there must be.
    ///
    /// Names that begin with `headPrefix` belong to a head and are left to it. The threads of `pool` pack the weights.
    /// - Throws: `EncoderError.weights` when one is missing or of another shape, `.unusedWeights` when some are left.
    init(
        _ configuration: EncoderConfiguration, _ file: SafetensorsFile, precision: EncoderPrecision = .f32,
        headPrefix: String? = nil, pool: ThreadPool
    ) throws(EncoderError) {
        var weights = WeightReader(file, configuration, precision: precision.resolved, pool: pool)
        self.configuration = configuration
        self.precision = precision.resolved
        embeddings = try BertEmbeddings(configuration, &weights, file)
        var layers: [BertLayer] = []
        for index in 0..<configuration.layerCount {
            layers.append(try BertLayer(index, configuration, &weights))
        }
        self.layers = layers
        try weights.finish(headPrefix: headPrefix)
    }

    /// Runs all layers over `batch`; each token's vector is then its row of the workspace's `hidden`.
    /// - Parameters: as of `embed`.
    func forward(_ batch: TokenBatch, _ workspace: Workspace, _ pool: ThreadPool) {
        embeddings.apply(batch, workspace, pool)
        for layer in layers { layer.apply(batch, workspace, pool) }
    }

    /// Embeds the sequences of `batch`.
    /// - Parameters:
    ///   - batch: ids below V, sequences no longer than the position count, both within the workspace's capacity.
    ///   - workspace: this pass's alone.
    ///   - pool: the threads that share the products.
    ///   - emit: called with each sequence's number and its vector [D].
    func embed(
        _ batch: TokenBatch, _ workspace: Workspace, _ pool: ThreadPool,
        emit: (Int, UnsafeBufferPointer<Float>) -> Void
    ) {
        forward(batch, workspace, pool)
        let kernels = unsafe ck_kernels().pointee.elementwise
        let size = configuration.hiddenSize
        let hidden = workspace.hidden
        let pooled = unsafe workspace.pooled.row(0)
        for sequence in batch.ends.indices {
            let tokens = batch.range(sequence)
            let rows = configuration.pooling == .mean ? tokens.count : 1
            let first = configuration.pooling == .lastToken ? tokens.upperBound - 1 : tokens.lowerBound
            unsafe kernels.mean_rows(hidden.row(first), hidden.stride, rows, size, pooled)
            unsafe kernels.normalize(pooled, size)
            unsafe emit(sequence, UnsafeBufferPointer(start: pooled, count: size))
        }
    }
}
