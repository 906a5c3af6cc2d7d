import CKernels
import Kernels

/// Causal attention of one layer in which several query heads share a key-value head: rotates, stores, attends.
///
/// Shapes: T tokens, H query heads, K key-value heads, S head size.
///
/// Source: Ainslie et al., "GQA" (2023); Beltagy et al., "Longformer" (2020), for the window.
struct GroupedQueryAttention: Sendable {
    let layer: Int
    /// H.
    let headCount: Int
    /// K.
    let keyValueHeadCount: Int
    /// S.
    let headSize: Int
    /// Values of a head that are rotated.
    let ropeSize: Int
    /// Where this layer's angles begin in the workspace's rows of cosines and sines.
    var rotaryOffset = 0
    /// Of the scores, before the softmax.
    let scale: Float
    /// Positions that a token sees, itself among them; 0 for all.
    var window = 0

    /// Tokens of one task: with three query heads per key-value head, 24 rows share each converted key.
    static let tokensPerTask = 8

    /// Attention of the queries, keys and values in `workspace` into `out` [T, H · S].
    ///
    /// `adjust` changes a token's queries, keys and values before they are rotated.
    func forward(
        _ parts: [PassPart], workspace: Workspace, compute: Compute, into out: Rows,
        adjust: @Sendable (_ token: Int) -> Void
    ) {
        let (queries, keys, values) = (workspace.queries, workspace.keys, workspace.values)
        let (cosines, sines) = (workspace.cosines, workspace.sines)
        let texts = parts.attentionParts(layer: layer, headCount: keyValueHeadCount)
        let owners = texts.indices.flatMap { Array(repeating: $0, count: texts[$0].tokenCount) }
        compute.forEachToken(parts.tokenCount) { token in
            let text = texts[owners[token]]
            adjust(token)
            rotate(queries, headCount, cosines, sines, token, compute)
            rotate(keys, keyValueHeadCount, cosines, sines, token, compute)
            for (index, head) in text.heads.enumerated() {
                let offset = index * headSize
                unsafe head.store(
                    keys.row(token) + offset, values.row(token) + offset,
                    at: text.firstPosition + token - text.firstRow, compute)
            }
        }
        attend(queries, texts, into: out, workspace.scratch, compute)
    }

    private func rotate(
        _ rows: Rows, _ headCount: Int, _ cosines: Rows, _ sines: Rows, _ token: Int, _ compute: Compute
    ) {
        for head in 0..<headCount {
            unsafe compute.kernels.pointee.rope_pairs(
                rows.row(token) + head * headSize, cosines.row(token) + rotaryOffset, sines.row(token) + rotaryOffset,
                ropeSize)
        }
    }

    /// One task per key-value head and run of a text's tokens.
    private func attend(
        _ queries: Rows, _ texts: [AttentionPart], into out: Rows, _ scratch: ScratchSlots, _ compute: Compute
    ) {
        let group = headCount / keyValueHeadCount
        // The last runs see the most positions; they go first, so that none is left to the end alone.
        let runs = texts.flatMap { text in text.tasks(of: Self.tokensPerTask).map { (text, $0) } }
        compute.pool.run(taskCount: runs.count * keyValueHeadCount) { task in
            let (text, token) = runs[task / keyValueHeadCount]
            let head = text.heads[task % keyValueHeadCount]
            let row = text.firstRow + token
            let offset = task % keyValueHeadCount * group * headSize
            unsafe scratch.withSlot { memory in
                var attention = unsafe ck_attention(
                    q: queries.row(row) + offset, q_stride: queries.width,
                    token_count: min(Self.tokensPerTask, text.tokenCount - token), group: group, head_size: headSize,
                    keys: head.keys, values: head.values, key_scales: head.scales.map { unsafe UnsafePointer($0.keys) },
                    value_scales: head.scales.map { unsafe UnsafePointer($0.values) }, capacity: head.capacity,
                    first_position: text.firstPosition + token, window: window, scale: scale,
                    out: out.row(row) + offset, out_stride: out.width, scratch: memory)
                unsafe ck_attend(compute.kernels, &attention)
            }
        }
    }

    /// Floats of scratch of one task over up to `capacity` positions.
    func scratchCount(capacity: Int) -> Int {
        ck_attention_scratch(Self.tokensPerTask * (headCount / keyValueHeadCount), headSize, capacity)
    }
}

extension Compute {
    /// RMSNorm of each head of a token's row, in place.
    func rmsNormHeads(_ rows: Rows, _ weight: WeightVector, _ epsilon: Float, _ token: Int) {
        for head in 0..<(rows.width / weight.count) {
            let values = unsafe rows.row(token) + head * weight.count
            unsafe kernels.pointee.rms_norm(values, weight.base, weight.count, epsilon, values)
        }
    }

    /// The logits [count, V] of the workspace's hidden states from row `first` on: output · norm(hidden).
    func logits(
        first: Int, count: Int, norm: WeightVector, epsilon: Float, output: PackedMatrix, workspace: Workspace,
        out: Rows
    ) {
        let hidden = workspace.hidden.suffix(from: first)
        let input = Activations(workspace.normed, workspace.blocks, for: output)
        forEachToken(count) { token in
            rmsNorm(hidden, norm, epsilon, into: input.floats, token)
            input.finishRow(token, self)
        }
        products([(output, out)], input, tokenCount: count)
    }
}
