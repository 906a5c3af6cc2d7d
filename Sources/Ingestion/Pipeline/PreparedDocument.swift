import Crypto
import Encoders
import Foundation
import Storage

/// A document that has been read and cut, on its way to the store.
struct PreparedDocument: Sendable {
    /// The job item it came from.
    let itemID: Int64
    /// The document; its chunks have vectors where the store knew them, and empty ones where not.
    var document: NewDocument
    /// Which chunks have to be embedded.
    let missing: [Int]
    /// What the user should know.
    let warnings: [String]

    /// What is embedded for a chunk.
    func embeddedText(of chunk: Int) -> String {
        let chunk = document.chunks[chunk]
        return EmbeddedText.compose(title: document.title, headingPath: chunk.headingPath, text: chunk.text)
    }
}

/// What became of a job item in the first stage.
indirect enum Preparation: Sendable {
    /// There is no more item to take.
    case nothingLeft
    /// The document is to be embedded and stored.
    case ready(PreparedDocument)
    /// The document was as before; its item is finished.
    case unchanged(id: String, byteCount: Int)
    /// The document can't be ingested; its item is finished.
    case failed(id: String, reason: String)
    /// The source is passed over for a reason that is no failure; its item is finished.
    case skipped(id: String, reason: String)
    /// The source is gone and its document was removed; its item is finished.
    case removed(id: String)
    /// A page of a crawl, and how many items it added to the job.
    case page(Preparation, addedCount: Int)
    /// A file of documents: as many items were added to the job in its place.
    case expanded(itemCount: Int)
    /// The store failed: the job can't go on.
    case stopped(IngestionError)
}

/// The first stage: takes an item, reads its source, tells whether anything changed, extracts and cuts it.
struct DocumentPreparer: Sendable {
    let store: DocumentStore
    let embedder: any TextEmbedding
    let extractor: DocumentExtractor
    let chunker: Chunker
    let collection: CollectionRecord
    let jobID: Int64
    let idPrefix: String
    /// Fetches the items of a crawl; nil for other jobs.
    let crawler: Crawler?

    /// Items that a JSON Lines file's documents are added in, by count and bytes.
    private static let mostAdded = 256
    static let mostAddedBytes = 8 << 20

    /// Takes the job's next item and prepares it.
    ///
    /// Synchronous: run it on a ``WorkQueue``.
    func next() -> Preparation {
        do throws(StorageError) {
            guard let claimed = try store.claimNextItem(job: jobID) else { return .nothingLeft }
            if let crawler { return try next(claimed, of: crawler) }
            do throws(IngestionError) {
                return try prepare(claimed)
            } catch {
                if case .storage = error { return .stopped(error) }
                try store.recordFailure(
                    externalID: claimed.item.externalID, in: collection.id, title: claimed.item.title ?? "",
                    error: error.description, finishing: claimed.id)
                return .failed(id: claimed.item.externalID, reason: error.description)
            }
        } catch {
            return .stopped(.storage(reason: error.description))
        }
    }

    private func prepare(_ claimed: ClaimedItem) throws(IngestionError) -> Preparation {
        let item = claimed.item
        if let error = JobItems.error(of: item) { throw error }
        if let format = JobItems.containerFormat(item) {
            if format == .jsonLines, case .path = item.payload { return try expandLines(claimed) }
            return try expand(claimed, format: format)
        }
        if let path = path(ofLongText: item) { return try expandText(claimed, path: path) }
        let bytes: [UInt8]
        switch item.payload {
        case .path(let path): bytes = try SourceFile.read(path, limit: extractor.byteLimit)
        case .bytes(let stored): bytes = stored
        }
        let source = SourceDocument(
            externalID: item.externalID, bytes: bytes, contentType: item.contentType,
            fileName: item.fileName ?? JobItems.fileName(of: item), title: item.title, url: item.url,
            metadata: item.metadata)
        let hash = contentHash(of: source)
        if try known({ () throws(StorageError) in try store.contentHash(externalID: item.externalID, in: collection.id)
        }) == hash {
            try known { () throws(StorageError) in try store.finishItem(claimed.id, state: .unchanged) }
            return .unchanged(id: item.externalID, byteCount: bytes.count)
        }
        return .ready(try document(source, hash: hash, itemID: claimed.id))
    }

    func document(
        _ source: SourceDocument, hash: String, itemID: Int64
    ) throws(IngestionError) -> PreparedDocument {
        let extracted = try extractor.extract(source)
        let chunks = chunker.chunks(of: extracted)
        let vectors = try known { () throws(StorageError) in
            try store.chunkVectors(contentHashes: Array(Set(chunks.map(\.contentHash))), in: collection.id)
        }
        let stored = chunks.map { chunk in
            NewChunk(
                headingPath: chunk.headingPath, text: chunk.text, utf8Span: chunk.utf8Span,
                tokenCount: chunk.tokenCount,
                contentHash: chunk.contentHash, vector: vectors[chunk.contentHash] ?? [])
        }
        let document = NewDocument(
            externalID: source.externalID, title: extracted.title, url: extracted.url,
            contentType: extracted.format.contentType, language: extracted.language, contentHash: hash,
            text: extracted.text, metadata: extracted.metadata, byteCount: source.bytes.count, chunks: stored)
        return PreparedDocument(
            itemID: itemID, document: document, missing: stored.indices.filter { stored[$0].vector.isEmpty },
            warnings: extracted.warnings)
    }

    /// The hash of all that the stored document is made from: bytes, what the sender says, versions and settings.
    func contentHash(of source: SourceDocument) -> String {
        var hasher = SHA256()
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let metadata = (try? encoder.encode(source.metadata)) ?? Data()
        let parts = [
            "extractor \(DocumentExtractor.version), chunker \(Chunker.version), \(collection.chunking)",
            collection.encoderFingerprint, source.contentType ?? "", source.fileName ?? "", source.title ?? "",
            source.url ?? "",
        ]
        for part in parts {
            hasher.update(data: Array(part.utf8))
            hasher.update(data: [0])
        }
        hasher.update(data: metadata)
        hasher.update(data: [0])
        hasher.update(data: source.bytes)
        return hasher.finalize().hexadecimal
    }

    /// Puts an item for each document of an archive or mailbox in the place of the file's own.
    private func expand(_ claimed: ClaimedItem, format: SourceFormat) throws(IngestionError) -> Preparation {
        let source: ArchiveReader.Source
        switch claimed.item.payload {
        case .path(let path):
            try SourceFile.open(path).closeFile()
            source = .path(path)
        case .bytes(let bytes): source = .bytes(bytes)
        }
        var batch: [NewJobItem] = []
        var bytes = 0
        var count = 0
        let container = SourceContainer(byteLimit: extractor.byteLimit)
        do throws(IngestionError) {
            try container.forEach(
                source, format: format, id: claimed.item.externalID, contentType: claimed.item.contentType
            ) { (entry) throws(IngestionError) in
                let item = JobItems.item(of: entry, metadata: claimed.item.metadata)
                if case .bytes(let payload) = item.payload { bytes += payload.count }
                batch.append(item)
                count += 1
                if batch.count >= Self.mostAdded || bytes >= Self.mostAddedBytes {
                    try add(batch, replacing: nil)
                    batch = []
                    bytes = 0
                }
            }
        } catch {
            // What came out before the damage is ingested; the file itself fails with the reason.
            try add(batch, replacing: nil)
            throw error
        }
        guard count > 0 else { throw .noText }
        try add(batch, replacing: claimed.id)
        return .expanded(itemCount: count)
    }

    /// Puts an item for each line of a JSON Lines file in the place of the file's own.
    private func expandLines(_ claimed: ClaimedItem) throws(IngestionError) -> Preparation {
        guard case .path(let path) = claimed.item.payload else { throw .noText }
        let handle = try SourceFile.open(path)
        defer { try? handle.close() }
        var reader = LineReader(handle, lineLimit: extractor.byteLimit)
        if try reader.startsBinary() {
            throw .binary(name: JobItems.fileName(of: claimed.item) ?? claimed.item.externalID)
        }
        var batch: [NewJobItem] = []
        var bytes = 0
        var count = 0
        while let line = try reader.next() {
            let item = JobItems.item(
                of: line, name: claimed.item.externalID, prefix: idPrefix, metadata: claimed.item.metadata,
                limit: extractor.byteLimit)
            if case .bytes(let payload) = item.payload { bytes += payload.count }
            batch.append(item)
            count += 1
            if batch.count >= Self.mostAdded || bytes >= Self.mostAddedBytes {
                try add(batch, replacing: nil)
                batch = []
                bytes = 0
            }
        }
        guard count > 0 else { throw .noText }
        // The last lines and the end of the file's item go together: after a crash before it, the file is opened again,
        // and its lines that are stored already are unchanged.
        try add(batch, replacing: claimed.id)
        return .expanded(itemCount: count)
    }

    func add(_ items: [NewJobItem], replacing itemID: Int64?) throws(IngestionError) {
        try known { () throws(StorageError) in try store.addItems(items, to: jobID, replacing: itemID) }
    }

    /// Runs a call to the store; its errors concern the job, not the document.
    private func known<Result>(_ body: () throws(StorageError) -> Result) throws(IngestionError) -> Result {
        do {
            return try body()
        } catch {
            throw .storage(reason: error.description)
        }
    }
}
