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
    /// The job was paused: what is not on its way to the store yet waits.
    case paused
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
    /// A file of documents: as many items were added to the job in its place, of which some need nothing done.
    case expanded(itemCount: Int, unchangedCount: Int)
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
    let expander: ItemExpander
    let contentHash: ContentHash
    /// Fetches the items of a crawl; nil for other jobs.
    let crawler: Crawler?

    /// Items that a file's documents are added in, by count and bytes.
    private static let mostAdded = 256
    private static let mostAddedBytes = 8 << 20

    /// Prepares the items of a job.
    init(
        store: DocumentStore, embedder: any TextEmbedding, extractor: DocumentExtractor, chunker: Chunker,
        collection: CollectionRecord, jobID: Int64, idPrefix: String, crawler: Crawler? = nil
    ) {
        self.store = store
        self.embedder = embedder
        self.extractor = extractor
        self.chunker = chunker
        self.collection = collection
        self.jobID = jobID
        self.crawler = crawler
        expander = ItemExpander(extractor: extractor, idPrefix: idPrefix)
        contentHash = ContentHash(collection)
    }

    /// Takes the job's next item and prepares it.
    ///
    /// Synchronous: run it on a ``WorkQueue``.
    func next() -> Preparation {
        do throws(StorageError) {
            guard let claimed = try store.claimNextItem(job: jobID) else {
                return try store.isPaused(job: jobID) ? .paused : .nothingLeft
            }
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
        if let kind = expander.kind(of: item) { return try expand(claimed, as: kind) }
        let bytes: [UInt8]
        switch item.payload {
        case .path(let path): bytes = try SourceFile.read(path, limit: extractor.byteLimit)
        case .bytes(let stored): bytes = stored
        }
        let source = JobItems.source(of: item, bytes: bytes)
        let hash = contentHash.hash(of: source)
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

    /// Puts an item for each document of an archive, mailbox, JSON Lines file or long text in the place of the file's own.
    ///
    /// The last of them and the end of the file's item go together: after a crash before it, the file is opened again, and
    /// its documents that are stored already are unchanged.
    private func expand(_ claimed: ClaimedItem, as kind: ItemExpander.Kind) throws(IngestionError) -> Preparation {
        var (batch, bytes, unchangedCount) = ([NewJobItem](), 0, 0)
        func add(replacing itemID: Int64?) throws(IngestionError) {
            unchangedCount += try known { () throws(StorageError) in
                try store.addItems(batch, to: jobID, replacing: itemID)
            }
            (batch, bytes) = ([], 0)
        }
        let itemCount: Int
        do throws(IngestionError) {
            itemCount = try expander.forEach(claimed.item, as: kind) { (item) throws(IngestionError) in
                var item = item
                item.origin.contentHash = contentHash.hash(of: item)
                if case .bytes(let payload) = item.payload { bytes += payload.count }
                batch.append(item)
                if batch.count >= Self.mostAdded || bytes >= Self.mostAddedBytes { try add(replacing: nil) }
            }
        } catch {
            // What came out before the damage is ingested; the file itself fails with the reason.
            try add(replacing: nil)
            throw error
        }
        try add(replacing: claimed.id)
        return .expanded(itemCount: itemCount, unchangedCount: unchangedCount)
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
