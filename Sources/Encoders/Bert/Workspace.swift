import CKernels

/// Rows of floats inside a workspace: [T, …] with `stride` floats from one token to the next.
// A view without ownership; the workspace it lies in outlives the forward pass that uses it.
@safe
struct Activation: Sendable {
    nonisolated(unsafe) let base: UnsafeMutablePointer<Float>
    let stride: Int

    /// The first float of row `token`.
    func row(_ token: Int) -> UnsafeMutablePointer<Float> { unsafe base + token * stride }
}

/// Rows of the numbers that flow between the products of a layer: floats, or bf16 when `isHalf`.
// A view without ownership, as `Activation` is.
@safe
struct Numbers: Sendable {
    nonisolated(unsafe) let base: UnsafeMutableRawPointer
    /// Numbers from one token to the next; even.
    let stride: Int
    let isHalf: Bool

    /// Bytes of a number.
    var width: Int { isHalf ? 2 : 4 }
    /// How the product kernels call the type.
    var output: ck_output { isHalf ? CK_OUTPUT_BF16 : CK_OUTPUT_F32 }

    /// Number `column` of row `token`.
    func at(_ token: Int, _ column: Int = 0) -> UnsafeMutableRawPointer {
        unsafe base + (token * stride + column) * width
    }
}

/// Rows as the products take them: floats, bf16, or integers with the scales of their groups.
// A view without ownership, as `Activation` is.
@safe
struct Operand: Sendable {
    nonisolated(unsafe) let base: UnsafeMutableRawPointer
    /// Words of 32 bits from one token to the next.
    let stride: Int
    /// [T, groupStride], of integers alone.
    nonisolated(unsafe) let groups: UnsafeMutablePointer<ck_integer_group>?
    let groupStride: Int

    /// The first word of row `token`.
    func row(_ token: Int) -> UnsafeMutableRawPointer { unsafe base + token * stride * 4 }
}

/// The activations of one forward pass, reused by the next one.
///
/// A row is padded to whole panels and 16 words more: the product kernels write whole panels, and strides that are no
/// multiple of 4 KB keep neighbouring rows out of the same cache set.
struct Workspace: Sendable {
    /// T: the most tokens a pass may have.
    let tokenCapacity: Int
    /// The longest sequence in it.
    let sequenceCapacity: Int
    /// [T, D]: what flows from layer to layer.
    let hidden: Activation
    /// [T, D]: the heads' results.
    let context: Numbers
    /// [T, 3D] queries, keys and values; then [T, intermediate size].
    let wide: Numbers
    /// [T, D]: the hidden rows as the next product takes them.
    let hiddenOperand: Operand
    /// [T, D]: `context` as the product takes it.
    let contextOperand: Operand
    /// [T, intermediate size]: `wide` as the product takes it.
    let wideOperand: Operand
    /// [D]: a pooled vector.
    let pooled: Activation
    /// Per share of the attention: scratch of its kernel.
    let scratchStride: Int

    private let words: FloatBuffer
    private let scratchOffset: Int

    init(
        _ configuration: EncoderConfiguration, precision: EncoderPrecision = .f32, tokenCapacity: Int,
        sequenceCapacity: Int, shares: Int
    ) {
        func padded(_ columns: Int) -> Int { (columns + Int(CK_GEMM_PANEL) - 1) & -Int(CK_GEMM_PANEL) }
        let narrow = padded(configuration.hiddenSize)
        let broadest = max(3 * configuration.hiddenSize, configuration.intermediateSize)
        let broad = padded(broadest)
        let isHalf = precision.flowsInHalves
        let groupStride = precision.groupColumns.map { (broadest + $0 - 1) / $0 } ?? 0
        let perWord = isHalf ? 2 : 1
        // Words of a row of each kind.
        let hiddenStride = narrow + 16
        let contextStride = (isHalf ? narrow / 2 : narrow) + 16
        let wideStride = (isHalf ? broad / 2 : broad) + 16
        let operandColumns = precision.groupColumns == nil ? narrow : broad
        let operandStride = precision == .f32 ? 0 : operandColumns / precision.numbersPerWord + 16
        let scratch = ck_self_attention_scratch(sequenceCapacity, configuration.headSize)
        scratchStride = (scratch + 15) / 16 * 16
        let row = hiddenStride + contextStride + wideStride + operandStride + 2 * groupStride
        scratchOffset = (tokenCapacity * row + narrow + 15) / 16 * 16
        words = FloatBuffer(count: scratchOffset + shares * scratchStride)
        self.tokenCapacity = tokenCapacity
        self.sequenceCapacity = sequenceCapacity

        var next = unsafe words.base
        // The next `stride` words for each token.
        func take(_ stride: Int) -> UnsafeMutablePointer<Float> {
            defer { unsafe next += tokenCapacity * stride }
            return unsafe next
        }
        hidden = unsafe Activation(base: take(hiddenStride), stride: hiddenStride)
        context = unsafe Numbers(
            base: UnsafeMutableRawPointer(take(contextStride)), stride: contextStride * perWord, isHalf: isHalf)
        wide = unsafe Numbers(
            base: UnsafeMutableRawPointer(take(wideStride)), stride: wideStride * perWord, isHalf: isHalf)
        let own = unsafe UnsafeMutableRawPointer(take(operandStride))
        let scales = unsafe UnsafeMutableRawPointer(take(2 * groupStride))
        pooled = unsafe Activation(base: next, stride: narrow)
        if groupStride > 0 {
            let integers = unsafe Operand(
                base: own, stride: operandStride,
                groups: scales.bindMemory(to: ck_integer_group.self, capacity: tokenCapacity * groupStride),
                groupStride: groupStride)
            (hiddenOperand, contextOperand, wideOperand) = (integers, integers, integers)
        } else {
            hiddenOperand = unsafe Operand(
                base: isHalf ? own : UnsafeMutableRawPointer(hidden.base),
                stride: isHalf ? operandStride : hiddenStride, groups: nil, groupStride: 0)
            contextOperand = unsafe Operand(base: context.base, stride: contextStride, groups: nil, groupStride: 0)
            wideOperand = unsafe Operand(base: wide.base, stride: wideStride, groups: nil, groupStride: 0)
        }
    }

    /// The scratch of one share of the attention.
    func scratch(_ share: Int) -> UnsafeMutablePointer<Float> {
        unsafe words.base + scratchOffset + share * scratchStride
    }
}
