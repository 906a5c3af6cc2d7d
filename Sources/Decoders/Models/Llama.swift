// Llama (also SmolLM2) and Qwen 2 to 3: RMSNorm, rotary positions, grouped-query attention, SwiGLU; one file, in the
// order of the forward pass. Qwen 2 and 2.5 add biases to queries, keys and values; Qwen 3 normalises queries and keys.
//
// Shapes: T tokens of one call, D hidden, F feed-forward, H query heads, K key-value heads, S head size, V vocabulary.
// Query and key weights of Llama's GGUF files are permuted so that rotary pairs are neighbours; those of Qwen and of
// safetensors, whose pairs are the two halves of a head, are when they are loaded.
//
// Source: Touvron et al., "LLaMA" (2023) and "Llama 2" (2023); Su et al., "RoFormer" (2021); Ainslie et al., "GQA"
// (2023); Shazeer, "GLU Variants Improve Transformer" (2020); "Qwen2 Technical Report" (2024), "Qwen3 Technical
// Report" (2025); tensor names of the GGUF specification.

import CKernels
import Kernels
import Tokenizers

/// The network and its weights.
struct Llama: DecoderArchitecture {
    let configuration: LlamaConfiguration
    let embeddings: EmbeddingTable
    let rotary: RotaryFrequencies
    let blocks: [LlamaBlock]
    let outputNorm: WeightVector
    let output: PackedMatrix

    var vocabularySize: Int { configuration.vocabularySize }
    var trainedContextLength: Int { configuration.contextLength }

    init(_ loader: inout WeightLoader, variant: LlamaConfiguration.Variant) throws(DecoderError) {
        let shape = try LlamaConfiguration(loader.source, variant: variant)
        configuration = shape
        embeddings = try loader.embeddings("token_embd.weight", rows: shape.vocabularySize, columns: shape.hiddenSize)
        rotary = try RotaryFrequencies(
            base: shape.ropeBase, size: shape.ropeSize, scaling: shape.ropeScaling, &loader)
        var blocks: [LlamaBlock] = []
        for layer in 0..<shape.layerCount { blocks.append(try LlamaBlock(layer: layer, shape, &loader)) }
        self.blocks = blocks
        outputNorm = try loader.vector("output_norm.weight", count: shape.hiddenSize)
        output = try loader.output(rows: shape.vocabularySize, columns: shape.hiddenSize)
        try loader.finish()
    }

    func forward(_ parts: [PassPart], workspace: Workspace, compute: Compute, while goesOn: () -> Bool) -> Bool {
        var row = 0
        for part in parts {
            rotary.fill(
                workspace.cosines.suffix(from: row), workspace.sines.suffix(from: row), first: part.cache.count,
                tokenCount: part.ids.count)
            for id in part.ids {
                unsafe embeddings.copyRow(Int(id), to: workspace.hidden.row(row))
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
            rotaryPairs: shape.ropeSize / 2,
            scratch: ScratchSlots(count: threadCount, size: shape.attention(layer: 0).scratchCount(capacity: capacity)))
    }
}

/// One of L blocks: x += attention(norm(x)); x += feedForward(norm(x)).
struct LlamaBlock: Sendable {
    let attention: LlamaAttention
    let feedForward: LlamaFeedForward

    init(layer: Int, _ shape: LlamaConfiguration, _ loader: inout WeightLoader) throws(DecoderError) {
        attention = try LlamaAttention(layer: layer, shape, &loader)
        feedForward = try LlamaFeedForward(layer: layer, shape, &loader)
    }
}

/// Grouped-query attention over everything the cache holds up to each token.
struct LlamaAttention: Sendable {
    let shape: LlamaConfiguration
    let attention: GroupedQueryAttention
    let norm: WeightVector
    let query: PackedMatrix
    let key: PackedMatrix
    let value: PackedMatrix
    let output: PackedMatrix
    /// Added to queries, keys and values (Qwen 2).
    let biases: [WeightVector]
    /// Norms of each head's queries and keys (Qwen 3).
    let headNorms: [WeightVector]

    init(layer: Int, _ shape: LlamaConfiguration, _ loader: inout WeightLoader) throws(DecoderError) {
        let width = shape.hiddenSize
        let queryWidth = shape.headCount * shape.headSize
        let keyWidth = shape.keyValueHeadCount * shape.headSize
        self.shape = shape
        attention = shape.attention(layer: layer)
        let block = "blk.\(layer)."
        let (queryOrder, keyOrder) = (shape.rotaryOrder(shape.headCount), shape.rotaryOrder(shape.keyValueHeadCount))
        norm = try loader.vector("\(block)attn_norm.weight", count: width)
        query = try loader.matrix("\(block)attn_q.weight", rows: queryWidth, columns: width, order: queryOrder)
        key = try loader.matrix("\(block)attn_k.weight", rows: keyWidth, columns: width, order: keyOrder)
        value = try loader.matrix("blk.\(layer).attn_v.weight", rows: keyWidth, columns: width)
        output = try loader.matrix("blk.\(layer).attn_output.weight", rows: width, columns: queryWidth)
        biases =
            shape.variant != .qwen2
            ? []
            : [
                try loader.vector("\(block)attn_q.bias", count: queryWidth, order: queryOrder),
                try loader.vector("\(block)attn_k.bias", count: keyWidth, order: keyOrder),
                try loader.vector("\(block)attn_v.bias", count: keyWidth),
            ]
        headNorms =
            shape.variant != .qwen3
            ? []
            : try ["q", "k"].map { name throws(DecoderError) in
                try loader.vector(
                    "\(block)attn_\(name)_norm.weight", count: shape.headSize, order: shape.rotaryOrder(1))
            }
    }

    func forward(_ parts: [PassPart], workspace: Workspace, compute: Compute) {
        let tokenCount = parts.tokenCount
        let hidden = workspace.hidden
        let input = Activations(workspace.normed, workspace.blocks, for: query, key, value)
        compute.forEachToken(tokenCount) { token in
            compute.rmsNorm(hidden, norm, shape.normEpsilon, into: input.floats, token)
            input.finishRow(token, compute)
        }
        let (queries, keys, values) = (workspace.queries, workspace.keys, workspace.values)
        compute.products([(query, queries), (key, keys), (value, values)], input, tokenCount: tokenCount)
        let attended = Activations(workspace.attended, workspace.blocks, for: output)
        attention.forward(parts, workspace: workspace, compute: compute, into: attended.floats) { token in
            adjust(queries, keys, values, token, compute)
        }
        compute.forEachToken(tokenCount) { token in attended.finishRow(token, compute) }
        compute.products([(output, workspace.delta)], attended, tokenCount: tokenCount)
        compute.add(workspace.delta, to: hidden, tokenCount: tokenCount)
    }

    /// Biases and head norms, where the model has them.
    private func adjust(_ queries: Rows, _ keys: Rows, _ values: Rows, _ token: Int, _ compute: Compute) {
        for (bias, rows) in zip(biases, [queries, keys, values]) {
            unsafe compute.kernels.pointee.add(rows.row(token), bias.base, bias.count)
        }
        for (weight, rows) in zip(headNorms, [queries, keys]) {
            compute.rmsNormHeads(rows, weight, shape.normEpsilon, token)
        }
    }
}

/// SwiGLU: down(silu(gate(x)) · up(x)).
struct LlamaFeedForward: Sendable {
    let epsilon: Float
    let norm: WeightVector
    let gate: PackedMatrix
    let up: PackedMatrix
    let down: PackedMatrix

    init(layer: Int, _ shape: LlamaConfiguration, _ loader: inout WeightLoader) throws(DecoderError) {
        let (width, inner) = (shape.hiddenSize, shape.feedForwardSize)
        epsilon = shape.normEpsilon
        norm = try loader.vector("blk.\(layer).ffn_norm.weight", count: width)
        gate = try loader.matrix("blk.\(layer).ffn_gate.weight", rows: inner, columns: width)
        up = try loader.matrix("blk.\(layer).ffn_up.weight", rows: inner, columns: width)
        down = try loader.matrix("blk.\(layer).ffn_down.weight", rows: width, columns: inner)
    }

    func forward(tokenCount: Int, workspace: Workspace, compute: Compute) {
        let hidden = workspace.hidden
        let input = Activations(workspace.normed, workspace.blocks, for: gate, up)
        compute.forEachToken(tokenCount) { token in
            compute.rmsNorm(hidden, norm, epsilon, into: input.floats, token)
            input.finishRow(token, compute)
        }
        let gated = workspace.up
        let inner = Activations(workspace.gate, workspace.blocks, for: down)
        compute.products([(gate, inner.floats), (up, gated)], input, tokenCount: tokenCount)
        compute.forEachToken(tokenCount) { token in
            unsafe compute.kernels.pointee.silu_mul(inner.floats.row(token), gated.row(token), gated.width)
            inner.finishRow(token, compute)
        }
        compute.products([(down, workspace.delta)], inner, tokenCount: tokenCount)
        compute.add(workspace.delta, to: hidden, tokenCount: tokenCount)
    }
}
