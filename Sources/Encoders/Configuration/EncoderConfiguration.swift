/// What a BERT encoder's folder says about it: shapes, limits, pooling.
///
/// Every value is checked, so that later arithmetic can't overflow.
///
/// | file | what is read |
/// |---|---|
/// | config.json | architecture and shapes |
/// | sentence_bert_config.json | `max_seq_length` (optional file) |
/// | 1_Pooling/config.json | how token vectors become one (optional file: the mean) |
/// | modules.json | that no other stage follows (optional file) |
///
/// Source: the layout of Hugging Face transformers and sentence-transformers model folders.
package struct EncoderConfiguration: Sendable, Equatable {
    /// How token vectors become one vector.
    package enum Pooling: String, Sendable {
        /// The mean over all tokens, special ones included.
        case mean
        /// The first token's vector.
        case cls
    }

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

    /// Reads the configuration of the model in `folder`.
    /// - Throws: `EncoderError.unreadable`, `.malformed` or `.unsupported`, naming the file.
    package init(folder: String) throws(EncoderError) {
        let path = folder + "/config.json"
        let bert = try ConfigurationFile.read(BertConfiguration.self, path)
        try bert.checkFamily(path)
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
        guard hiddenSize % headCount == 0 else {
            throw .malformed(path: path, reason: "hidden_size is no multiple of num_attention_heads")
        }
        let epsilon = bert.layerNormEpsilon ?? 1e-12
        guard epsilon >= 0, epsilon < 1 else { throw .malformed(path: path, reason: "layer_norm_eps is \(epsilon)") }
        layerNormEpsilon = Float(epsilon)

        let sentencePath = folder + "/sentence_bert_config.json"
        let sentence = try ConfigurationFile.readIfPresent(SentenceConfiguration.self, sentencePath)
        let limit = min(sentence?.maxTokenCount ?? maxPositionCount, maxPositionCount)
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
