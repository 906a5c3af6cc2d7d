import Foundation

// The `normalizer` block of a tokenizer.json.
extension SentencePieceNormalizer {
    /// Reads the block; nil and null are no steps.
    /// - Throws: `unsupported` for a step that is not known here, `malformed` for a damaged one.
    init(_ block: JSONBytes?, _ json: TokenizerJSON) throws(TokenizerError) {
        steps = try Self.steps(block, json)
    }

    private static let knownNormalizers = [
        "Sequence", "Precompiled", "NFC", "NFKC", "Lowercase", "Strip", "Prepend",
        "Replace (a text, or runs of spaces)",
    ]

    private static func steps(_ block: JSONBytes?, _ json: TokenizerJSON) throws(TokenizerError) -> [Step] {
        guard let block, block != .null else { return [] }
        switch block["type"]?.text {
        case "Sequence":
            var steps: [Step] = []
            for part in block["normalizers"]?.elements ?? [] { steps += try self.steps(part, json) }
            return steps
        case "Precompiled":
            guard let text = block["precompiled_charsmap"]?.text else { return [] }
            guard let blob = Data(base64Encoded: text) else {
                throw .malformed(path: json.path, reason: "its character map is not base64")
            }
            return blob.isEmpty ? [] : [.characterMap(try CharacterMap(bytes: [UInt8](blob), path: json.path))]
        case "NFC": return [.compose(isCompatible: false)]
        case "NFKC": return [.compose(isCompatible: true)]
        case "Lowercase": return [.lowercase]
        case "Strip":
            return [.strip(left: block["strip_left"]?.flag ?? true, right: block["strip_right"]?.flag ?? true)]
        case "Prepend":
            guard case .string(let text) = block["prepend"] else { break }
            return [.prepend(text)]
        case "Replace":
            guard case .string(let content) = block["content"] else { break }
            if block["pattern"]?["Regex"]?.text == " {2,}" { return [.spaces(by: content)] }
            guard case .string(let from) = block["pattern"]?["String"], !from.isEmpty else { break }
            return [.replace(from: from, to: content)]
        default: break
        }
        throw .unsupported(
            path: json.path, feature: "the normalizer \(block["type"]?.text ?? "without a type")",
            known: knownNormalizers)
    }
}
