import Foundation

/// Reading a tokenizer's files whole, within `TokenizerLimits`.
enum TokenizerFiles {
    /// The file's bytes.
    /// - Throws: `notFound`, `unreadable` or `limitExceeded`.
    static func bytes(at path: String) throws(TokenizerError) -> [UInt8] {
        guard let attributes = attributes(path) else { throw .notFound(path: path) }
        guard attributes[.type] as? FileAttributeType != .typeDirectory else {
            throw .unreadable(path: path, reason: "it is a folder")
        }
        guard attributes[.size] as? Int ?? 0 <= TokenizerLimits.fileBytes else {
            throw .limitExceeded(path: path, what: "the file's size in bytes", limit: TokenizerLimits.fileBytes)
        }
        do {
            return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            throw .unreadable(path: path, reason: error.localizedDescription)
        }
    }

    /// Whether there is something at `path` that is no folder.
    static func hasFile(_ path: String) -> Bool {
        guard let type = attributes(path)?[.type] as? FileAttributeType else { return false }
        return type != .typeDirectory
    }

    /// Whether there is a folder at `path`.
    static func hasFolder(_ path: String) -> Bool {
        attributes(path)?[.type] as? FileAttributeType == .typeDirectory
    }

    private static func attributes(_ path: String) -> [FileAttributeKey: Any]? {
        let resolved = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        return try? FileManager.default.attributesOfItem(atPath: resolved)
    }
}
