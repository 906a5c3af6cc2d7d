import Tensors

/// Reads one small JSON file of a model's folder.
enum ConfigurationFile {
    /// The file's contents.
    static func read<T: Decodable>(_ type: T.Type, _ path: String) throws(EncoderError) -> T {
        guard let value = try readIfPresent(type, path) else {
            throw .unreadable(path: path, reason: "there is no such file")
        }
        return value
    }

    /// The file's contents, or nil when there is no such file.
    static func readIfPresent<T: Decodable>(_ type: T.Type, _ path: String) throws(EncoderError) -> T? {
        do {
            return try ModelJSON.readIfPresent(type, path, maxBytes: EncoderConfiguration.Limits.fileBytes)
        } catch .malformedJSON(let path, let reason) {
            throw .malformed(path: path, reason: reason)
        } catch .unreadable(let path, let reason) {
            throw .unreadable(path: path, reason: reason)
        } catch {
            throw .unreadable(path: path, reason: error.description)
        }
    }
}

/// config.json of a BERT or RoBERTa model.
struct BertConfiguration: Decodable {
    var modelType: String?
    var activation: String?
    var positionType: String?
    var isDecoder: Bool?
    var hiddenSize: Int
    var layerCount: Int
    var headCount: Int
    var intermediateSize: Int
    var vocabularySize: Int
    var maxPositionCount: Int
    var tokenTypeCount: Int?
    var layerNormEpsilon: Double?
    var padTokenID: Int?
    var name: String?
    var labelCount: Int?
    var labels: [String: String]?
    var sentenceTransformers: CrossEncoderConfiguration?
    var formerActivation: String?

    enum CodingKeys: String, CodingKey {
        case modelType = "model_type"
        case activation = "hidden_act"
        case positionType = "position_embedding_type"
        case isDecoder = "is_decoder"
        case hiddenSize = "hidden_size"
        case layerCount = "num_hidden_layers"
        case headCount = "num_attention_heads"
        case intermediateSize = "intermediate_size"
        case vocabularySize = "vocab_size"
        case maxPositionCount = "max_position_embeddings"
        case tokenTypeCount = "type_vocab_size"
        case layerNormEpsilon = "layer_norm_eps"
        case padTokenID = "pad_token_id"
        case name = "_name_or_path"
        case labelCount = "num_labels"
        case labels = "id2label"
        case sentenceTransformers = "sentence_transformers"
        case formerActivation = "sbert_ce_default_activation_function"
    }

    /// The architecture; refuses what the forward pass doesn't do.
    func family(_ path: String) throws(EncoderError) -> EncoderConfiguration.Family {
        let family: EncoderConfiguration.Family
        switch modelType ?? "bert" {
        case "bert": family = .bert
        case "roberta", "xlm-roberta", "camembert": family = .roberta
        case let other: throw .unsupported(path: path, feature: "the architecture \(other)")
        }
        guard activation ?? "gelu" == "gelu" else {
            throw .unsupported(path: path, feature: "the activation \(activation ?? "")")
        }
        guard positionType ?? "absolute" == "absolute" else {
            throw .unsupported(path: path, feature: "\(positionType ?? "") positions")
        }
        guard isDecoder != true else { throw .unsupported(path: path, feature: "causal attention") }
        return family
    }

    /// Whether a cross-encoder's score is the sigmoid of its logit; refuses heads of more than one label.
    func appliesSigmoid(_ path: String) throws(EncoderError) -> Bool {
        let count = labels?.count ?? labelCount ?? 1
        guard count == 1 else { throw .unsupported(path: path, feature: "a classification head of \(count) labels") }
        let activation = sentenceTransformers?.activation ?? formerActivation ?? "Sigmoid"
        switch activation.split(separator: ".").last {
        case "Sigmoid": return true
        case "Identity": return false
        default: throw .unsupported(path: path, feature: "the score's activation \(activation)")
        }
    }
}

/// What sentence-transformers adds to a cross-encoder's config.json.
struct CrossEncoderConfiguration: Decodable {
    var activation: String?

    enum CodingKeys: String, CodingKey {
        case activation = "activation_fn"
    }
}

/// tokenizer_config.json, of which only the limit is read: a number, absurdly large where there is none.
struct TokenizerConfiguration: Decodable {
    var maxTokenCount: Double?

    enum CodingKeys: String, CodingKey {
        case maxTokenCount = "model_max_length"
    }
}

/// sentence_bert_config.json.
struct SentenceConfiguration: Decodable {
    var maxTokenCount: Int?

    enum CodingKeys: String, CodingKey {
        case maxTokenCount = "max_seq_length"
    }
}

/// One entry of modules.json.
struct SentenceModule: Decodable {
    var type: String
    var path: String

    /// The class name without its package, which has changed over time.
    var kind: String { type.split(separator: ".").last.map(String.init) ?? type }

    /// Vectors are always normalised, so `Normalize` changes nothing.
    var isKnown: Bool { ["Transformer", "Pooling", "Normalize"].contains(kind) }
}

/// 1_Pooling/config.json: one flag per way of pooling, or the way's name.
struct PoolingConfiguration: Decodable {
    var mode: String?
    var cls: Bool?
    var mean: Bool?
    var max: Bool?
    var meanSqrtLength: Bool?
    var weightedMean: Bool?
    var lastToken: Bool?
    var includesPrompt: Bool?

    enum CodingKeys: String, CodingKey {
        case mode = "pooling_mode"
        case cls = "pooling_mode_cls_token"
        case mean = "pooling_mode_mean_tokens"
        case max = "pooling_mode_max_tokens"
        case meanSqrtLength = "pooling_mode_mean_sqrt_len_tokens"
        case weightedMean = "pooling_mode_weightedmean_tokens"
        case lastToken = "pooling_mode_lasttoken"
        case includesPrompt = "include_prompt"
    }

    /// The one way that is asked for.
    func pooling(_ path: String) throws(EncoderError) -> EncoderConfiguration.Pooling {
        if let mode {
            guard let pooling = EncoderConfiguration.Pooling(rawValue: mode) else {
                throw .unsupported(path: path, feature: "\(mode) pooling")
            }
            return pooling
        }
        let others = [max, meanSqrtLength, weightedMean].contains(true)
        switch (mean == true, cls == true, lastToken == true, others) {
        case (true, false, false, false): return .mean
        case (false, true, false, false): return .cls
        case (false, false, true, false): return .lastToken
        default:
            throw .unsupported(path: path, feature: "pooling other than the mean, the first or the last token alone")
        }
    }
}
