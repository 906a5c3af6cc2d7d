import Foundation
import Storage

/// Takes a file of documents apart: the files of an archive, the messages of a mailbox, the lines of JSON Lines.
///
/// An entry that can't be a document comes out as refused, with the reason; the rest goes on. What archives often hold
/// beside documents (pictures, programs, hidden files) is passed over, as it is in folders.
struct SourceContainer {
    /// What came out of a container.
    enum Entry {
        /// A document, or a container inside the container.
        case document(SourceDocument)
        /// No document.
        case refused(id: String, reason: String)
    }

    /// Archives within archives are opened this deep.
    static let maxDepth = 2
    /// What an archive in an archive may unpack to, next to its size, and whatever its size.
    private static let (innerRatio, innerLeastBytes) = (20, 64 << 10)
    private static let depthParameter = "depth="

    /// The most bytes of a document.
    let byteLimit: Int

    /// The container format of a file by what its sender says and its name, nil for other files.
    static func format(contentType: String?, fileName: String?) -> SourceFormat? {
        let named =
            SourceFormat(mediaType: MediaType(contentType).essence)
            ?? SourceFormat(fileExtension: SourceFormat.fileExtension(of: fileName))
        if let named { return named.isContainer ? named : nil }
        let name = fileName?.lowercased() ?? ""
        return [".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst"].contains { name.hasSuffix($0) } ? .archive : nil
    }

    /// Calls `body` with each entry of an archive or mailbox.
    /// - Parameters:
    ///   - source: where it is.
    ///   - format: `.archive`, `.mailbox` or `.jsonLines`.
    ///   - id: its own id; entries' ids begin with it.
    ///   - contentType: its own content type, which tells how deep it lies in others.
    ///   - body: called with each entry.
    /// - Throws: `IngestionError`: `.nestedTooDeep`, damage or a limit of the whole, and what `body` throws.
    func forEach(
        _ source: ArchiveReader.Source, format: SourceFormat, id: String, contentType: String?,
        _ body: (Entry) throws(IngestionError) -> Void
    ) throws(IngestionError) {
        let depth = Self.depth(of: contentType) + 1
        guard depth <= Self.maxDepth || format == .jsonLines else { throw .nestedTooDeep(limit: Self.maxDepth) }
        switch format {
        case .mailbox: try messages(source, id: id, body)
        case .jsonLines: try lines(source, id: id, body)
        default: try files(source, id: id, depth: depth, body)
        }
    }

    private func files(
        _ source: ArchiveReader.Source, id: String, depth: Int, _ body: (Entry) throws(IngestionError) -> Void
    ) throws(IngestionError) {
        var limits = ArchiveReader.Limits()
        limits.entryBytes = byteLimit
        if depth > 1 {
            // A thousand small archives in one must not have an archive's allowance each.
            limits.ratio = Self.innerRatio
            limits.leastTotalBytes = Self.innerLeastBytes
        }
        let reader = ArchiveReader(source, format: "archive", limits: limits)
        try reader.forEach { (entry, read) throws(IngestionError) in
            let name = entry.path.split(separator: "/").last.map(String.init) ?? entry.path
            let isHidden = entry.path.split(separator: "/").contains { $0.hasPrefix(".") && $0 != ".." && $0 != "." }
            if isHidden || entry.path.hasPrefix("__MACOSX/") { return true }
            let entryID = FileCollector.bounded(id + "/" + entry.path)
            if let refusal = entry.refusal {
                try body(.refused(id: entryID, reason: refusal))
                return true
            }
            if FileCollector.reasonToSkip(name) != nil { return true }
            let bytes: [UInt8]
            do throws(IngestionError) {
                bytes = try read()
            } catch {
                // The size of all is the archive's fault, everything else the entry's.
                if case .expandsTooMuch = error { throw error }
                try body(.refused(id: entryID, reason: error.description))
                return true
            }
            var inner = SourceDocument(externalID: entryID, bytes: bytes, fileName: name)
            if let format = Self.format(contentType: nil, fileName: name) {
                inner.contentType = format.rawValue + "; " + Self.depthParameter + String(depth)
            }
            try body(.document(inner))
            return true
        }
    }

    private func messages(
        _ source: ArchiveReader.Source, id: String, _ body: (Entry) throws(IngestionError) -> Void
    ) throws(IngestionError) {
        let mailbox: Mailbox
        switch source {
        case .bytes(let bytes): mailbox = Mailbox(bytes, messageLimit: byteLimit)
        case .path(let path): mailbox = Mailbox(try SourceFile.open(path), messageLimit: byteLimit)
        }
        var number = 0
        try mailbox.forEach { (message) throws(IngestionError) in
            number += 1
            let messageID = "\(id)#\(number)"
            guard let message else {
                return try body(.refused(id: messageID, reason: "the message has more than \(byteLimit) bytes"))
            }
            try body(
                .document(
                    SourceDocument(
                        externalID: messageID, bytes: message, contentType: SourceFormat.mail.rawValue)))
        }
    }

    private func lines(
        _ source: ArchiveReader.Source, id: String, _ body: (Entry) throws(IngestionError) -> Void
    ) throws(IngestionError) {
        let bytes: [UInt8]
        switch source {
        case .bytes(let given): bytes = given
        case .path(let path): bytes = try SourceFile.read(path, limit: byteLimit)
        }
        for (offset, line) in TextLines.split(bytes).enumerated() where !line.isBlank {
            do throws(IngestionError) {
                try body(.document(try JSONLines.document(Array(line), number: offset + 1, name: id, prefix: "")))
            } catch {
                guard case .badLine = error else { throw error }
                try body(.refused(id: "\(id)#\(offset + 1)", reason: error.description))
            }
        }
    }

    private static func depth(of contentType: String?) -> Int {
        guard let contentType, let range = contentType.firstRange(of: depthParameter) else { return 0 }
        return Int(contentType[range.upperBound...].prefix { $0.isNumber }) ?? 0
    }
}

extension DocumentExtractor {
    /// Extracts every document of a file: one for most formats, many for archives, mailboxes and JSON Lines.
    ///
    /// Containers in containers are opened too. Nothing is stored; memory is bounded by one document, or by the file's
    /// size limit.
    /// - Parameters:
    ///   - path: the file.
    ///   - explaining: whether pages say what was left out of them.
    ///   - body: called with each document's id and what became of it.
    public func extractAll(
        path: String, explaining: Bool = false, _ body: (String, Result<ExtractedDocument, IngestionError>) -> Void
    ) {
        let name = URL(fileURLWithPath: path).lastPathComponent
        do throws(IngestionError) {
            if let format = SourceContainer.format(contentType: nil, fileName: name) {
                _ = try SourceFile.open(path)
                try expand(.path(path), format: format, id: name, contentType: nil, explaining, body)
            } else {
                let bytes = try SourceFile.read(path, limit: byteLimit)
                extractAll(SourceDocument(externalID: name, bytes: bytes, fileName: name), explaining, body)
            }
        } catch {
            body(name, .failure(error))
        }
    }

    private func extractAll(
        _ source: SourceDocument, _ explaining: Bool,
        _ body: (String, Result<ExtractedDocument, IngestionError>) -> Void
    ) {
        do throws(IngestionError) {
            let format = try SourceFormat.sniff(
                source.bytes, fileName: source.fileName, contentType: source.contentType)
            if format.isContainer {
                try expand(
                    .bytes(source.bytes), format: format, id: source.externalID, contentType: source.contentType,
                    explaining, body)
            } else {
                body(source.externalID, .success(try extract(source, explaining: explaining)))
            }
        } catch {
            body(source.externalID, .failure(error))
        }
    }

    private func expand(
        _ source: ArchiveReader.Source, format: SourceFormat, id: String, contentType: String?, _ explaining: Bool,
        _ body: (String, Result<ExtractedDocument, IngestionError>) -> Void
    ) throws(IngestionError) {
        let container = SourceContainer(byteLimit: byteLimit)
        try container.forEach(source, format: format, id: id, contentType: contentType) { entry in
            switch entry {
            case .document(let inner): extractAll(inner, explaining, body)
            case .refused(let id, let reason): body(id, .failure(.badEntry(reason: reason)))
            }
        }
    }
}
