import Tensors

/// What the folder of an encoder of the BERT family says about it: shapes, limits, pooling, prompts.
///
/// Every value is checked, so that later arithmetic can't overflow.
///
/// | file | what is read |
/// |---|---|
/// | config.json | architecture and shapes |
/// | sentence_bert_config.json | `max_seq_length` (optional file) |
/// | 1_Pooling/config.json | how token vectors become one (optional file: the mean) |
/// | modules.json | that no other stage follows (optional file) |
/// | config_sentence_transformers.json | `prompts`; see `EncoderPrompts` (optional file) |
/// | tokenizer_config.json | `model_max_length`, a cross-encoder's limit (optional file) |
///
/// Source: the layout of Hugging Face transformers and sentence-transformers model folders.
package struct EncoderConfiguration: Sendable, Equatable {
    /// How token vectors become one vector.
    package enum Pooling: String, Sendable {
        /// The mean over all tokens, special ones included.
        case mean
        /// The first token's vector.
        case cls
        /// The last token's vector.
        case lastToken = "lasttoken"
    }

    /// Architectures of the same layers, which number positions differently.
    package enum Family: String, Sendable {
        /// Positions count from 0.
        case bert
        /// RoBERTa and XLM-RoBERTa: positions count from the padding token's id plus one.
        case roberta
    }

    /// The architecture.
    package let family: Family
    /// The row of the position embedding that a text's first token gets.
    package let positionOffset: Int

    /// D.
    package let hiddenSize: Int
    /// Layers.
    package let layerCount: Int
    /// H; divides D.
    package let headCount: Int
    /// Width of the feed-forward layer.
    package let intermediateSize: Int
    /// V: rows of the word embedding.
    package let vocabularySize: Int
    /// Rows of the position embedding.
    package let maxPositionCount: Int
    /// Rows of the token type embedding; row 0 is used.
    package let tokenTypeCount: Int
    /// Added to the variance in layer norms.
    package let layerNormEpsilon: Float
    /// The most tokens of a text that are read, special tokens included: at least 2.
    package let maxTokenCount: Int
    /// How token vectors become one.
    package let pooling: Pooling
    /// What stands before each text.
    package let prompts: EncoderPrompts
    /// Whether a cross-encoder's score is the sigmoid of its logit.
    package let appliesSigmoid: Bool

    /// D / H.
    package var headSize: Int { hiddenSize / headCount }

    /// The greatest value of each shape; beyond any real encoder.
    package enum Limits {
        package static let hiddenSize = 16_384
        package static let layerCount = 256
        package static let intermediateSize = 131_072
        package static let vocabularySize = 4_194_304
        package static let maxPositionCount = 65_536
        package static let tokenTypeCount = 1_024
        package static let fileBytes = 1 << 20
    }

    /// Reads the configuration of the sentence encoder in `folder`.
    /// - Parameters:
    ///   - folder: holds config.json.
    ///   - name: what the model is called, which may tell its family's prompts.
    /// - Throws: `EncoderError.unreadable`, `.malformed` or `.unsupported`, naming the file.
    package init(folder: String, name: String = "") throws(EncoderError) {
        try self.init(folder: folder, name: name, isCrossEncoder: false)
    }

    /// Reads the configuration of the cross-encoder in `folder`; it has no pooling and no prompts.
    /// - Throws: as above.
    package init(crossEncoder folder: String) throws(EncoderError) {
        try self.init(folder: folder, name: "", isCrossEncoder: true)
    }

    private init(folder: String, name: String, isCrossEncoder: Bool) throws(EncoderError) {
        let path = folder + "/config.json"
        let bert = try ConfigurationFile.read(BertConfiguration.self, path)
        family = try bert.family(path)
        hiddenSize = try bert.hiddenSize.checked("hidden_size", upTo: Limits.hiddenSize, path)
        layerCount = try bert.layerCount.checked("num_hidden_layers", upTo: Limits.layerCount, path)
        headCount = try bert.headCount.checked("num_attention_heads", upTo: Limits.hiddenSize, path)
        intermediateSize = try bert.intermediateSize.checked(
            "intermediate_size", upTo: Limits.intermediateSize, path)
        vocabularySize = try bert.vocabularySize.checked("vocab_size", upTo: Limits.vocabularySize, path)
        maxPositionCount = try bert.maxPositionCount.checked(
            "max_position_embeddings", upTo: Limits.maxPositionCount, path)
        tokenTypeCount = try (bert.tokenTypeCount ?? 2).checked(
            "type_vocab_size", upTo: Limits.tokenTypeCount, path)
        let padTokenID = bert.padTokenID ?? 1
        guard family == .bert || (0..<maxPositionCount).contains(padTokenID) else {
            throw .malformed(path: path, reason: "pad_token_id is \(padTokenID)")
        }
        positionOffset = family == .bert ? 0 : padTokenID + 1
        guard hiddenSize % headCount == 0 else {
            throw .malformed(path: path, reason: "hidden_size is no multiple of num_attention_heads")
        }
        let epsilon = bert.layerNormEpsilon ?? 1e-12
        guard epsilon >= 0, epsilon < 1 else { throw .malformed(path: path, reason: "layer_norm_eps is \(epsilon)") }
        layerNormEpsilon = Float(epsilon)
        let positions = maxPositionCount - positionOffset
        if isCrossEncoder {
            appliesSigmoid = try bert.appliesSigmoid(path)
            maxTokenCount = try Self.pairLimit(folder, positions)
            pooling = .cls
            prompts = .none
            return
        }
        appliesSigmoid = false

        let sentencePath = folder + "/sentence_bert_config.json"
        let sentence = try ConfigurationFile.readIfPresent(SentenceConfiguration.self, sentencePath)
        let limit = min(sentence?.maxTokenCount ?? positions, positions)
        maxTokenCount = try limit.checked("max_seq_length", upTo: Limits.maxPositionCount, sentencePath)
        guard maxTokenCount >= 2 else {
            throw .malformed(path: sentencePath, reason: "no text fits \(maxTokenCount) tokens")
        }

        let modulesPath = folder + "/modules.json"
        let modules = try ConfigurationFile.readIfPresent([SentenceModule].self, modulesPath) ?? []
        for module in modules where !module.isKnown {
            throw .unsupported(path: modulesPath, feature: "the module \(module.type)")
        }
        let poolingFolder = modules.first { $0.kind == "Pooling" }?.path ?? "1_Pooling"
        guard !poolingFolder.contains("..") else {
            throw .malformed(path: modulesPath, reason: "a module lies outside of the folder")
        }
        let poolingPath = folder + "/" + poolingFolder + "/config.json"
        let declared = try ConfigurationFile.readIfPresent(PoolingConfiguration.self, poolingPath)
        pooling = try declared?.pooling(poolingPath) ?? .mean

        let promptPath = folder + "/config_sentence_transformers.json"
        let stated = try ConfigurationFile.readIfPresent(PromptConfiguration.self, promptPath)?.stated
        let names = [name, bert.name ?? "", ModelFolder.name(of: folder)]
        prompts = stated ?? names.lazy.compactMap { EncoderPrompts.conventions(ofModelNamed: $0) }.first ?? .none
        guard prompts.isEmpty || declared?.includesPrompt != false else {
            throw .unsupported(path: poolingPath, feature: "pooling without the prompt's tokens")
        }
    }

    /// The most tokens of a pair: the tokenizer's limit where it states one, at most `positions`.
    private static func pairLimit(_ folder: String, _ positions: Int) throws(EncoderError) -> Int {
        let path = folder + "/tokenizer_config.json"
        let stated = try ConfigurationFile.readIfPresent(TokenizerConfiguration.self, path)?.maxTokenCount
        let limit = stated.map { Int(max(0, min($0, Double(positions)))) } ?? positions
        guard limit >= 8 else { throw .malformed(path: path, reason: "no pair fits \(limit) tokens") }
        return limit
    }

    /// What the fingerprint holds beyond what every BERT encoder has; empty for one without prompts.
    var variation: String {
        (family == .bert ? "" : " \(family.rawValue) \(positionOffset)")
            + (prompts.isEmpty ? "" : " \([prompts.query, prompts.passage])")
    }
}

extension Int {
    /// The value of a shape, if it is from 1 to `most`.
    fileprivate func checked(_ key: String, upTo most: Int, _ path: String) throws(EncoderError) -> Int {
        guard (1...most).contains(self) else {
            throw .malformed(path: path, reason: "\(key) is \(self), not from 1 to \(most)")
        }
        return self
    }
}
