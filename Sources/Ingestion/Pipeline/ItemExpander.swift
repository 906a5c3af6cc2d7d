import Foundation
import Storage

/// Takes an item that holds several documents apart: an archive, a mailbox, JSON Lines, a text too long for one.
struct ItemExpander: Sendable {
    /// What an item holds several documents as.
    enum Kind: Equatable {
        case archive(SourceFormat)
        case linesOfFile(String)
        case longText(String)
    }

    let extractor: DocumentExtractor
    let idPrefix: String

    /// How an item holds several documents; nil for a document.
    func kind(of item: NewJobItem) -> Kind? {
        if let format = JobItems.containerFormat(item) {
            if format == .jsonLines, case .path(let path) = item.payload { return .linesOfFile(path) }
            return .archive(format)
        }
        return path(ofLongText: item).map(Kind.longText)
    }

    /// Calls `body` with an item for each document, or container, that an item holds.
    ///
    /// They have the source of the item they are found in.
    /// - Returns: how many there were, 1 or more.
    /// - Throws: `IngestionError`, after the calls for what came out before the damage; and what `body` throws.
    func forEach(
        _ item: NewJobItem, as kind: Kind, _ body: (NewJobItem) throws(IngestionError) -> Void
    ) throws(IngestionError) -> Int {
        var count = 0
        func found(_ inner: NewJobItem) throws(IngestionError) {
            count += 1
            var inner = inner
            inner.origin.source = item.origin.source
            inner.origin.isContainer = JobItems.error(of: inner) == nil && JobItems.containerFormat(inner) != nil
            try body(inner)
        }
        switch kind {
        case .archive(let format): try files(in: item, format, found)
        case .linesOfFile(let path): try lines(of: item, path, found)
        case .longText(let path): try parts(ofLongText: item, path, found)
        }
        guard count > 0 else { throw .noText }
        return count
    }

    private func files(
        in item: NewJobItem, _ format: SourceFormat, _ found: (NewJobItem) throws(IngestionError) -> Void
    ) throws(IngestionError) {
        let source: ArchiveReader.Source
        switch item.payload {
        case .path(let path):
            try SourceFile.open(path).closeFile()
            source = .path(path)
        case .bytes(let bytes): source = .bytes(bytes)
        }
        let container = SourceContainer(byteLimit: extractor.byteLimit)
        try container.forEach(source, format: format, id: item.externalID, contentType: item.contentType) {
            (entry) throws(IngestionError) in
            try found(JobItems.item(of: entry, metadata: item.metadata))
        }
    }

    private func lines(
        of item: NewJobItem, _ path: String, _ found: (NewJobItem) throws(IngestionError) -> Void
    ) throws(IngestionError) {
        let handle = try SourceFile.open(path)
        defer { try? handle.close() }
        var reader = LineReader(handle, lineLimit: extractor.byteLimit)
        if try reader.startsBinary() { throw .binary(name: JobItems.fileName(of: item) ?? item.externalID) }
        while let line = try reader.next() {
            try found(
                JobItems.item(
                    of: line, name: item.externalID, prefix: idPrefix, metadata: item.metadata,
                    limit: extractor.byteLimit))
        }
    }
}
