public import Storage

/// How far an ingest job is; counts are of what has really happened.
public struct IngestProgress: Sendable, Equatable {
    /// What this report is about.
    public enum Event: Sendable, Equatable {
        /// The job begins or goes on after a restart.
        case started
        /// A document and its chunks are stored and searchable. Warnings say what was repaired.
        case stored(id: String, chunkCount: Int, warnings: [String])
        /// A document was as before: nothing to do.
        case unchanged(id: String)
        /// A page of a crawl was passed over.
        case skipped(id: String, reason: String)
        /// A document could not be ingested.
        case failed(id: String, reason: String)
        /// A document that is gone from its source was removed.
        case removed(id: String)
        /// Chunks have been embedded; no document is ready yet.
        case embedded
        /// The job has ended.
        case finished
    }

    /// What this report is about.
    public var event: Event
    /// Documents that have ended, failed and unchanged ones included, of this run and earlier ones of the job.
    public var doneCount = 0
    /// All documents of the job known so far; a JSON Lines file counts once until it is opened.
    public var totalCount = 0
    /// Documents that failed.
    public var failedCount = 0
    /// Documents that were as before.
    public var unchangedCount = 0
    /// Pages that were passed over.
    public var skippedCount = 0
    /// Documents removed because they are gone from their source.
    public var removedCount = 0
    /// Chunks stored in this run.
    public var chunkCount = 0
    /// Chunks of this run whose vectors were made; the others had them already.
    public var embeddedCount = 0
    /// Tokens of the chunks embedded in this run.
    public var tokenCount = 0
    /// Bytes of the documents read in this run.
    public var byteCount = 0
    /// The time this run has taken so far.
    public var elapsed: Duration = .zero

    /// Chunks stored or embedded per second of this run.
    public var chunksPerSecond: Double {
        let seconds = elapsed / .seconds(1)
        return seconds > 0 ? Double(max(chunkCount, embeddedCount)) / seconds : 0
    }
}

/// A job that was accepted, and what was passed over on the way.
public struct IngestSubmission: Sendable {
    /// The job, stored: it survives a crash from here on.
    public var job: JobRecord
    /// Files and folders that are no part of it.
    public var skipped: [FileCollector.Skipped]
}
