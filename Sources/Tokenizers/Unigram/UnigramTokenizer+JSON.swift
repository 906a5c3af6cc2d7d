// Unigram from a tokenizer.json.
extension UnigramTokenizer {
    /// Reads a tokenizer.json whose model is Unigram.
    /// - Throws: `TokenizerError`: the file cannot be read, is damaged, or asks for stages that are not known here.
    public init(tokenizerJSON path: String) throws(TokenizerError) {
        try self.init(json: TokenizerJSON(bytes: TokenizerFiles.bytes(at: path), path: path))
    }

    init(json: TokenizerJSON) throws(TokenizerError) {
        guard json.modelType == "Unigram" else {
            throw .unsupported(path: json.path, feature: "the model type \(json.modelType)", known: ["Unigram"])
        }
        var (entries, scores) = try Self.entries(json)
        guard let unknown = json.model["unk_id"]?.integer, scores.indices.contains(unknown) else {
            throw .malformed(path: json.path, reason: "its model names no unknown token")
        }
        for token in json.addedTokens {
            let id = Int(token.id)
            if id >= entries.count { entries += Array(repeating: [], count: id + 1 - entries.count) }
            entries[id] = token.content
        }
        let vocabulary = try Vocabulary(entries: entries, path: json.path)
        var parts = UnigramParts(vocabulary: vocabulary, scores: scores, unknownID: TokenID(unknown))
        parts.usesBytes = json.model["byte_fallback"]?.flag ?? false
        parts.normalizer = try SentencePieceNormalizer(json.root["normalizer"], json)
        parts.metaspace = try Self.metaspace(json)
        parts.addedTokens = json.addedTokens
        (parts.prefix, parts.suffix) = try json.template(in: vocabulary)
        parts.specialTokens = SpecialTokens(
            bos: parts.prefix.first, eos: parts.suffix.last, pad: vocabulary.id(of: "<pad>".utf8),
            unk: TokenID(unknown), cls: parts.prefix.first, sep: parts.suffix.last,
            mask: vocabulary.id(of: "<mask>".utf8))
        self.init(parts)
    }

    /// `vocab`: a list of an entry's text and its score, by id.
    private static func entries(_ json: TokenizerJSON) throws(TokenizerError) -> ([[UInt8]], [Double]) {
        guard let list = json.model["vocab"]?.elements, !list.isEmpty else {
            throw .malformed(path: json.path, reason: "its model has no \"vocab\"")
        }
        var entries: [[UInt8]] = []
        var scores: [Double] = []
        entries.reserveCapacity(list.count)
        scores.reserveCapacity(list.count)
        for item in list {
            guard case .array(let pair) = item, pair.count == 2, case .string(let text) = pair[0],
                case .number(let score) = pair[1], score.isFinite
            else { throw .malformed(path: json.path, reason: "entry \(entries.count) is not a text and a score") }
            entries.append(text)
            scores.append(score)
        }
        return (entries, scores)
    }
}

// MARK: - Stages

extension UnigramTokenizer {
    /// Metaspace alone, or after WhitespaceSplit.
    private static func metaspace(_ json: TokenizerJSON) throws(TokenizerError) -> Metaspace {
        let block = json.root["pre_tokenizer"] ?? .null
        var steps = block["type"]?.text == "Sequence" ? block["pretokenizers"]?.elements ?? [] : [block]
        let splitsAtWhitespace = steps.count == 2 && steps[0]["type"]?.text == "WhitespaceSplit"
        if splitsAtWhitespace { steps.removeFirst() }
        guard steps.count == 1, steps[0]["type"]?.text == "Metaspace" else {
            let name = steps.map { $0["type"]?.text ?? "none" }.joined(separator: " + ")
            throw .unsupported(
                path: json.path, feature: "the pre-tokenizer \(name)",
                known: ["Metaspace", "WhitespaceSplit + Metaspace"])
        }
        var metaspace = try Metaspace(steps[0], json)
        metaspace.splitsAtWhitespace = splitsAtWhitespace
        return metaspace
    }
}
