import Foundation
import Storage

/// How documents are written down as items of a durable job.
enum JobItems {
    /// Marks an item that stands for a line which is no document; its metadata say why.
    static let badLineType = "application/x-docent-bad-line"

    /// Marks an item that stands for an entry of an archive or mailbox which is no document; its metadata say why.
    static let badEntryType = "application/x-docent-bad-entry"

    /// The item of a container's entry; a refused one gives an item that fails with the reason.
    static func item(of entry: SourceContainer.Entry, metadata: [String: JSONValue]) -> NewJobItem {
        switch entry {
        case .document(var source):
            source.metadata.merge(metadata) { own, _ in own }
            return item(of: source)
        case .refused(let id, let reason):
            return NewJobItem(
                externalID: id, payload: .bytes([]), contentType: badEntryType, metadata: ["reason": .string(reason)])
        }
    }

    /// The item of a document given as bytes.
    static func item(of source: SourceDocument) -> NewJobItem {
        NewJobItem(
            externalID: source.externalID, payload: .bytes(source.bytes), contentType: source.contentType,
            fileName: source.fileName, title: source.title, url: source.url, metadata: source.metadata)
    }

    /// The document of an item, once its bytes are there.
    static func source(of item: NewJobItem, bytes: [UInt8]) -> SourceDocument {
        SourceDocument(
            externalID: item.externalID, bytes: bytes, contentType: item.contentType, fileName: fileName(of: item),
            title: item.title, url: item.url, metadata: item.metadata)
    }

    /// The item of a line of JSON Lines; a bad line gives an item that fails with the reason.
    static func item(
        of line: JSONLines.Line, name: String, prefix: String, metadata: [String: JSONValue], limit: Int
    ) -> NewJobItem {
        switch line {
        case .tooLong(let number, let byteCount):
            return bad(name, number, IngestionError.tooLarge(byteCount: byteCount, limit: limit).description)
        case .bytes(let bytes, let number):
            do throws(IngestionError) {
                var source = try JSONLines.document(bytes, number: number, name: name, prefix: prefix)
                source.metadata.merge(metadata) { own, _ in own }
                return item(of: source)
            } catch {
                guard case .badLine(_, let reason) = error else { return bad(name, number, error.description) }
                return bad(name, number, reason)
            }
        }
    }

    private static func bad(_ name: String, _ number: Int, _ reason: String) -> NewJobItem {
        NewJobItem(
            externalID: "\(name)#\(number)", payload: .bytes([]), contentType: badLineType,
            metadata: ["line": .int(Int64(number)), "reason": .string(reason)])
    }

    /// The error of an item that stands for a bad line or entry, nil for others.
    static func error(of item: NewJobItem) -> IngestionError? {
        if item.contentType == badEntryType {
            return .badEntry(reason: item.metadata["reason"]?.stringValue ?? "no document")
        }
        guard item.contentType == badLineType else { return nil }
        guard case .int(let line) = item.metadata["line"], let reason = item.metadata["reason"]?.stringValue else {
            return .badLine(line: 0, reason: "no document")
        }
        return .badLine(line: Int(line), reason: reason)
    }

    /// The format of an item that is a file of documents, nil for one that is a document.
    static func containerFormat(_ item: NewJobItem) -> SourceFormat? {
        let name = fileName(of: item)
        switch item.payload {
        case .path: return SourceContainer.format(contentType: item.contentType, fileName: name)
        case .bytes(let bytes):
            let format = try? SourceFormat.sniff(bytes, fileName: name, contentType: item.contentType)
            return format?.isContainer == true ? format : nil
        }
    }

    /// The name of the file an item's source is in.
    static func fileName(of item: NewJobItem) -> String? {
        if let name = item.fileName { return name }
        guard case .path(let path) = item.payload else { return nil }
        return URL(fileURLWithPath: path).lastPathComponent
    }
}
