public import Tensors

/// Finds out what kind of tokenizer is at a path, and reads it.
public enum TokenizerLoader {
    /// Reads the tokenizer of a model.
    /// - Parameter path: a model's folder, a tokenizer.json, a vocab.txt or a .gguf file.
    /// - Returns: a `WordPieceTokenizer`, `ByteLevelBPETokenizer`, `SentencePieceBPETokenizer` or `UnigramTokenizer`.
    /// - Throws: `TokenizerError`, saying what is wrong with which file.
    public static func load(path: String) throws(TokenizerError) -> any Tokenizer {
        if TokenizerFiles.hasFolder(path) {
            for name in ["tokenizer.json", "vocab.txt"] where TokenizerFiles.hasFile("\(path)/\(name)") {
                return try load(path: "\(path)/\(name)")
            }
            throw .notFound(path: path)
        }
        guard TokenizerFiles.hasFile(path) else { throw .notFound(path: path) }
        if path.hasSuffix(".txt") {
            let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
            let configuration = (folder.isEmpty ? "" : folder + "/") + "tokenizer_config.json"
            return try WordPieceTokenizer(
                vocabulary: path, configuration: TokenizerFiles.hasFile(configuration) ? configuration : nil)
        }
        if path.hasSuffix(".gguf") { return try load(gguf: openGGUF(path)) }
        let json = try TokenizerJSON(bytes: TokenizerFiles.bytes(at: path), path: path)
        switch json.modelType {
        case "WordPiece": return try WordPieceTokenizer(json: json)
        case "BPE" where json.model["byte_fallback"]?.flag == true: return try SentencePieceBPETokenizer(json: json)
        case "BPE": return try ByteLevelBPETokenizer(json: json)
        case "Unigram": return try UnigramTokenizer(json: json)
        case let other:
            throw .unsupported(path: path, feature: "the model type \(other)", known: ["WordPiece", "BPE", "Unigram"])
        }
    }

    /// Reads the tokenizer of an open GGUF file.
    /// - Returns: a `ByteLevelBPETokenizer` or a `SentencePieceBPETokenizer`.
    /// - Throws: `TokenizerError`, saying what is wrong with which key.
    public static func load(gguf file: GGUFFile) throws(TokenizerError) -> any Tokenizer {
        switch try GGUFVocabulary.model(of: file) {
        case "gpt2": return try ByteLevelBPETokenizer(gguf: file)
        case "llama": return try SentencePieceBPETokenizer(gguf: file)
        case let other:
            throw .unsupported(
                path: file.path, feature: "the tokenizer model \(other)",
                known: ["gpt2 (byte-level BPE)", "llama (SentencePiece BPE)"])
        }
    }

    private static func openGGUF(_ path: String) throws(TokenizerError) -> GGUFFile {
        do { return try GGUFFile(path: path) } catch { throw .malformed(path: path, reason: "\(error)") }
    }
}
