import Tensors

/// The shape of a Llama or Qwen model, read from GGUF metadata and checked.
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
    /// Positions are divided by this (linear rope scaling; 1 without).
    package var ropeScale: Double
    /// Added to the mean square in the norms.
    package var normEpsilon: Float

    /// The caps a model must keep, so that a damaged header can't ask for absurd buffers.
    static let maxLayerCount = 1_024
    static let maxWidth = 1 << 20
    static let maxContextLength = 1 << 24
    static let maxVocabularySize = 1 << 24

    /// Reads the metadata of architecture `variant`.
    init(_ file: GGUFFile, variant: Variant, embeddings: GGUFTensor) throws(DecoderError) {
        let reader = MetadataReader(file: file, prefix: variant.rawValue + ".")
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
        vocabularySize = embeddings.rowCount
        ropeScale = 1
        if let scaling = try reader.string("rope.scaling.type"), scaling != "none" {
            guard scaling == "linear" else {
                throw reader.inconsistent("rope.scaling.type is \"\(scaling)\"; only linear scaling is computed")
            }
            ropeScale = try reader.number("rope.scaling.factor", default: 1)
        }
        try check(reader)
    }

    /// The file's row of each row of queries or keys, so that rotary pairs are neighbours; nil where they are already.
    func rotaryOrder(_ heads: Int) -> [Int]? {
        guard variant != .llama else { return nil }
        return (0..<(heads * headSize)).map { row in
            let (head, index) = (row / headSize, row % headSize)
            guard index < ropeSize else { return row }
            return head * headSize + index / 2 + index % 2 * (ropeSize / 2)
        }
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
        if !positive(ropeBase) || !positive(ropeScale) || !(normEpsilon.isFinite && normEpsilon >= 0) {
            throw reader.inconsistent("its rope base, rope scale or norm epsilon is not a positive number")
        }
        if let experts = try reader.integer("expert_count"), experts > 0 {
            throw .unsupportedArchitecture(path: reader.file.path, name: "\(variant.rawValue), mixture of experts")
        }
    }
}

/// Reads an architecture's metadata, with errors that name the key.
struct MetadataReader {
    let file: GGUFFile
    let prefix: String

    func inconsistent(_ reason: String) -> DecoderError { .inconsistentModel(path: file.path, reason: reason) }

    /// A count from 1 to `max`.
    func count(_ key: String, max: Int, default fallback: Int? = nil) throws(DecoderError) -> Int {
        guard let value = try integer(key) ?? fallback else { throw inconsistent("\(prefix)\(key) is missing") }
        guard value >= 1, value <= max else { throw inconsistent("\(prefix)\(key) is \(value), not in 1…\(max)") }
        return value
    }

    func integer(_ key: String) throws(DecoderError) -> Int? {
        do { return try file.integer(prefix + key) } catch { throw .unreadable(error) }
    }

    func number(_ key: String, default fallback: Double?) throws(DecoderError) -> Double {
        do {
            if let value = try file.number(prefix + key) ?? fallback { return value }
        } catch { throw .unreadable(error) }
        throw inconsistent("\(prefix)\(key) is missing")
    }

    func string(_ key: String) throws(DecoderError) -> String? {
        do { return try file.string(prefix + key) } catch { throw .unreadable(error) }
    }
}
