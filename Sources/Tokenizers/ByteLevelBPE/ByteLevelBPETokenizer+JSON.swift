// Byte-level BPE from a tokenizer.json: the pre-tokeniser is recognised by its published expression.
extension ByteLevelBPETokenizer {
    /// Reads a tokenizer.json whose model is byte-level BPE.
    /// - Throws: `TokenizerError`: the file cannot be read, is damaged, or asks for stages that are not known here.
    public init(tokenizerJSON path: String) throws(TokenizerError) {
        try self.init(json: TokenizerJSON(bytes: TokenizerFiles.bytes(at: path), path: path))
    }

    init(json: TokenizerJSON) throws(TokenizerError) {
        guard json.modelType == "BPE" else {
            throw .unsupported(path: json.path, feature: "the model type \(json.modelType)", known: ["BPE"])
        }
        guard json.model["byte_fallback"]?.flag != true else {
            throw .unsupported(path: json.path, feature: "byte fallback (SentencePiece)", known: ["byte-level BPE"])
        }
        try json.refuseAffixes()
        let vocabulary = try json.vocabulary()
        let stage = try PreTokenizerBlock(json)
        var parts = ByteLevelBPEParts(
            vocabulary: vocabulary, merges: try json.merges(), preTokenizer: stage.preTokenizer)
        parts.takesWholeWords = json.model["ignore_merges"]?.flag ?? false
        parts.addsPrefixSpace = stage.addsPrefixSpace
        parts.composesText = try Self.composesText(json)
        parts.addedTokens = json.addedTokens
        (parts.prefix, parts.suffix) = try json.template(in: vocabulary)
        parts.specialTokens = SpecialTokens(
            bos: parts.prefix.first, eos: parts.suffix.last,
            unk: json.model["unk_token"]?.text.flatMap {
                vocabulary.id(of: $0.utf8)
            })
        try self.init(parts, path: json.path)
    }

    private static func composesText(_ json: TokenizerJSON) throws(TokenizerError) -> Bool {
        guard let block = json.root["normalizer"], block != .null else { return false }
        guard block["type"]?.text == "NFC" else {
            let name = block["type"]?.text ?? "without a type"
            throw .unsupported(path: json.path, feature: "the normalizer \(name)", known: ["NFC", "none"])
        }
        return true
    }
}

/// The `pre_tokenizer` block: ByteLevel alone, after digits, or after a split by a known expression.
private struct PreTokenizerBlock {
    var preTokenizer = PreTokenizer.gpt2
    var addsPrefixSpace = false

    private static let expressions: [(pattern: String, family: PreTokenizer)] = [
        (#"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#, .gpt2),
        (
            #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|"#
                + #"\s*[\r\n]+|\s+(?!\S)|\s+"#, .llama3
        ),
        (
            #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|"#
                + #"\s*[\r\n]+|\s+(?!\S)|\s+"#, .qwen2
        ),
    ]

    init(_ json: TokenizerJSON) throws(TokenizerError) {
        let block = json.root["pre_tokenizer"] ?? .null
        let steps = block["type"]?.text == "Sequence" ? block["pretokenizers"]?.elements ?? [] : [block]
        guard let last = steps.last, last["type"]?.text == "ByteLevel" else {
            throw Self.unsupported(json, block["type"]?.text ?? "none")
        }
        addsPrefixSpace = last["add_prefix_space"]?.flag ?? true
        let splitsWords = last["use_regex"]?.flag ?? true
        switch (steps.count, steps[0]["type"]?.text, splitsWords) {
        case (1, _, true): preTokenizer = .gpt2
        case (2, "Digits", true) where steps[0]["individual_digits"]?.flag == true: preTokenizer = .smollm
        case (2, "Split", false):
            let pattern = steps[0]["pattern"]?["Regex"]?.text
            guard steps[0]["behavior"]?.text == "Isolated", steps[0]["invert"]?.flag != true,
                let known = Self.expressions.first(where: { $0.pattern == pattern })
            else { throw Self.unsupported(json, "that splits by \(pattern ?? "an unknown pattern")") }
            preTokenizer = known.family
        default: throw Self.unsupported(json, steps.map { $0["type"]?.text ?? "?" }.joined(separator: " + "))
        }
    }

    private static func unsupported(_ json: TokenizerJSON, _ what: String) -> TokenizerError {
        .unsupported(
            path: json.path, feature: "the pre-tokenizer \(what)",
            known: ["ByteLevel", "Digits + ByteLevel", "the expressions of GPT-2, Llama 3 and Qwen 2"])
    }
}
