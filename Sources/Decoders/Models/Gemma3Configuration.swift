import Tensors

/// The shape of a Gemma 3 text model, read from its source's metadata and checked.
package struct Gemma3Configuration: Sendable, Equatable {
    /// The architecture's name in metadata.
    static let name = "gemma3"

    /// L: blocks.
    package var layerCount: Int
    /// D: the residual stream's width.
    package var hiddenSize: Int
    /// F: the feed-forward layer's width.
    package var feedForwardSize: Int
    /// Query heads.
    package var headCount: Int
    /// Key-value heads; each serves `headCount / keyValueHeadCount` query heads.
    package var keyValueHeadCount: Int
    /// Values of a head.
    package var headSize: Int
    /// V.
    package var vocabularySize: Int
    /// Most positions in training.
    package var contextLength: Int
    /// Positions that a token of a local layer sees, itself among them.
    package var window: Int
    /// [L]: whether the layer is local.
    package var isLocal: [Bool]
    /// Base of the rotary frequencies of global layers.
    package var ropeBase: Double
    /// Base of the rotary frequencies of local layers.
    package var localRopeBase: Double
    /// How the frequencies of global layers are stretched.
    package var ropeScaling: RopeScaling
    /// Of the scores, before the softmax.
    package var attentionScale: Float
    /// Added to the mean square in the norms.
    package var normEpsilon: Float
    /// Added to the norms' weights: 1 where the source holds w for 1 + w.
    package var normOffset: Float

    /// Five local layers are followed by a global one, unless the source says otherwise.
    static let usualPattern = 6
    /// The largest model's layers; its scores are scaled by the width of all heads, which GGUF files don't say.
    private static let largestLayerCount = 62

    /// Reads the metadata.
    init(_ source: any ModelSource) throws(DecoderError) {
        let reader = MetadataReader(source: source, prefix: Self.name + ".")
        layerCount = try reader.count("block_count", max: LlamaConfiguration.maxLayerCount)
        hiddenSize = try reader.count("embedding_length", max: LlamaConfiguration.maxWidth)
        feedForwardSize = try reader.count("feed_forward_length", max: LlamaConfiguration.maxWidth)
        headCount = try reader.count("attention.head_count", max: 4_096)
        keyValueHeadCount = try reader.count("attention.head_count_kv", max: 4_096, default: headCount)
        contextLength = try reader.count("context_length", max: LlamaConfiguration.maxContextLength)
        headSize = try reader.count("attention.key_length", max: 4_096, default: 256)
        window = try reader.count("attention.sliding_window", max: LlamaConfiguration.maxContextLength)
        ropeBase = try reader.number("rope.freq_base", default: 1e6)
        localRopeBase = try reader.number("rope.freq_base_swa", default: 1e4)
        ropeScaling = try RopeScaling(reader)
        normEpsilon = Float(try reader.number("attention.layer_norm_rms_epsilon", default: nil))
        vocabularySize = try source.tensor("token_embd.weight").rowCount
        normOffset = source.conventions.offsetsGemmaNorms ? 1 : 0
        let perHead = layerCount == Self.largestLayerCount ? hiddenSize / headCount : headSize
        let scalar = try reader.number("attention.query_pre_attn_scalar", default: Double(perHead))
        attentionScale = Float(1 / scalar.squareRoot())
        isLocal = try Self.pattern(reader, layerCount: layerCount)
        try check(reader)
    }

    /// A list with an entry for each layer, or after how many layers a global one comes.
    private static func pattern(_ reader: MetadataReader, layerCount: Int) throws(DecoderError) -> [Bool] {
        let key = "attention.sliding_window_pattern"
        if case .bools? = reader.source.metadata[reader.prefix + key] {
            let list = try reader.bools(key) ?? []
            guard list.count == layerCount else {
                throw reader.inconsistent("\(reader.name(key)) has \(list.count) entries for \(layerCount) layers")
            }
            return list
        }
        let period = try reader.count(key, max: LlamaConfiguration.maxLayerCount, default: usualPattern)
        return (1...layerCount).map { $0 % period != 0 }
    }

    /// The attention of a layer; angles of local layers stand behind those of global ones.
    func attention(layer: Int) -> GroupedQueryAttention {
        GroupedQueryAttention(
            layer: layer, headCount: headCount, keyValueHeadCount: keyValueHeadCount, headSize: headSize,
            ropeSize: headSize, rotaryOffset: isLocal[layer] ? headSize / 2 : 0, scale: attentionScale,
            window: isLocal[layer] ? window : 0)
    }

    /// The file's row of each row of queries or keys, so that rotary pairs are neighbours.
    func rotaryOrder(_ heads: Int) -> [Int] { RotaryOrder.rows(heads: heads, headSize: headSize, ropeSize: headSize) }

    private func check(_ reader: MetadataReader) throws(DecoderError) {
        if headCount % keyValueHeadCount != 0 {
            throw reader.inconsistent("\(headCount) query heads cannot share \(keyValueHeadCount) key-value heads")
        }
        if let valueLength = try reader.integer("attention.value_length"), valueLength != headSize {
            throw reader.inconsistent("keys of \(headSize) and values of \(valueLength) differ in length")
        }
        if headSize % 2 != 0 { throw reader.inconsistent("\(headSize) values of a head cannot be rotated in pairs") }
        if headCount * headSize > LlamaConfiguration.maxWidth || vocabularySize > LlamaConfiguration.maxVocabularySize {
            throw reader.inconsistent("its dimensions are beyond every known model's")
        }
        let positive: (Double) -> Bool = { $0.isFinite && $0 > 0 }
        if !positive(ropeBase) || !positive(localRopeBase) || !positive(Double(attentionScale))
            || !(normEpsilon.isFinite && normEpsilon >= 0)
        {
            throw reader.inconsistent(
                "a rope base, the scale of its scores or its norm epsilon is not a positive number")
        }
        for key in ["final_logit_softcapping", "attn_logit_softcapping"] where try reader.number(key, default: 0) != 0 {
            throw reader.inconsistent("\(reader.name(key)) is set; capped logits aren't computed")
        }
    }
}
