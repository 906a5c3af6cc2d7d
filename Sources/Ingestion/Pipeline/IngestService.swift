public import Encoders
public import Foundation
public import Logging
public import Storage

/// Ingests documents as durable jobs: accepted work is done, by this process or the next.
///
/// ```swift
/// let submission = try service.submit(paths: ["docs"], isRecursive: true, into: "manual")
/// let job = try await service.run(submission.job.id) { print($0.doneCount, "of", $0.totalCount) }
/// ```
/// Ingesting is idempotent: a document is known by its external id, and one whose bytes, sender's data, versions and
/// settings hash to what is stored costs that hash. So a job may be run again after any crash.
public final class IngestService: Sendable {
    /// The `kind` of the jobs made here.
    public static let jobKind = "ingest"
    /// The `kind` of crawls.
    public static let crawlKind = "crawl"
    /// The kinds of jobs that ``run(_:progress:)`` does.
    public static let jobKinds: Set<String> = [jobKind, crawlKind]

    /// Larger uploads are hashed when the job runs, not by whoever waits for it to be accepted.
    private static let mostHashedBytes = 4 << 20

    /// What crawls may do.
    public let crawlPolicy: CrawlPolicy
    let store: DocumentStore
    let embedder: any TextEmbedding
    let extractor: DocumentExtractor
    private let parserCount: Int
    private let logger: Logger
    private let onCommit: @Sendable (_ collectionID: Int64) -> Void

    /// Makes a service.
    /// - Parameters:
    ///   - store: where documents and jobs are kept.
    ///   - embedder: the encoder; collections bound to another one are refused.
    ///   - extractor: reads documents; holds the size limit.
    ///   - parserCount: documents read side by side with the embedding, 1 or more; default 2.
    ///   - crawlPolicy: what crawls may do; public addresses alone by default.
    ///   - logger: hears of jobs and failed documents.
    ///   - onCommit: called after documents of a collection were stored, so that its indexes catch up; from any thread.
    public init(
        store: DocumentStore, embedder: any TextEmbedding, extractor: DocumentExtractor = DocumentExtractor(),
        parserCount: Int = 2, crawlPolicy: CrawlPolicy = CrawlPolicy(), logger: Logger,
        onCommit: @escaping @Sendable (_ collectionID: Int64) -> Void
    ) {
        self.store = store
        self.embedder = embedder
        self.extractor = extractor
        self.parserCount = max(1, parserCount)
        self.crawlPolicy = crawlPolicy
        self.logger = logger
        self.onCommit = onCommit
    }

    /// Accepts files and folders as a job; nothing but the folders is read yet.
    ///
    /// A path that doesn't exist or can't be read becomes an item that fails with the reason.
    /// - Parameters:
    ///   - paths: files, folders, JSON Lines files.
    ///   - isRecursive: whether folders inside folders are entered.
    ///   - idPrefix: put before every document's id.
    ///   - metadata: given to every document.
    ///   - sync: whether documents that came from these paths before, and are gone from there, are removed, and when.
    ///   - collection: the collection's name.
    /// - Returns: the job, stored, and what was passed over. Files that are as they were have ended in it already.
    /// - Throws: `IngestionError.nothingToIngest` when no path holds any file, `.encoderMismatch`, `.storage`.
    public func submit(
        paths: [String], isRecursive: Bool, idPrefix: String = "", metadata: [String: JSONValue] = [:],
        sync: SyncMode = .off, into collection: String
    ) throws(IngestionError) -> IngestSubmission {
        let record = try usable(collection)
        let listing = try listing(
            of: paths, isRecursive: isRecursive, idPrefix: idPrefix, metadata: metadata, sync: sync, in: record)
        guard !listing.items.isEmpty || sync == .includingEmptied else {
            throw .nothingToIngest(reason: listing.emptyReason)
        }
        let job = try create(listing.items, idPrefix, sync: sync == .off ? nil : listing.scope, in: record)
        return IngestSubmission(job: job, skipped: listing.skipped)
    }

    /// Accepts documents given as bytes as a job; they are kept in the store until they are done.
    ///
    /// Documents that are stored with the same bytes have ended in it already.
    /// - Parameters:
    ///   - documents: the documents, and files that hold several.
    ///   - sync: which documents that are not among them are removed at the end; nil: none.
    ///   - collection: the collection's name.
    /// - Returns: the job, stored.
    /// - Throws: `IngestionError.nothingToIngest`, `.encoderMismatch`, `.storage`.
    public func submit(
        documents: [SourceDocument], sync: SyncScope? = nil, into collection: String
    ) throws(IngestionError) -> JobRecord {
        let record = try usable(collection)
        guard !documents.isEmpty else { throw .nothingToIngest(reason: "no document was given") }
        let hash = ContentHash(record)
        let items = documents.map { document in
            var item = JobItems.item(of: document)
            item.origin.isContainer = JobItems.containerFormat(item) != nil
            if document.bytes.count <= Self.mostHashedBytes { item.origin.contentHash = hash.hash(of: item) }
            return item
        }
        return try create(items, "", sync: sync, in: record)
    }

    /// Accepts JSON Lines from a stream, such as standard input; see ``JSONLines`` for the form of a line.
    /// - Parameters:
    ///   - handle: read to its end in bounded memory.
    ///   - name: stands for the file's id where a line has none.
    ///   - idPrefix: put before the ids of the lines.
    ///   - metadata: given to every document that has no value of its own.
    ///   - sync: whether documents that came from a stream with this name and prefix, and are not in it, are removed.
    ///   - collection: the collection's name.
    /// - Returns: the job, stored.
    /// - Throws: `IngestionError.nothingToIngest`, `.unreadable`, `.encoderMismatch`, `.storage`. A bad line becomes an
    ///   item that fails.
    public func submit(
        jsonLines handle: FileHandle, name: String = "stdin", idPrefix: String = "",
        metadata: [String: JSONValue] = [:], sync: SyncMode = .off, into collection: String
    ) throws(IngestionError) -> JobRecord {
        let record = try usable(collection)
        let source = FileCollector.source(name, idPrefix: idPrefix)
        let hash = ContentHash(record)
        var reader = LineReader(handle, lineLimit: extractor.byteLimit)
        var job: JobRecord?
        var batch: [NewJobItem] = []
        var bytes = 0
        func flush() throws(IngestionError) {
            guard !batch.isEmpty else { return }
            if let job {
                do { try store.addItems(batch, to: job.id) } catch { throw .storage(reason: error.description) }
            } else {
                // Open until all lines are in it: it may remove nothing before.
                let unread = SyncScope(obstacle: "the input was not read to its end")
                job = try create(batch, idPrefix, sync: unread, in: record)
            }
            batch = []
            bytes = 0
        }
        while let line = try reader.next() {
            var item = JobItems.item(
                of: line, name: idPrefix + name, prefix: idPrefix, metadata: metadata, limit: extractor.byteLimit)
            item.origin.source = source
            item.origin.contentHash = hash.hash(of: item)
            if case .bytes(let payload) = item.payload { bytes += payload.count }
            batch.append(item)
            if batch.count >= 256 || bytes >= 8 << 20 { try flush() }
        }
        try flush()
        guard let job else { throw .nothingToIngest(reason: "the input is empty") }
        do {
            try store.setSync(sync == .off ? nil : SyncScope(sources: [source]), of: job.id)
        } catch {
            throw Self.error(error)
        }
        return try self.job(job.id)
    }

    /// Does a job to its end, or goes on with one that a crash or shutdown interrupted.
    ///
    /// When the calling task is cancelled the job is let go of, to be resumed later; ``cancel(_:)`` ends it for good.
    /// - Parameters:
    ///   - jobID: the job.
    ///   - progress: called after each document and batch, from the calling task.
    /// - Returns: the job as stored, with its items and their errors.
    /// - Throws: `IngestionError.unknownJob`, `.encoderMismatch`, `.storage`. A document's failure is no error of the job.
    @discardableResult
    public func run(
        _ jobID: Int64, progress: (IngestProgress) -> Void = { _ in }
    ) async throws(IngestionError) -> JobRecord {
        let job = try self.job(jobID)
        if job.state.isFinal { return job }
        let collection: CollectionRecord
        do { collection = try store.collection(id: job.collectionID) } catch {
            throw .storage(reason: error.description)
        }
        try check(collection)
        let embedder = embedder
        let chunker = Chunker(settings: collection.chunking, maxTokenCount: embedder.maxTokenCount) {
            embedder.tokenCount(of: $0)
        }
        let crawler = try crawler(of: job)
        let preparer = DocumentPreparer(
            store: store, embedder: embedder, extractor: extractor, chunker: chunker, collection: collection,
            jobID: jobID, idPrefix: job.options["id_prefix"]?.stringValue ?? "", crawler: crawler)
        let pipeline = IngestPipeline(
            store: store, embedder: embedder, preparer: preparer, logger: logger, parserCount: parserCount,
            onCommit: onCommit)
        logger.info("ingest job starts", metadata: ["job": "\(jobID)", "items": "\(job.progress.total)"])
        do throws(IngestionError) {
            let result: Result<Void, IngestionError> = await withTaskCancellationHandler {
                do throws(IngestionError) {
                    return .success(try await pipeline.run(job, progress: progress))
                } catch {
                    return .failure(error)
                }
            } onCancel: {
                crawler?.stop()
            }
            try result.get()
        } catch {
            logger.error("ingest job stopped", metadata: ["job": "\(jobID)", "reason": "\(error)"])
            try? store.releaseJob(jobID)
            throw error
        }
        var ended = try self.job(jobID)
        if !ended.state.isFinal {
            // Cancelled or paused: what it has taken and not finished waits again.
            try? store.releaseJob(jobID)
            ended = try self.job(jobID)
        }
        logger.info(
            "ingest job ends",
            metadata: ["job": "\(jobID)", "state": "\(ended.state)", "failed": "\(ended.progress.failed)"])
        return ended
    }

    /// Goes on with all ingest jobs that have not ended, oldest first.
    /// - Returns: the jobs, as they ended.
    /// - Throws: as ``run(_:progress:)``, after the first job that can't go on.
    @discardableResult
    public func resumeUnfinished(
        progress: (IngestProgress) -> Void = { _ in }
    ) async throws(IngestionError) -> [JobRecord] {
        let unfinished: [JobRecord]
        do { unfinished = try store.unfinishedJobs() } catch { throw .storage(reason: error.description) }
        var ended: [JobRecord] = []
        for job in unfinished where Self.jobKinds.contains(job.kind) {
            ended.append(try await run(job.id, progress: progress))
        }
        return ended
    }

    /// Ends a job: what is stored stays, what waits is dropped, what is in the middle may still end.
    /// - Throws: `IngestionError.unknownJob`, `.storage`.
    @discardableResult
    public func cancel(_ jobID: Int64) throws(IngestionError) -> JobRecord {
        do { return try store.cancelJob(jobID) } catch { throw Self.error(error) }
    }

    private func job(_ id: Int64) throws(IngestionError) -> JobRecord {
        do { return try store.job(id: id) } catch { throw Self.error(error) }
    }

    private static func error(_ error: StorageError) -> IngestionError {
        if case .jobNotFound(let id) = error { return .unknownJob(id: id) }
        return .storage(reason: error.description)
    }

    func usable(_ name: String) throws(IngestionError) -> CollectionRecord {
        let record: CollectionRecord
        do { record = try store.collection(named: name) } catch { throw .storage(reason: error.description) }
        try check(record)
        return record
    }

    private func check(_ collection: CollectionRecord) throws(IngestionError) {
        guard embedder.matches(collection.encoderFingerprint) else {
            throw .encoderMismatch(collection: collection.encoder, loaded: embedder.modelName)
        }
    }

    /// Accepts a crawl as a job; nothing is fetched yet.
    /// - Parameters:
    ///   - settings: where it starts and how far it may go.
    ///   - collection: the collection's name.
    /// - Returns: the job, stored, with the start as its first item.
    /// - Throws: `IngestionError.invalidCrawl`, `.privateAddress`, `.encoderMismatch`, `.storage`.
    public func submit(crawl settings: CrawlSettings, into collection: String) throws(IngestionError) -> JobRecord {
        var settings = settings
        try settings.validate()
        try crawlPolicy.check(settings)
        let record = try usable(collection)
        let start = NewJobItem(
            externalID: settings.url, payload: .bytes([]), url: settings.url, metadata: settings.metadata,
            origin: JobItemOrigin(isContainer: true))
        do {
            return try store.createJob(
                kind: Self.crawlKind, in: record.id, options: settings.options, items: [start])
        } catch {
            throw .storage(reason: error.description)
        }
    }

    /// The crawler of a crawl's job, nil for other jobs.
    private func crawler(of job: JobRecord) throws(IngestionError) -> Crawler? {
        guard job.kind == Self.crawlKind else { return nil }
        return Crawler(
            store: store, job: job, settings: try CrawlSettings(options: job.options), policy: crawlPolicy,
            logger: logger)
    }

    func create(
        _ items: [NewJobItem], _ prefix: String, sync: SyncScope?, in collection: CollectionRecord
    ) throws(IngestionError) -> JobRecord {
        do {
            return try store.createJob(
                kind: Self.jobKind, in: collection.id, options: ["id_prefix": .string(prefix)], sync: sync,
                items: items)
        } catch {
            throw .storage(reason: error.description)
        }
    }

    /// A path that still means the same when the job is resumed from elsewhere.
    static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : URL(fileURLWithPath: path).path
    }
}
