import Tensors

/// The keys `tokenizer.ggml.*` of a GGUF file that every kind of tokenizer reads.
///
/// Source: GGUF specification, section "Tokenizer"; llama.cpp where the specification is silent.
struct GGUFVocabulary {
    let path: String
    /// The entries by id, at least one.
    let tokens: [String]
    /// The kind of each entry as a `Kind`; nil where the file doesn't say.
    let kinds: [Int64]?
    private let file: GGUFFile

    /// The values of `token_type` that matter.
    enum Kind {
        static let unknown: Int64 = 2
        static let control: Int64 = 3
        static let userDefined: Int64 = 4
        static let unused: Int64 = 5
        static let byte: Int64 = 6
    }

    /// - Throws: `malformed` when there are no entries, or not as many kinds as entries.
    init(_ file: GGUFFile) throws(TokenizerError) {
        self.file = file
        path = file.path
        let tokens = try Self.read(path) { () throws(TensorError) in try file.strings("tokenizer.ggml.tokens") } ?? []
        guard !tokens.isEmpty else { throw .malformed(path: path, reason: "it has no tokenizer.ggml.tokens") }
        self.tokens = tokens
        kinds = try Self.read(path) { () throws(TensorError) in try file.integers("tokenizer.ggml.token_type") }
        if let kinds, kinds.count != tokens.count {
            throw .malformed(path: path, reason: "\(kinds.count) token types for \(tokens.count) tokens")
        }
    }

    /// What kind of tokenizer a file has (`gpt2`, `llama`), `none` where it doesn't say.
    static func model(of file: GGUFFile) throws(TokenizerError) -> String {
        try read(file.path) { () throws(TensorError) in try file.string("tokenizer.ggml.model") } ?? "none"
    }

    /// The entries as bytes.
    func vocabulary() throws(TokenizerError) -> Vocabulary {
        try Vocabulary(entries: tokens.map { Array($0.utf8) }, path: path)
    }

    /// The tokens that are found in a text.
    ///
    /// Control and unknown ones are special, user-defined ones are found in every text. A token that by its name ends a
    /// turn is special whatever the file says of it.
    func addedTokens() -> [AddedToken] {
        var added: [AddedToken] = []
        for id in tokens.indices {
            let kind = kinds?[id] ?? 1
            let isEnd = TokenNames.ends.contains(tokens[id])
            guard isEnd || (Kind.unknown...Kind.userDefined).contains(kind) else { continue }
            added.append(
                AddedToken(
                    id: TokenID(id), content: Array(tokens[id].utf8), isSpecial: isEnd || kind != Kind.userDefined))
        }
        return added
    }

    /// The special tokens that the file names, else `defaults`.
    /// - Throws: `malformed` for an id outside of the vocabulary.
    func specialTokens(defaults: SpecialTokens = SpecialTokens()) throws(TokenizerError) -> SpecialTokens {
        SpecialTokens(
            bos: try id("bos") ?? defaults.bos, eos: try id("eos") ?? defaults.eos, pad: try id("padding"),
            unk: try id("unknown") ?? defaults.unk)
    }

    private func id(_ name: String) throws(TokenizerError) -> TokenID? {
        let key = "tokenizer.ggml.\(name)_token_id"
        guard let value = try Self.read(path, { () throws(TensorError) in try file.integer(key) }) else { return nil }
        guard tokens.indices.contains(value) else {
            throw .malformed(path: path, reason: "\(key) is \(value), outside of the vocabulary")
        }
        return TokenID(value)
    }

    func string(_ name: String) throws(TokenizerError) -> String? {
        try Self.read(path) { () throws(TensorError) in try file.string("tokenizer.ggml.\(name)") }
    }

    func bool(_ name: String) throws(TokenizerError) -> Bool? {
        try Self.read(path) { () throws(TensorError) in try file.bool("tokenizer.ggml.\(name)") }
    }

    func strings(_ name: String) throws(TokenizerError) -> [String]? {
        try Self.read(path) { () throws(TensorError) in try file.strings("tokenizer.ggml.\(name)") }
    }

    func numbers(_ name: String) throws(TokenizerError) -> [Double]? {
        try Self.read(path) { () throws(TensorError) in try file.numbers("tokenizer.ggml.\(name)") }
    }

    /// The model's own name.
    func modelName() throws(TokenizerError) -> String {
        try Self.read(path) { () throws(TensorError) in try file.string("general.name") } ?? ""
    }

    private static func read<Value>(
        _ path: String, _ body: () throws(TensorError) -> Value
    ) throws(TokenizerError) -> Value {
        do { return try body() } catch { throw .malformed(path: path, reason: "\(error)") }
    }
}

/// Names by which tokens are known where a file doesn't say what they are for.
package enum TokenNames {
    /// Tokens that end a text or a turn of a conversation.
    package static let ends: Set<String> = [
        "<|im_end|>", "<|endoftext|>", "<|end_of_text|>", "<|eot_id|>", "<|eom_id|>", "<|end|>", "</s>",
        "<end_of_turn>", "<EOT>",
    ]
}
