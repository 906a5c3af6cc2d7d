// Metaspace from a `pre_tokenizer` or `decoder` block of a tokenizer.json.
extension Metaspace {
    /// Reads a block of type Metaspace.
    /// - Throws: `unsupported` for another character than `▁` or an unknown way to prepend it.
    init(_ block: JSONBytes, _ json: TokenizerJSON) throws(TokenizerError) {
        let scheme =
            block["prepend_scheme"]?.text
            ?? (block["add_prefix_space"]?.flag ?? true ? "always" : "never")
        guard let prefix = Prefix(rawValue: scheme), block["replacement"]?.text ?? "▁" == "▁" else {
            throw .unsupported(
                path: json.path, feature: "a Metaspace that prepends \(scheme), or another character than ▁",
                known: ["always", "first", "never"])
        }
        self.prefix = prefix
        splitsAtMark = block["split"]?.flag ?? true
    }
}
