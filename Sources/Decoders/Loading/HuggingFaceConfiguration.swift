import Tensors

/// config.json of a decoder, as far as its forward pass depends on it.
///
/// Source: `transformers`' configuration classes of Llama, Qwen 2, Qwen 3 and Gemma 3.
struct HuggingFaceConfiguration: Decodable {
    var modelType: String
    var hiddenSize: Int
    var layerCount: Int
    var feedForwardSize: Int
    var headCount: Int
    var keyValueHeadCount: Int?
    var headSize: Int?
    var contextLength: Int
    var vocabularySize: Int
    var normEpsilon: Double
    var tiesEmbeddings: Bool?
    var activation: String?
    var gemmaActivation: String?
    var partialRotation: Double?
    var ropeBase: Double?
    var localRopeBase: Double?
    var ropeScaling: RopeSettings?
    var ropeParameters: RopeParameters?
    var layerTypes: [String]?
    var window: Int?
    var usesWindow: Bool?
    var windowPattern: Int?
    var queryScalar: Double?
    var logitCap: Double?
    var scoreCap: Double?
    var looksAhead: Bool?
    var quantization: Quantization?
    var end: TokenIDs?

    enum CodingKeys: String, CodingKey {
        case modelType = "model_type"
        case hiddenSize = "hidden_size"
        case layerCount = "num_hidden_layers"
        case feedForwardSize = "intermediate_size"
        case headCount = "num_attention_heads"
        case keyValueHeadCount = "num_key_value_heads"
        case headSize = "head_dim"
        case contextLength = "max_position_embeddings"
        case vocabularySize = "vocab_size"
        case normEpsilon = "rms_norm_eps"
        case tiesEmbeddings = "tie_word_embeddings"
        case activation = "hidden_act"
        case gemmaActivation = "hidden_activation"
        case partialRotation = "partial_rotary_factor"
        case ropeBase = "rope_theta"
        case localRopeBase = "rope_local_base_freq"
        case ropeScaling = "rope_scaling"
        case ropeParameters = "rope_parameters"
        case layerTypes = "layer_types"
        case window = "sliding_window"
        case usesWindow = "use_sliding_window"
        case windowPattern = "sliding_window_pattern"
        case queryScalar = "query_pre_attn_scalar"
        case logitCap = "final_logit_softcapping"
        case scoreCap = "attn_logit_softcapping"
        case looksAhead = "use_bidirectional_attention"
        case quantization = "quantization_config"
        case end = "eos_token_id"
    }

    /// The family alone.
    struct Family: Decodable {
        var modelType: String

        enum CodingKeys: String, CodingKey {
            case modelType = "model_type"
        }
    }

    /// One id, or a list.
    struct TokenIDs: Decodable {
        let ids: [Int]

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            ids = try (try? [container.decode(Int.self)]) ?? container.decode([Int].self)
        }
    }

    /// How weights were quantised by other tools.
    struct Quantization: Decodable {
        var method: String?

        enum CodingKeys: String, CodingKey {
            case method = "quant_method"
        }
    }

    /// Rotary frequencies: in the old layout `rope_scaling` beside `rope_theta`, in the new one both in one.
    struct RopeSettings: Decodable {
        var base: Double?
        var type: String?
        var oldType: String?
        var factor: Double?
        var lowFactor: Double?
        var highFactor: Double?
        var originalLength: Double?
        var partialRotation: Double?

        enum CodingKeys: String, CodingKey {
            case base = "rope_theta"
            case type = "rope_type"
            case oldType = "type"
            case factor
            case lowFactor = "low_freq_factor"
            case highFactor = "high_freq_factor"
            case originalLength = "original_max_position_embeddings"
            case partialRotation = "partial_rotary_factor"
        }
    }

    /// The new layout: one set for all layers, or one per kind of layer (Gemma 3).
    struct RopeParameters: Decodable {
        let global: RopeSettings
        let local: RopeSettings?

        private struct Kinds: Decodable {
            var full_attention: RopeSettings?
            var sliding_attention: RopeSettings?
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            let kinds = try container.decode(Kinds.self)
            if let full = kinds.full_attention {
                (global, local) = (full, kinds.sliding_attention)
            } else {
                (global, local) = (try container.decode(RopeSettings.self), nil)
            }
        }
    }
}

extension HuggingFaceConfiguration {
    /// The architecture, as GGUF calls it; nil where it isn't computed.
    var architecture: String? { Self.architectures[modelType] }

    static let architectures = ["llama": "llama", "qwen2": "qwen2", "qwen3": "qwen3", "gemma3_text": "gemma3"]

    /// Whether the output shares the embeddings' matrix; where the file doesn't say, the class decides.
    var tiesOutput: Bool { tiesEmbeddings ?? (modelType == "gemma3_text") }

    /// Everything by GGUF's keys.
    /// - Parameter path: of config.json, for errors.
    /// - Returns: values by key, the architecture in front of each.
    /// - Throws: `inconsistentModel` for what would compute something else than is meant.
    func metadata(path: String) throws(DecoderError) -> [String: GGUFValue] {
        guard let architecture else { throw .unsupportedArchitecture(path: path, name: modelType) }
        try check(path)
        var values: [String: GGUFValue] = [
            "block_count": .integer(Int64(layerCount)), "embedding_length": .integer(Int64(hiddenSize)),
            "feed_forward_length": .integer(Int64(feedForwardSize)), "attention.head_count": .integer(Int64(headCount)),
            "context_length": .integer(Int64(contextLength)), "attention.layer_norm_rms_epsilon": .number(normEpsilon),
        ]
        if let keyValueHeadCount { values["attention.head_count_kv"] = .integer(Int64(keyValueHeadCount)) }
        if let size = headSize ?? Self.defaultHeadSizes[modelType] {
            values["attention.key_length"] = .integer(Int64(size))
            if let share = partialRotation ?? ropeParameters?.global.partialRotation, share != 1 {
                guard let count = Int64(exactly: (Double(size) * share).rounded(.down)) else {
                    throw .inconsistentModel(path: path, reason: "partial_rotary_factor is \(share)")
                }
                values["rope.dimension_count"] = .integer(count)
            }
        }
        try addRope(to: &values, path)
        if modelType == "gemma3_text" { try addWindow(to: &values, path) }
        var result: [String: GGUFValue] = ["general.architecture": .string(architecture)]
        for (key, value) in values { result["\(architecture).\(key)"] = value }
        return result
    }

    private static let defaultHeadSizes = ["qwen3": 128, "gemma3_text": 256]

    /// Refuses what these networks don't compute.
    private func check(_ path: String) throws(DecoderError) {
        func refuse(_ reason: String) -> DecoderError { .inconsistentModel(path: path, reason: reason) }
        if let quantization {
            throw refuse(
                "its weights are quantised by \(quantization.method ?? "another tool"); use the original weights, and "
                    + "quantise them at load")
        }
        let isGemma = modelType == "gemma3_text"
        let wanted = isGemma ? "gelu_pytorch_tanh" : "silu"
        if let given = isGemma ? gemmaActivation ?? activation : activation, given != wanted {
            throw refuse("its activation is \(given), not \(wanted)")
        }
        if logitCap != nil || scoreCap != nil { throw refuse("it caps logits or scores, which isn't computed") }
        if looksAhead == true { throw refuse("its attention looks ahead: it writes no text") }
        let slides = layerTypes?.contains { $0 != "full_attention" } ?? false
        if !isGemma, usesWindow == true || slides { throw refuse("it attends through a sliding window") }
    }

    private func addRope(to values: inout [String: GGUFValue], _ path: String) throws(DecoderError) {
        let settings = ropeParameters?.global ?? ropeScaling
        let base = ropeParameters?.global.base ?? ropeBase ?? (modelType == "gemma3_text" ? 1e6 : 1e4)
        values["rope.freq_base"] = .number(base)
        if let local = ropeParameters?.local {
            guard local.type ?? local.oldType ?? "default" == "default" else {
                throw .inconsistentModel(path: path, reason: "the rotation of its local layers is scaled")
            }
        }
        if modelType == "gemma3_text" {
            values["rope.freq_base_swa"] = .number(ropeParameters?.local?.base ?? localRopeBase ?? 1e4)
        }
        guard let settings, let type = settings.type ?? settings.oldType, type != "default" else { return }
        values["rope.scaling.type"] = .string(type)
        let named = [
            "factor": settings.factor, "low_freq_factor": settings.lowFactor, "high_freq_factor": settings.highFactor,
            "original_context_length": settings.originalLength,
        ]
        for case (let key, let value?) in named { values["rope.scaling.\(key)"] = .number(value) }
    }

    /// Which layers of Gemma see a window only, how far it reaches, and the scale of the scores.
    private func addWindow(to values: inout [String: GGUFValue], _ path: String) throws(DecoderError) {
        guard let window else { throw .inconsistentModel(path: path, reason: "it has no sliding_window") }
        values["attention.sliding_window"] = .integer(Int64(window))
        values["attention.query_pre_attn_scalar"] = .number(queryScalar ?? 256)
        if let layerTypes {
            guard layerTypes.allSatisfy({ ["full_attention", "sliding_attention"].contains($0) }) else {
                throw .inconsistentModel(path: path, reason: "it has layers of an unknown kind")
            }
            values["attention.sliding_window_pattern"] = .bools(layerTypes.map { $0 == "sliding_attention" })
        } else if let windowPattern {
            guard windowPattern > 0, layerCount > 0, layerCount <= LlamaConfiguration.maxLayerCount else {
                throw .inconsistentModel(path: path, reason: "sliding_window_pattern is \(windowPattern)")
            }
            values["attention.sliding_window_pattern"] = .bools((1...layerCount).map { $0 % windowPattern != 0 })
        }
    }

    /// The name in config.json of a setting that is read by GGUF's key without its architecture.
    static let settingNames: [String: String] = [
        "block_count": "num_hidden_layers", "embedding_length": "hidden_size",
        "feed_forward_length": "intermediate_size", "attention.head_count": "num_attention_heads",
        "attention.head_count_kv": "num_key_value_heads", "attention.key_length": "head_dim",
        "context_length": "max_position_embeddings", "attention.layer_norm_rms_epsilon": "rms_norm_eps",
        "rope.dimension_count": "partial_rotary_factor", "rope.freq_base": "rope_theta",
        "rope.freq_base_swa": "rope_local_base_freq", "rope.scaling.type": "rope_scaling: rope_type",
        "rope.scaling.factor": "rope_scaling: factor", "rope.scaling.low_freq_factor": "rope_scaling: low_freq_factor",
        "rope.scaling.high_freq_factor": "rope_scaling: high_freq_factor",
        "rope.scaling.original_context_length": "rope_scaling: original_max_position_embeddings",
        "attention.sliding_window": "sliding_window", "attention.sliding_window_pattern": "layer_types",
        "attention.query_pre_attn_scalar": "query_pre_attn_scalar",
    ]
}
