/// Finds out what kind of tokenizer is at a path, and reads it.
public enum TokenizerLoader {
    /// Reads the tokenizer of a model.
    /// - Parameter path: a model's folder, a tokenizer.json, a vocab.txt or a .gguf file.
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
        let json = try TokenizerJSON(bytes: TokenizerFiles.bytes(at: path), path: path)
        return try WordPieceTokenizer(json: json)
    }
}
