public import Tensors

// Byte-level BPE from the metadata of a GGUF file: `tokenizer.ggml.*`.
// Source: GGUF specification, section "Tokenizer"; names of pre-tokenisers as llama.cpp's converter writes them.
extension ByteLevelBPETokenizer {
    /// Reads the tokenizer of a GGUF file.
    /// - Throws: `unsupported` when it is another kind of tokenizer or has an unknown pre-tokeniser, `malformed` when
    ///   its lists don't fit together.
    public init(gguf file: GGUFFile) throws(TokenizerError) {
        let path = file.path
        let kind = try GGUFVocabulary.model(of: file)
        guard kind == "gpt2" else {
            throw .unsupported(path: path, feature: "the tokenizer model \(kind)", known: ["gpt2 (byte-level BPE)"])
        }
        let metadata = try GGUFVocabulary(file)
        let family = try Family(name: metadata.string("pre") ?? "default", path: path)
        var parts = ByteLevelBPEParts(
            vocabulary: try metadata.vocabulary(), merges: try Self.pairs(metadata.strings("merges") ?? [], path: path),
            preTokenizer: family.preTokenizer)
        parts.takesWholeWords = family.takesWholeWords
        parts.addedTokens = metadata.addedTokens()
        parts.specialTokens = try metadata.specialTokens()
        if try metadata.bool("add_bos_token") ?? family.addsBOS, let bos = parts.specialTokens.bos {
            parts.prefix = [bos]
        }
        if try metadata.bool("add_eos_token") ?? false, let eos = parts.specialTokens.eos { parts.suffix = [eos] }
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
}
