// Gemma 3 (text): RMSNorm before and after each half of a block, norms of queries and keys, local and global layers,
// GELU-gated feed-forward; one file, in the order of the forward pass.
//
// Shapes: T tokens of one call, D hidden, F feed-forward, H query heads, K key-value heads, S head size, V vocabulary.
// Most layers see a window only and rotate by a base of their own; every sixth sees everything. Norms are stored as w
// and used as 1 + w in safetensors; GGUF files hold 1 + w. The cache keeps all positions of local layers too.
//
// Source: "Gemma 3 Technical Report" (2025); "Gemma 2: Improving Open Language Models at a Practical Size" (2024) for
// the norms; tensor names of the GGUF specification.

import CKernels
import Kernels
import Tokenizers

/// The network and its weights.
struct Gemma3: DecoderArchitecture {
    let configuration: Gemma3Configuration
    let embeddings: EmbeddingTable
    let globalRotary: RotaryFrequencies
    let localRotary: RotaryFrequencies
    let blocks: [Gemma3Block]
    let outputNorm: WeightVector
    let output: PackedMatrix

    var vocabularySize: Int { configuration.vocabularySize }
    var trainedContextLength: Int { configuration.contextLength }

    init(_ loader: inout WeightLoader) throws(DecoderError) {
        let shape = try Gemma3Configuration(loader.source)
        configuration = shape
        embeddings = try loader.embeddings("token_embd.weight", rows: shape.vocabularySize, columns: shape.hiddenSize)
        globalRotary = RotaryFrequencies(base: shape.ropeBase, size: shape.headSize, scaling: shape.ropeScaling)
        localRotary = RotaryFrequencies(base: shape.localRopeBase, size: shape.headSize, scaling: .none)
        var blocks: [Gemma3Block] = []
        for layer in 0..<shape.layerCount { blocks.append(try Gemma3Block(layer: layer, shape, &loader)) }
        self.blocks = blocks
        outputNorm = try loader.vector("output_norm.weight", count: shape.hiddenSize, offset: shape.normOffset)
        output = try loader.output(rows: shape.vocabularySize, columns: shape.hiddenSize)
        try loader.finish()
    }

    func forward(_ parts: [PassPart], workspace: Workspace, compute: Compute, while goesOn: () -> Bool) -> Bool {
        let scale = Float(configuration.hiddenSize).squareRoot()
        let hidden = workspace.hidden
        var row = 0
        for part in parts {
            let (cosines, sines) = (workspace.cosines.suffix(from: row), workspace.sines.suffix(from: row))
            let (first, count) = (part.cache.count, part.ids.count)
            globalRotary.fill(cosines, sines, first: first, tokenCount: count)
            localRotary.fill(cosines, sines, first: first, tokenCount: count, offset: configuration.headSize / 2)
            for id in part.ids {
                unsafe embeddings.copyRow(Int(id), to: hidden.row(row))
                for index in 0..<hidden.width { unsafe hidden.row(row)[index] *= scale }
                row += 1
            }
        }
        for block in blocks {
            guard goesOn() else { return false }
            block.attention.forward(parts, workspace: workspace, compute: compute)
            block.feedForward.forward(tokenCount: row, workspace: workspace, compute: compute)
        }
        for part in parts { part.cache.advance(by: part.ids.count) }
        return true
    }

    func logits(first: Int, count: Int, workspace: Workspace, compute: Compute, out: Rows) {
        compute.logits(
            first: first, count: count, norm: outputNorm, epsilon: configuration.normEpsilon, output: output,
            workspace: workspace, out: out)
    }

    func makeCache(capacity: Int, precision: KVCachePrecision) -> KVCache {
        KVCache(
            layerCount: configuration.layerCount, headCount: configuration.keyValueHeadCount,
            headSize: configuration.headSize, capacity: capacity, precision: precision)
    }

    func makeWorkspace(tokenCount: Int, capacity: Int, threadCount: Int) -> Workspace {
        let shape = configuration
        return Workspace(
            tokenCount: tokenCount, hidden: shape.hiddenSize, queries: shape.headCount * shape.headSize,
            keyValues: shape.keyValueHeadCount * shape.headSize, feedForward: shape.feedForwardSize,
            // Angles of global layers, then of local ones.
            rotaryPairs: shape.headSize,
            scratch: ScratchSlots(count: threadCount, size: shape.attention(layer: 0).scratchCount(capacity: capacity)))
    }
}

/// One of L blocks: x += norm(attention(norm(x))); x += norm(feedForward(norm(x))).
struct Gemma3Block: Sendable {
    let attention: Gemma3Attention
    let feedForward: Gemma3FeedForward

    init(layer: Int, _ shape: Gemma3Configuration, _ loader: inout WeightLoader) throws(DecoderError) {
        attention = try Gemma3Attention(layer: layer, shape, &loader)
        feedForward = try Gemma3FeedForward(layer: layer, shape, &loader)
    }
}

/// Grouped-query attention over everything up to each token, or over the window before it.
struct Gemma3Attention: Sendable {
    let epsilon: Float
    let attention: GroupedQueryAttention
    let norm: WeightVector
    let query: PackedMatrix
    let key: PackedMatrix
    let value: PackedMatrix
    let queryNorm: WeightVector
    let keyNorm: WeightVector
    let output: PackedMatrix
    let postNorm: WeightVector

    init(layer: Int, _ shape: Gemma3Configuration, _ loader: inout WeightLoader) throws(DecoderError) {
        let (width, offset, block) = (shape.hiddenSize, shape.normOffset, "blk.\(layer).")
        let queryWidth = shape.headCount * shape.headSize
        let keyWidth = shape.keyValueHeadCount * shape.headSize
        let (queryOrder, keyOrder) = (shape.rotaryOrder(shape.headCount), shape.rotaryOrder(shape.keyValueHeadCount))
        epsilon = shape.normEpsilon
        attention = shape.attention(layer: layer)
        norm = try loader.vector("\(block)attn_norm.weight", count: width, offset: offset)
        query = try loader.matrix("\(block)attn_q.weight", rows: queryWidth, columns: width, order: queryOrder)
        key = try loader.matrix("\(block)attn_k.weight", rows: keyWidth, columns: width, order: keyOrder)
        value = try loader.matrix("\(block)attn_v.weight", rows: keyWidth, columns: width)
        let headOrder = shape.rotaryOrder(1)
        queryNorm = try loader.vector(
            "\(block)attn_q_norm.weight", count: shape.headSize, order: headOrder, offset: offset)
        keyNorm = try loader.vector(
            "\(block)attn_k_norm.weight", count: shape.headSize, order: headOrder, offset: offset)
        output = try loader.matrix("\(block)attn_output.weight", rows: width, columns: queryWidth)
        postNorm = try loader.vector("\(block)post_attention_norm.weight", count: width, offset: offset)
    }

    func forward(_ parts: [PassPart], workspace: Workspace, compute: Compute) {
        let tokenCount = parts.tokenCount
        let (hidden, delta) = (workspace.hidden, workspace.delta)
        let input = Activations(workspace.normed, workspace.blocks, for: query, key, value)
        compute.forEachToken(tokenCount) { token in
            compute.rmsNorm(hidden, norm, epsilon, into: input.floats, token)
            input.finishRow(token, compute)
        }
        let (queries, keys, values) = (workspace.queries, workspace.keys, workspace.values)
        compute.products([(query, queries), (key, keys), (value, values)], input, tokenCount: tokenCount)
        let attended = Activations(workspace.attended, workspace.blocks, for: output)
        attention.forward(parts, workspace: workspace, compute: compute, into: attended.floats) { token in
            compute.rmsNormHeads(queries, queryNorm, epsilon, token)
            compute.rmsNormHeads(keys, keyNorm, epsilon, token)
        }
        compute.forEachToken(tokenCount) { token in attended.finishRow(token, compute) }
        compute.products([(output, delta)], attended, tokenCount: tokenCount)
        compute.forEachToken(tokenCount) { token in compute.rmsNorm(delta, postNorm, epsilon, into: delta, token) }
        compute.add(delta, to: hidden, tokenCount: tokenCount)
    }
}

/// down(gelu(gate(x)) · up(x)), with the tanh form of GELU.
struct Gemma3FeedForward: Sendable {
    let epsilon: Float
    let norm: WeightVector
    let gate: PackedMatrix
    let up: PackedMatrix
    let down: PackedMatrix
    let postNorm: WeightVector

    init(layer: Int, _ shape: Gemma3Configuration, _ loader: inout WeightLoader) throws(DecoderError) {
        let (width, inner, block) = (shape.hiddenSize, shape.feedForwardSize, "blk.\(layer).")
        epsilon = shape.normEpsilon
        norm = try loader.vector("\(block)ffn_norm.weight", count: width, offset: shape.normOffset)
        gate = try loader.matrix("\(block)ffn_gate.weight", rows: inner, columns: width)
        up = try loader.matrix("\(block)ffn_up.weight", rows: inner, columns: width)
        down = try loader.matrix("\(block)ffn_down.weight", rows: width, columns: inner)
        postNorm = try loader.vector("\(block)post_ffw_norm.weight", count: width, offset: shape.normOffset)
    }

    func forward(tokenCount: Int, workspace: Workspace, compute: Compute) {
        let (hidden, delta) = (workspace.hidden, workspace.delta)
        let input = Activations(workspace.normed, workspace.blocks, for: gate, up)
        compute.forEachToken(tokenCount) { token in
            compute.rmsNorm(hidden, norm, epsilon, into: input.floats, token)
            input.finishRow(token, compute)
        }
        let gated = workspace.up
        let inner = Activations(workspace.gate, workspace.blocks, for: down)
        compute.products([(gate, inner.floats), (up, gated)], input, tokenCount: tokenCount)
        compute.forEachToken(tokenCount) { token in
            unsafe compute.kernels.pointee.gelu_mul(inner.floats.row(token), gated.row(token), gated.width)
            inner.finishRow(token, compute)
        }
        compute.products([(down, delta)], inner, tokenCount: tokenCount)
        compute.forEachToken(tokenCount) { token in compute.rmsNorm(delta, postNorm, epsilon, into: delta, token) }
        compute.add(delta, to: hidden, tokenCount: tokenCount)
    }
}
