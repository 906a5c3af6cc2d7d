// WordPiece from tokenizer.json, or from vocab.txt and tokenizer_config.json beside it.
extension WordPieceTokenizer {
    /// Reads a tokenizer.json whose model is WordPiece.
    /// - Throws: `TokenizerError`: the file cannot be read, is damaged, or asks for stages that are not BERT's.
    public init(tokenizerJSON path: String) throws(TokenizerError) {
        try self.init(json: TokenizerJSON(bytes: TokenizerFiles.bytes(at: path), path: path))
    }

    init(json: TokenizerJSON) throws(TokenizerError) {
        guard json.modelType == "WordPiece" else {
            throw .unsupported(path: json.path, feature: "the model type \(json.modelType)", known: ["WordPiece"])
        }
        let vocabulary = try json.vocabulary()
        var parts = WordPieceParts(vocabulary: vocabulary)
        parts.addedTokens = json.addedTokens
        parts.normalizer = try Self.normalizerOptions(json)
        try Self.checkPreTokenizer(json)
        if case .string(let bytes) = json.model["unk_token"] { parts.model.unknownToken = bytes }
        if case .string(let bytes) = json.model["continuing_subword_prefix"] { parts.model.continuingPrefix = bytes }
        if let limit = json.model["max_input_chars_per_word"]?.integer { parts.model.maxScalarsPerWord = limit }
        (parts.prefix, parts.suffix) = try json.template(in: vocabulary)
        parts.cleansUpOnDecode = json.root["decoder"]?["cleanup"]?.flag ?? true
        parts.specialTokens = Self.specialTokens(in: vocabulary, unknown: parts.model.unknownToken)
        try self.init(parts, path: json.path)
    }

    /// Reads a vocab.txt: one entry per line, the line number is the id.
    /// - Parameters:
    ///   - path: the vocabulary.
    ///   - configuration: a tokenizer_config.json; without it, lower-casing and everything else as in BERT uncased.
    /// - Throws: `TokenizerError`: a file cannot be read or is damaged.
    public init(vocabulary path: String, configuration: String? = nil) throws(TokenizerError) {
        var entries: [[UInt8]] = []
        for line in try TokenizerFiles.bytes(at: path).split(separator: 0x0A, omittingEmptySubsequences: false) {
            entries.append(Array(line.last == 0x0D ? line.dropLast() : line))
            guard entries.count <= TokenizerLimits.vocabularySize else {
                throw .limitExceeded(path: path, what: "the vocabulary", limit: TokenizerLimits.vocabularySize)
            }
        }
        while entries.last?.isEmpty == true { entries.removeLast() }
        let vocabulary = try Vocabulary(entries: entries, path: path)
        var parts = WordPieceParts(vocabulary: vocabulary)
        if let configuration {
            try Self.apply(configuration: configuration, to: &parts)
        }
        for name in ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] {
            guard let id = vocabulary.id(of: name.utf8) else { continue }
            parts.addedTokens.append(AddedToken(id: id, content: Array(name.utf8)))
        }
        parts.specialTokens = Self.specialTokens(in: vocabulary, unknown: parts.model.unknownToken)
        guard let cls = parts.specialTokens.cls, let sep = parts.specialTokens.sep else {
            throw .malformed(path: path, reason: "[CLS] or [SEP] is not in the vocabulary")
        }
        parts.prefix = [cls]
        parts.suffix = [sep]
        try self.init(parts, path: path)
    }

    private static func apply(configuration path: String, to parts: inout WordPieceParts) throws(TokenizerError) {
        let json = try JSONBytes.parse(TokenizerFiles.bytes(at: path), path: path)
        let lowercase = json["do_lower_case"]?.flag ?? true
        parts.normalizer.lowercase = lowercase
        parts.normalizer.stripAccents = json["strip_accents"]?.flag ?? lowercase
        parts.normalizer.handleChineseCharacters = json["tokenize_chinese_chars"]?.flag ?? true
        if case .string(let bytes) = json["unk_token"] { parts.model.unknownToken = bytes }
    }

    private static func normalizerOptions(_ json: TokenizerJSON) throws(TokenizerError) -> BertNormalizer.Options {
        guard let block = json.root["normalizer"], block["type"]?.text == "BertNormalizer" else {
            let name = json.root["normalizer"]?["type"]?.text ?? "none"
            throw .unsupported(path: json.path, feature: "the normalizer \(name)", known: ["BertNormalizer"])
        }
        let lowercase = block["lowercase"]?.flag ?? true
        return BertNormalizer.Options(
            cleanText: block["clean_text"]?.flag ?? true,
            handleChineseCharacters: block["handle_chinese_chars"]?.flag ?? true,
            stripAccents: block["strip_accents"]?.flag ?? lowercase, lowercase: lowercase)
    }

    private static func checkPreTokenizer(_ json: TokenizerJSON) throws(TokenizerError) {
        let name = json.root["pre_tokenizer"]?["type"]?.text ?? "none"
        guard name == "BertPreTokenizer" else {
            throw .unsupported(path: json.path, feature: "the pre-tokenizer \(name)", known: ["BertPreTokenizer"])
        }
    }

    private static func specialTokens(in vocabulary: Vocabulary, unknown: [UInt8]) -> SpecialTokens {
        SpecialTokens(
            pad: vocabulary.id(of: "[PAD]".utf8), unk: vocabulary.id(of: unknown),
            cls: vocabulary.id(of: "[CLS]".utf8), sep: vocabulary.id(of: "[SEP]".utf8),
            mask: vocabulary.id(of: "[MASK]".utf8))
    }
}
