import CKernels

/// Rows of activations inside a workspace: [T, …] with `stride` floats from one token to the next.
// A view without ownership; the workspace it lies in outlives the forward pass that uses it.
@safe
struct Activation: Sendable {
    nonisolated(unsafe) let base: UnsafeMutablePointer<Float>
    let stride: Int

    /// The first float of row `token`.
    func row(_ token: Int) -> UnsafeMutablePointer<Float> { unsafe base + token * stride }
}

/// The activations of one forward pass, reused by the next one.
///
/// A row is padded to whole panels and 16 floats more: the product kernels write whole panels, and strides that are no
/// multiple of 4 KB keep neighbouring rows out of the same cache set.
struct Workspace: Sendable {
    /// T: the most tokens a pass may have.
    let tokenCapacity: Int
    /// The longest sequence in it.
    let sequenceCapacity: Int
    /// [T, D]: what flows from layer to layer.
    let hidden: Activation
    /// [T, D]: the heads' results.
    let context: Activation
    /// [T, 3D] queries, keys and values; then [T, intermediate size].
    let wide: Activation
    /// Per share of the attention: scratch of its kernel.
    let scratchStride: Int

    private let floats: FloatBuffer
    private let scratchOffset: Int

    init(_ configuration: EncoderConfiguration, tokenCapacity: Int, sequenceCapacity: Int, shares: Int) {
        func stride(_ columns: Int) -> Int {
            (columns + Int(CK_GEMM_PANEL) - 1) / Int(CK_GEMM_PANEL) * Int(CK_GEMM_PANEL) + 16
        }
        let narrow = stride(configuration.hiddenSize)
        let broad = stride(max(3 * configuration.hiddenSize, configuration.intermediateSize))
        let scratch = ck_self_attention_scratch(sequenceCapacity, configuration.headSize)
        scratchStride = (scratch + 15) / 16 * 16
        scratchOffset = tokenCapacity * (2 * narrow + broad)
        floats = FloatBuffer(count: scratchOffset + shares * scratchStride)
        self.tokenCapacity = tokenCapacity
        self.sequenceCapacity = sequenceCapacity
        hidden = unsafe Activation(base: floats.base, stride: narrow)
        context = unsafe Activation(base: floats.base + tokenCapacity * narrow, stride: narrow)
        wide = unsafe Activation(base: floats.base + 2 * tokenCapacity * narrow, stride: broad)
    }

    /// The scratch of one share of the attention.
    func scratch(_ share: Int) -> UnsafeMutablePointer<Float> {
        unsafe floats.base + scratchOffset + share * scratchStride
    }
}
