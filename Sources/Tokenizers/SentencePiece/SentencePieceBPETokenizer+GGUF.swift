public import Tensors

// SentencePiece BPE from the metadata of a GGUF file whose `tokenizer.ggml.model` is `llama`.
// Source: GGUF specification, section "Tokenizer"; defaults and rules by a model's name as in llama.cpp, which merges
// by score and, unlike SentencePiece, leaves runs of spaces as they are whatever `remove_extra_whitespaces` says.
extension SentencePieceBPETokenizer {
    /// Reads the tokenizer of a GGUF file.
    /// - Throws: `unsupported` when it is another kind of tokenizer; `malformed` when scores are missing, lists don't
    ///   fit together or a byte that text can hold has no token; `limitExceeded`.
    public init(gguf file: GGUFFile) throws(TokenizerError) {
        let path = file.path
        let kind = try GGUFVocabulary.model(of: file)
        guard kind == "llama" else {
            throw .unsupported(path: path, feature: "the tokenizer model \(kind)", known: ["llama (SentencePiece BPE)"])
        }
        let metadata = try GGUFVocabulary(file)
        let scores = try metadata.numbers("scores") ?? []
        guard scores.count == metadata.tokens.count else {
            throw .malformed(path: path, reason: "\(scores.count) scores for \(metadata.tokens.count) tokens")
        }
        let vocabulary = try metadata.vocabulary()
        try Self.checkBytes(of: vocabulary, path: path)
        var added = metadata.addedTokens()
        try Self.stripAsPhi3(&added, metadata)
        let byteIDs = Self.byteIDs(vocabulary, metadata.kinds)
        var isText = Array(repeating: true, count: vocabulary.count)
        // As in SentencePiece, text never merges into what steers a model or stands for a byte.
        for token in added where token.isSpecial { isText[Int(token.id)] = false }
        for id in byteIDs { isText[Int(id)] = false }
        let pairs = try ScoredPairs(scores: scores, isMerged: isText, vocabulary: vocabulary, path: path)
        var parts = SentencePieceBPEParts(
            vocabulary: vocabulary,
            model: SentencePieceBPEModel(
                vocabulary: vocabulary, pairs: pairs, isText: isText, usesBytes: true, unknown: nil))
        parts.addedTokens = added
        let addsSpace = try metadata.bool("add_space_prefix") ?? true
        parts.normalizer.steps = addsSpace ? [.prepend(Metaspace.mark)] : []
        parts.normalizer.steps.append(.replace(from: [0x20], to: Metaspace.mark))
        parts.decoding.leadingSpaces = addsSpace ? 1 : 0
        parts.decoding.literalIDs = Set(added.map(\.id))
        parts.decoding.byteIDs = byteIDs
        for (id, kind) in (metadata.kinds ?? []).enumerated() where kind == GGUFVocabulary.Kind.unused {
            parts.decoding.silentIDs.insert(TokenID(id))
        }
        let known = TokenID(vocabulary.count)
        parts.specialTokens = try metadata.specialTokens(
            defaults: SpecialTokens(bos: known > 1 ? 1 : nil, eos: known > 2 ? 2 : nil, unk: 0))
        if try metadata.bool("add_bos_token") ?? true, let bos = parts.specialTokens.bos { parts.prefix = [bos] }
        if try metadata.bool("add_eos_token") ?? false, let eos = parts.specialTokens.eos { parts.suffix = [eos] }
        self.init(parts)
    }

    /// Every byte of a text must have a token, or be one.
    private static func checkBytes(of vocabulary: Vocabulary, path: String) throws(TokenizerError) {
        for (byte, id) in ByteFallback.ids(in: vocabulary).enumerated() where id == nil {
            let byte = UInt8(byte)
            guard ByteFallback.isInText(byte), byte >= 0x80 || vocabulary.id(of: CollectionOfOne(byte)) == nil else {
                continue
            }
            let name = String(decoding: ByteFallback.entry(for: byte), as: UTF8.self)
            throw .malformed(
                path: path, reason: "it has no token \(name), by which a SentencePiece vocabulary spells unknown text")
        }
    }

    /// The tokens of type byte; without types, those that are written like one.
    private static func byteIDs(_ vocabulary: Vocabulary, _ kinds: [Int64]?) -> Set<TokenID> {
        guard let kinds else { return Set(ByteFallback.ids(in: vocabulary).compactMap(\.self)) }
        return Set(kinds.indices.filter { kinds[$0] == GGUFVocabulary.Kind.byte }.map { TokenID($0) })
    }

    /// White space behind Phi 3's special tokens belongs to them; its files can't say so, and llama.cpp goes by the name.
    private static func stripAsPhi3(_ tokens: inout [AddedToken], _ metadata: GGUFVocabulary) throws(TokenizerError) {
        let name = try metadata.modelName().lowercased()
        guard name.contains("phi-3") || name.contains("phi3") else { return }
        let kept = ["<unk>", "<s>", "<|endoftext|>"].map { Array($0.utf8) }
        for index in tokens.indices { tokens[index].stripsRight = !kept.contains(tokens[index].content) }
    }
}
