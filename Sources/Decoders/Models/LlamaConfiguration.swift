import Tensors

/// The shape of a Llama or Qwen model, read from its source's metadata and checked.
package struct LlamaConfiguration: Sendable, Equatable {
    /// Which network of the family it is; the raw value is the name in the metadata.
    package enum Variant: String, Sendable {
        /// Llama, SmolLM2.
        case llama
        /// Qwen 2 and 2.5: biases on queries, keys and values.
        case qwen2
        /// Qwen 3: queries and keys are normalised per head.
        case qwen3
    }

    /// Which network of the family it is.
    package var variant: Variant
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
    /// Base of the rotary frequencies.
    package var ropeBase: Double
    /// Values of a head that are rotated; the rest pass unchanged.
    package var ropeSize: Int
    /// How the rotary frequencies were stretched for texts longer than those of the first training.
    package var ropeScaling: RopeScaling
    /// Whether rotary pairs are neighbouring rows in the file, rather than the two halves of a head.
    package var hasNeighbouringPairs: Bool
    /// Added to the mean square in the norms.
    package var normEpsilon: Float

    /// The caps a model must keep, so that a damaged header can't ask for absurd buffers.
    static let maxLayerCount = 1_024
    static let maxWidth = 1 << 20
    static let maxContextLength = 1 << 24
    static let maxVocabularySize = 1 << 24

    /// Reads the metadata of architecture `variant`.
    init(_ source: any ModelSource, variant: Variant) throws(DecoderError) {
        let reader = MetadataReader(source: source, prefix: variant.rawValue + ".")
        self.variant = variant
        layerCount = try reader.count("block_count", max: Self.maxLayerCount)
        hiddenSize = try reader.count("embedding_length", max: Self.maxWidth)
        feedForwardSize = try reader.count("feed_forward_length", max: Self.maxWidth)
        headCount = try reader.count("attention.head_count", max: 4_096)
        keyValueHeadCount = try reader.count("attention.head_count_kv", max: 4_096, default: headCount)
        contextLength = try reader.count("context_length", max: Self.maxContextLength)
        headSize = try reader.count(
            "attention.key_length", max: 4_096, default: max(hiddenSize / headCount, 1))
        ropeSize = try reader.count("rope.dimension_count", max: 4_096, default: headSize)
        ropeBase = try reader.number("rope.freq_base", default: 10_000)
        normEpsilon = Float(try reader.number("attention.layer_norm_rms_epsilon", default: nil))
        vocabularySize = try source.tensor("token_embd.weight").rowCount
        ropeScaling = try RopeScaling(reader)
        hasNeighbouringPairs = variant == .llama && source.conventions.neighboursLlamaPairs
        try check(reader)
    }

    /// The file's row of each row of queries or keys, so that rotary pairs are neighbours; nil where they are already.
    func rotaryOrder(_ heads: Int) -> [Int]? {
        hasNeighbouringPairs ? nil : RotaryOrder.rows(heads: heads, headSize: headSize, ropeSize: ropeSize)
    }

    /// The attention of a layer.
    func attention(layer: Int) -> GroupedQueryAttention {
        GroupedQueryAttention(
            layer: layer, headCount: headCount, keyValueHeadCount: keyValueHeadCount, headSize: headSize,
            ropeSize: ropeSize, scale: 1 / Float(headSize).squareRoot())
    }

    private func check(_ reader: MetadataReader) throws(DecoderError) {
        if headCount % keyValueHeadCount != 0 {
            throw reader.inconsistent("\(headCount) query heads cannot share \(keyValueHeadCount) key-value heads")
        }
        if let valueLength = try reader.integer("attention.value_length"), valueLength != headSize {
            throw reader.inconsistent("keys of \(headSize) and values of \(valueLength) differ in length")
        }
        if ropeSize > headSize || ropeSize % 2 != 0 {
            throw reader.inconsistent("\(ropeSize) of \(headSize) values of a head cannot be rotated in pairs")
        }
        if headCount * headSize > Self.maxWidth || vocabularySize > Self.maxVocabularySize {
            throw reader.inconsistent("its dimensions are beyond every known model's")
        }
        let positive: (Double) -> Bool = { $0.isFinite && $0 > 0 }
        if !positive(ropeBase) || !(normEpsilon.isFinite && normEpsilon >= 0) {
            throw reader.inconsistent("its rope base or norm epsilon is not a positive number")
        }
        if let experts = try reader.integer("expert_count"), experts > 0 {
            throw .unsupportedArchitecture(path: reader.source.path, name: "\(variant.rawValue), mixture of experts")
        }
    }
}
