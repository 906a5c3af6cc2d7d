/// The parts of a tokenizer.json that both families share: vocabulary, added tokens, post-processor.
///
/// Source: Hugging Face `tokenizers`, serialisation format 1.0.
struct TokenizerJSON {
    let path: String
    let root: JSONBytes
    let model: JSONBytes
    let addedTokens: [AddedToken]

    /// - Throws: `malformed` when it is no tokenizer.json.
    init(bytes: [UInt8], path: String) throws(TokenizerError) {
        self.path = path
        root = try JSONBytes.parse(bytes, path: path)
        guard let model = root["model"], case .object = model else {
            throw .malformed(path: path, reason: "it has no \"model\"")
        }
        self.model = model
        addedTokens = try Self.addedTokens(root["added_tokens"], path: path)
    }

    /// `model.type`; older files leave it out and are told by their members.
    var modelType: String {
        model["type"]?.text ?? (model["merges"] != nil ? "BPE" : "WordPiece")
    }

    /// The entries by id, added tokens included.
    func vocabulary() throws(TokenizerError) -> Vocabulary {
        guard case .object(let members) = model["vocab"] else {
            throw .malformed(path: path, reason: "its model has no \"vocab\"")
        }
        var entries = Array(repeating: [UInt8](), count: members.count)
        func put(_ bytes: [UInt8], at id: Int?) throws(TokenizerError) {
            guard let id, id >= 0 else { throw .malformed(path: path, reason: "an id is no whole number") }
            guard id < TokenizerLimits.vocabularySize else {
                throw .limitExceeded(path: path, what: "the vocabulary", limit: TokenizerLimits.vocabularySize)
            }
            if id >= entries.count { entries += Array(repeating: [], count: id + 1 - entries.count) }
            entries[id] = bytes
        }
        for member in members { try put(member.key, at: member.value.integer) }
        for token in addedTokens { try put(token.content, at: Int(token.id)) }
        return try Vocabulary(entries: entries, path: path)
    }

    private static func addedTokens(_ list: JSONBytes?, path: String) throws(TokenizerError) -> [AddedToken] {
        var tokens: [AddedToken] = []
        for entry in list?.elements ?? [] {
            guard case .string(let content) = entry["content"], let id = entry["id"]?.integer,
                (0..<TokenizerLimits.vocabularySize).contains(id)
            else { throw .malformed(path: path, reason: "an added token has no content or no valid id") }
            tokens.append(
                AddedToken(
                    id: TokenID(id), content: content, isSpecial: entry["special"]?.flag ?? false,
                    singleWord: entry["single_word"]?.flag ?? false, stripsLeft: entry["lstrip"]?.flag ?? false,
                    stripsRight: entry["rstrip"]?.flag ?? false, isNormalized: entry["normalized"]?.flag ?? false))
        }
        return tokens
    }

    /// What the post-processor puts before and after a single text.
    func template(in vocabulary: Vocabulary) throws(TokenizerError) -> (prefix: [TokenID], suffix: [TokenID]) {
        guard let processor = root["post_processor"], processor != .null else { return ([], []) }
        return try template(processor, in: vocabulary)
    }

    private func template(
        _ processor: JSONBytes, in vocabulary: Vocabulary
    ) throws(TokenizerError) -> (prefix: [TokenID], suffix: [TokenID]) {
        switch processor["type"]?.text {
        case "TemplateProcessing":
            return try templateProcessing(processor)
        case "BertProcessing", "RobertaProcessing":
            guard let cls = processor["cls"]?.elements?.last?.integer,
                let sep = processor["sep"]?.elements?.last?.integer
            else { throw .malformed(path: path, reason: "its post-processor names no [CLS] or [SEP]") }
            return ([TokenID(cls)], [TokenID(sep)])
        case "ByteLevel":
            return ([], [])  // it only trims offsets
        case "Sequence":
            var prefix: [TokenID] = []
            var suffix: [TokenID] = []
            for step in processor["processors"]?.elements ?? [] {
                let part = try template(step, in: vocabulary)
                prefix = part.prefix + prefix
                suffix += part.suffix
            }
            return (prefix, suffix)
        case let other:
            throw .unsupported(
                path: path, feature: "the post-processor \(other ?? "without a type")",
                known: ["TemplateProcessing", "BertProcessing", "RobertaProcessing", "ByteLevel", "Sequence"])
        }
    }

    private func templateProcessing(
        _ processor: JSONBytes
    ) throws(TokenizerError) -> (prefix: [TokenID], suffix: [TokenID]) {
        var prefix: [TokenID] = []
        var suffix: [TokenID] = []
        var isAfterText = false
        for item in processor["single"]?.elements ?? [] {
            if item["Sequence"] != nil {
                isAfterText = true
                continue
            }
            guard case .string(let name) = item["SpecialToken"]?["id"],
                case .object(let known) = processor["special_tokens"],
                let ids = known.last(where: { $0.key == name })?.value["ids"]?.elements
            else { throw .malformed(path: path, reason: "its template names an unknown special token") }
            let values = ids.compactMap(\.integer).map { TokenID($0) }
            if isAfterText { suffix += values } else { prefix += values }
        }
        return (prefix, suffix)
    }
}
