public import Tensors

// Byte-level BPE from the metadata of a GGUF file: `tokenizer.ggml.*`.
// Source: GGUF specification, section "Tokenizer"; names of pre-tokenisers as llama.cpp's converter writes them.
extension ByteLevelBPETokenizer {
    /// Reads the tokenizer of a GGUF file.
    /// - Throws: `unsupported` when it is another kind of tokenizer or has an unknown pre-tokeniser, `malformed` when
    ///   its lists don't fit together.
    public init(gguf file: GGUFFile) throws(TokenizerError) {
        let path = file.path
        let kind = try Self.read(path) { () throws(TensorError) in try file.string("tokenizer.ggml.model") } ?? "none"
        guard kind == "gpt2" else {
            throw .unsupported(path: path, feature: "the tokenizer model \(kind)", known: ["gpt2 (byte-level BPE)"])
        }
        guard
            let tokens = try Self.read(path, { () throws(TensorError) in try file.strings("tokenizer.ggml.tokens") }),
            !tokens.isEmpty
        else { throw .malformed(path: path, reason: "it has no tokenizer.ggml.tokens") }
        let vocabulary = try Vocabulary(entries: tokens.map { Array($0.utf8) }, path: path)
        let merges = try Self.read(path) { () throws(TensorError) in try file.strings("tokenizer.ggml.merges") } ?? []
        let preName = try Self.read(path) { () throws(TensorError) in try file.string("tokenizer.ggml.pre") }
        let family = try Family(name: preName ?? "default", path: path)
        var parts = ByteLevelBPEParts(
            vocabulary: vocabulary, merges: try Self.pairs(merges, path: path), preTokenizer: family.preTokenizer)
        parts.takesWholeWords = family.takesWholeWords
        parts.addedTokens = try Self.addedTokens(file, tokens: tokens)
        parts.specialTokens = try Self.specialTokens(file, vocabularySize: tokens.count)
        let addsBOS = try Self.read(path) { () throws(TensorError) in try file.bool("tokenizer.ggml.add_bos_token") }
        let addsEOS = try Self.read(path) { () throws(TensorError) in try file.bool("tokenizer.ggml.add_eos_token") }
        if addsBOS ?? family.addsBOS, let bos = parts.specialTokens.bos { parts.prefix = [bos] }
        if addsEOS ?? false, let eos = parts.specialTokens.eos { parts.suffix = [eos] }
        try self.init(parts, path: path)
    }

    /// What the name of a pre-tokeniser stands for.
    struct Family {
        var preTokenizer: PreTokenizer
        var takesWholeWords = false
        var addsBOS = false

        static let known = [
            "gpt-2", "mpt", "olmo", "jais", "phi-2", "smollm", "starcoder", "refact", "command-r", "codeshell",
            "llama-bpe", "llama3", "llama-v3", "falcon3", "lfm2", "dbrx", "smaug-bpe", "qwen2", "deepseek-r1-qwen",
            "stablelm2", "default",
        ]

        init(name: String, path: String) throws(TokenizerError) {
            switch name {
            case "gpt-2", "mpt", "olmo", "jais", "phi-2":
                preTokenizer = .gpt2
            case "smollm", "starcoder", "refact", "command-r", "codeshell":
                preTokenizer = .smollm
            case "llama-bpe", "llama3", "llama-v3", "falcon3", "lfm2":
                preTokenizer = .llama3
                takesWholeWords = true
                addsBOS = true
            case "dbrx", "smaug-bpe":
                preTokenizer = .llama3
            case "qwen2", "deepseek-r1-qwen", "stablelm2":
                preTokenizer = .qwen2
            case "default":
                preTokenizer = .fallback
            default:
                throw .unsupported(path: path, feature: "the pre-tokenizer \(name)", known: Self.known)
            }
        }
    }

    /// "left right" as two byte slices; a space inside of the byte alphabet is never a plain space.
    static func pairs(
        _ merges: [String], path: String
    ) throws(TokenizerError) -> [(left: ArraySlice<UInt8>, right: ArraySlice<UInt8>)] {
        var pairs: [(left: ArraySlice<UInt8>, right: ArraySlice<UInt8>)] = []
        pairs.reserveCapacity(merges.count)
        for merge in merges {
            let bytes = Array(merge.utf8)
            guard let space = bytes.dropFirst().firstIndex(of: 0x20) else {
                throw .malformed(path: path, reason: "merge \(pairs.count) is not two parts with a space between")
            }
            pairs.append((bytes[..<space], bytes[(space + 1)...]))
        }
        return pairs
    }

    /// Control and unknown tokens (types 3 and 2) are special; user-defined ones (4) are found in every text.
    private static func addedTokens(_ file: GGUFFile, tokens: [String]) throws(TokenizerError) -> [AddedToken] {
        let list = try read(file.path) { () throws(TensorError) in try file.integers("tokenizer.ggml.token_type") }
        guard let types = list else { return [] }
        guard types.count == tokens.count else {
            throw .malformed(path: file.path, reason: "\(types.count) token types for \(tokens.count) tokens")
        }
        return types.indices.compactMap { id in
            guard (2...4).contains(types[id]) else { return nil }
            return AddedToken(id: TokenID(id), content: Array(tokens[id].utf8), isSpecial: types[id] != 4)
        }
    }

    private static func specialTokens(_ file: GGUFFile, vocabularySize: Int) throws(TokenizerError) -> SpecialTokens {
        func id(_ name: String) throws(TokenizerError) -> TokenID? {
            let key = "tokenizer.ggml.\(name)_token_id"
            guard let value = try read(file.path, { () throws(TensorError) in try file.integer(key) }) else {
                return nil
            }
            guard (0..<vocabularySize).contains(value) else {
                throw .malformed(path: file.path, reason: "\(key) is \(value), outside of the vocabulary")
            }
            return TokenID(value)
        }
        return SpecialTokens(
            bos: try id("bos"), eos: try id("eos"), pad: try id("padding"), unk: try id("unknown"))
    }

    private static func read<Value>(
        _ path: String, _ body: () throws(TensorError) -> Value
    ) throws(TokenizerError) -> Value {
        do { return try body() } catch { throw .malformed(path: path, reason: "\(error)") }
    }
}
