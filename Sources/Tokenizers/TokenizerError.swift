/// Why a tokenizer could not be made; encoding and decoding never fail.
public enum TokenizerError: Error, Equatable, CustomStringConvertible {
    /// The path has no tokenizer in it (the caller's mistake, or a model not pulled yet).
    case notFound(path: String)
    /// A file is there and cannot be read (permissions, disk).
    case unreadable(path: String, reason: String)
    /// A file is not what its name says (damaged, truncated or hand-edited data).
    case malformed(path: String, reason: String)
    /// The file is sound and asks for something that is not built here (another tokenizer family).
    case unsupported(path: String, feature: String, known: [String])
    /// A count or size in the file is beyond what any model has; reading it would exhaust memory.
    case limitExceeded(path: String, what: String, limit: Int)

    /// One line: what was wrong, and what to do.
    public var description: String {
        switch self {
        case .notFound(let path):
            "no tokenizer at \(path): expected tokenizer.json, vocab.txt or a .gguf file; "
                + "pull the model with `docent models pull`"
        case .unreadable(let path, let reason):
            "cannot read \(path): \(reason)"
        case .malformed(let path, let reason):
            "\(path) is damaged or not a tokenizer: \(reason); pull the model again"
        case .unsupported(let path, let feature, let known):
            "\(path) uses \(feature), which is not supported"
                + (known.isEmpty ? "" : " (supported: \(known.joined(separator: ", ")))") + "; choose another model"
        case .limitExceeded(let path, let what, let limit):
            "\(path): \(what) is over the limit of \(limit)"
        }
    }
}

/// Caps on what a tokenizer's files may hold; real models stay far below.
package enum TokenizerLimits {
    /// Bytes of tokenizer.json or vocab.txt.
    package static let fileBytes = 64 << 20
    /// V; the largest public vocabularies have about 262,000 entries.
    package static let vocabularySize = 1 << 21
    /// Bytes of all entries together; the tries number their nodes in 24 bits.
    package static let vocabularyBytes = (1 << 24) - 1024
    /// Bytes of an entry of a SentencePiece vocabulary that others merge into; the longest public ones have 64.
    package static let mergedEntryBytes = 512
    /// Nesting of a JSON document.
    package static let jsonDepth = 64
}
