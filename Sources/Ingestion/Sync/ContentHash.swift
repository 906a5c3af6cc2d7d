import Crypto
import Foundation
import Storage

/// The hash of all that a stored document is made from: its bytes, what the sender says, versions and settings.
///
/// A source whose hash is the stored document's has nothing to do.
struct ContentHash: Sendable {
    private let versions: String
    private let encoder: String

    /// Hashes sources for a collection.
    init(_ collection: CollectionRecord) {
        versions = "extractor \(DocumentExtractor.version), chunker \(Chunker.version), \(collection.chunking)"
        encoder = collection.encoderFingerprint
    }

    /// The hash of a source.
    func hash(of source: SourceDocument) -> String {
        var hasher = SHA256()
        update(
            &hasher, contentType: source.contentType, fileName: source.fileName, title: source.title, url: source.url,
            metadata: source.metadata)
        hasher.update(data: source.bytes)
        return hasher.finalize().hexadecimal
    }

    /// The hash of an item whose bytes are with it; nil for others, for containers and for what stands for an error.
    func hash(of item: NewJobItem) -> String? {
        guard case .bytes(let bytes) = item.payload, !item.origin.isContainer, JobItems.error(of: item) == nil else {
            return nil
        }
        return hash(of: JobItems.source(of: item, bytes: bytes))
    }

    /// Stands for all that goes into the hash but the bytes.
    func recipe(of item: NewJobItem) -> String {
        var hasher = SHA256()
        update(
            &hasher, contentType: item.contentType, fileName: JobItems.fileName(of: item), title: item.title,
            url: item.url, metadata: item.metadata)
        return String(hasher.finalize().hexadecimal.prefix(16))
    }

    private func update(
        _ hasher: inout SHA256, contentType: String?, fileName: String?, title: String?, url: String?,
        metadata: [String: JSONValue]
    ) {
        for part in [versions, encoder, contentType ?? "", fileName ?? "", title ?? "", url ?? ""] {
            hasher.update(data: Array(part.utf8))
            hasher.update(data: [0])
        }
        hasher.update(data: Self.json(metadata))
        hasher.update(data: [0])
    }

    private static func json(_ metadata: [String: JSONValue]) -> Data {
        if metadata.isEmpty { return Data("{}".utf8) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return (try? encoder.encode(metadata)) ?? Data()
    }
}
