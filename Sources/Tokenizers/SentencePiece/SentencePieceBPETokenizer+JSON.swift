// SentencePiece BPE from a tokenizer.json: model type BPE with `byte_fallback`.
// Source: Hugging Face `tokenizers`, serialisation format 1.0.
extension SentencePieceBPETokenizer {
    /// Reads a tokenizer.json whose model is BPE with byte fallback.
    /// - Throws: `TokenizerError`: the file cannot be read, is damaged, or asks for stages that are not known here.
    public init(tokenizerJSON path: String) throws(TokenizerError) {
        try self.init(json: TokenizerJSON(bytes: TokenizerFiles.bytes(at: path), path: path))
    }

    init(json: TokenizerJSON) throws(TokenizerError) {
        guard json.modelType == "BPE", json.model["byte_fallback"]?.flag == true else {
            throw .unsupported(
                path: json.path, feature: "the model type \(json.modelType)", known: ["BPE with byte_fallback"])
        }
        try json.refuseAffixes()
        if case .number(let dropout) = json.model["dropout"], dropout != 0 {
            throw .unsupported(path: json.path, feature: "dropout, which makes ids random", known: ["dropout null"])
        }
        let vocabulary = try json.vocabulary()
        let pairs = try ScoredPairs(merges: json.merges(), vocabulary: vocabulary, path: json.path)
        let model = SentencePieceBPEModel(
            vocabulary: vocabulary, pairs: pairs, isText: Self.modelEntries(json, count: vocabulary.count),
            usesBytes: true, unknown: try Self.unknown(json, vocabulary),
            takesWholeWords: json.model["ignore_merges"]?.flag ?? false)
        var parts = SentencePieceBPEParts(vocabulary: vocabulary, model: model)
        parts.normalizer = try SentencePieceNormalizer(json.root["normalizer"], json)
        parts.wordSplit = try Self.wordSplit(json)
        parts.decoding = try Self.decoding(json)
        parts.addedTokens = json.addedTokens
        (parts.prefix, parts.suffix) = try json.template(in: vocabulary)
        for id in parts.prefix + parts.suffix where !(0..<TokenID(vocabulary.count)).contains(id) {
            throw .malformed(path: json.path, reason: "its template has id \(id), outside of the vocabulary")
        }
        let special = json.addedTokens.filter(\.isSpecial)
        func named(_ names: String...) -> TokenID? {
            special.first { token in names.contains { token.content.elementsEqual($0.utf8) } }?.id
        }
        parts.specialTokens = SpecialTokens(
            bos: parts.prefix.first ?? named("<s>", "<bos>"), eos: parts.suffix.last ?? named("</s>", "<eos>"),
            pad: named("<pad>"), unk: json.model["unk_token"]?.text.flatMap { vocabulary.id(of: $0.utf8) })
        self.init(parts)
    }

    /// Which ids the model itself has; added tokens beside it are found in the text, never spelled.
    private static func modelEntries(_ json: TokenizerJSON, count: Int) -> [Bool] {
        var entries = Array(repeating: false, count: count)
        guard case .object(let members) = json.model["vocab"] else { return entries }
        for member in members {
            if let id = member.value.integer, entries.indices.contains(id) { entries[id] = true }
        }
        return entries
    }

    private static func unknown(
        _ json: TokenizerJSON, _ vocabulary: Vocabulary
    ) throws(TokenizerError) -> SentencePieceBPEModel.Unknown? {
        guard case .string(let name) = json.model["unk_token"] else { return nil }
        guard let id = vocabulary.id(of: name) else {
            throw .malformed(path: json.path, reason: "its unknown token is not in the vocabulary")
        }
        return .init(id: id, isFused: json.model["fuse_unk"]?.flag ?? false)
    }
}

// MARK: - Stages

extension SentencePieceBPETokenizer {
    /// None, Metaspace, or a cut behind each space.
    private static func wordSplit(_ json: TokenizerJSON) throws(TokenizerError) -> WordSplit {
        let block = json.root["pre_tokenizer"] ?? .null
        switch block["type"]?.text {
        case nil where block == .null: return .none
        case "Metaspace": return .metaspace(try Metaspace(block, json))
        case "Split"
        where block["pattern"]?["String"]?.text == " " && block["behavior"]?.text == "MergedWithPrevious"
            && block["invert"]?.flag != true:
            return .afterSpaces
        case let other:
            throw .unsupported(
                path: json.path, feature: "the pre-tokenizer \(other ?? "without a type") with byte fallback",
                known: ["none", "Metaspace", "Split behind spaces"])
        }
    }

    /// `decoder`: Replace, ByteFallback, Fuse and Strip in this order, each but the first two optional; or Metaspace.
    private static func decoding(_ json: TokenizerJSON) throws(TokenizerError) -> Decoding {
        let block = json.root["decoder"] ?? .null
        let steps = block["type"]?.text == "Sequence" ? block["decoders"]?.elements ?? [] : [block]
        var decoding = Decoding()
        var isFused = false
        for step in steps where step != .null {
            switch step["type"]?.text {
            case "Replace" where step["pattern"]?["String"]?.text == "▁" && step["content"]?.text == " ": break
            case "ByteFallback": break
            case "Fuse": isFused = true
            case "Strip" where isFused && step["content"]?.text == " " && step["stop"]?.integer ?? 0 == 0:
                decoding.leadingSpaces = max(0, step["start"]?.integer ?? 0)
            case "Metaspace": decoding.dropsMarksOfFirst = try Metaspace(step, json).prefix != .never
            case let other:
                throw .unsupported(
                    path: json.path, feature: "the decoder \(other ?? "without a type") as it stands there",
                    known: ["Replace ▁, ByteFallback, Fuse, Strip of leading spaces", "Metaspace"])
            }
        }
        return decoding
    }
}
