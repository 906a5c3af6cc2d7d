public import Foundation

/// Where a job stands.
public enum JobState: String, Sendable, Codable, CaseIterable {
    /// Waits for its first item to be taken.
    case queued
    /// Has started and not ended; also after a crash, until it is resumed.
    case running
    /// Every item is done and at least one did not fail, or there was none.
    case succeeded
    /// Every item failed, or the job could not go on.
    case failed
    /// Stopped on request; items already done stay done.
    case cancelled

    /// Whether the job has ended.
    public var isFinal: Bool { self == .succeeded || self == .failed || self == .cancelled }
}

/// Where one item of a job stands.
public enum JobItemState: String, Sendable, Codable, CaseIterable {
    /// Waits.
    case queued
    /// Taken by a worker.
    case running
    /// Done.
    case succeeded
    /// Nothing had to be done: the source is as it was.
    case unchanged
    /// Passed over for a reason that is no failure, such as a page that is no document.
    case skipped
    /// Could not be done.
    case failed
    /// The job was cancelled before its turn.
    case cancelled
}

/// How far a job is.
public struct JobProgress: Sendable, Equatable, Encodable {
    /// Items that have ended, failed ones included.
    public var done: Int
    /// All items.
    public var total: Int
    /// Items that failed.
    public var failed: Int
    /// Items whose source was as before.
    public var unchanged: Int
    /// Items that were passed over.
    public var skipped: Int
    /// Documents that a sync has removed.
    public var removed: Int
    /// Whether `total` counts all: an archive that is still to be opened may add items.
    public var isTotalFinal: Bool

    /// Bundles the counts.
    public init(
        done: Int, total: Int, failed: Int, unchanged: Int, skipped: Int = 0, removed: Int = 0,
        isTotalFinal: Bool = true
    ) {
        self.done = done
        self.total = total
        self.failed = failed
        self.unchanged = unchanged
        self.skipped = skipped
        self.removed = removed
        self.isTotalFinal = isTotalFinal
    }

    private enum CodingKeys: String, CodingKey {
        case done, total, failed, unchanged, skipped, removed
        case isTotalFinal = "total_is_final"
    }
}

/// A job as stored.
public struct JobRecord: Sendable, Equatable, Identifiable {
    /// The row id.
    public var id: Int64
    /// The collection it works on.
    public var collectionID: Int64
    /// That collection's name.
    public var collectionName: String
    /// What it does, such as `ingest`.
    public var kind: String
    /// Where it stands.
    public var state: JobState
    /// Whether it waits to be resumed; only a job that has not ended can be.
    public var isPaused: Bool
    /// Why it failed as a whole.
    public var error: String?
    /// What its creator wants to find again.
    public var options: [String: JSONValue]
    /// How far it is.
    public var progress: JobProgress
    /// How fast it is; nil for a job that does not run, or has only begun.
    public var pace: JobPace?
    /// Whether it removes documents that are gone from their source.
    public var isSync: Bool
    /// Why a sync has removed nothing though it may have found something gone.
    public var syncNote: String?
    /// Its items in order; empty when the record was fetched without them.
    public var items: [JobItemRecord]
    /// Ids of the documents that a sync has removed; empty when the record was fetched without items.
    public var removed: [String]
    /// When it was made.
    public var createdAt: Date
    /// When its first item was taken.
    public var startedAt: Date?
    /// When it ended.
    public var finishedAt: Date?
}

extension JobRecord: Encodable {
    private enum CodingKeys: String, CodingKey {
        case id, kind, collection, state, paused, error, progress, rate, items, removed, sync
        case secondsLeft = "eta_s"
        case syncNote = "not_removed_reason"
        case createdAt = "created_at"
        case startedAt = "started_at"
        case finishedAt = "finished_at"
    }

    /// Writes the job as the API shows it; without items, if it was fetched without them.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(kind, forKey: .kind)
        try container.encode(collectionName, forKey: .collection)
        try container.encode(state, forKey: .state)
        try container.encode(isPaused, forKey: .paused)
        try container.encodeIfPresent(error, forKey: .error)
        try container.encode(progress, forKey: .progress)
        try container.encodeIfPresent(pace?.itemsPerSecond, forKey: .rate)
        try container.encodeIfPresent(pace?.secondsLeft, forKey: .secondsLeft)
        if !items.isEmpty || progress.total == 0 { try container.encode(items, forKey: .items) }
        if isSync {
            try container.encode(true, forKey: .sync)
            if removed.count == progress.removed { try container.encode(removed, forKey: .removed) }
            try container.encodeIfPresent(syncNote, forKey: .syncNote)
        }
        try container.encode(createdAt, forKey: .createdAt)
        try container.encodeIfPresent(startedAt, forKey: .startedAt)
        try container.encodeIfPresent(finishedAt, forKey: .finishedAt)
    }
}

/// One page of a listing of jobs.
public struct JobPage: Sendable, Equatable, Encodable {
    /// The jobs without their items, newest first.
    public var jobs: [JobRecord]
    /// What to pass for the next page; nil on the last one.
    public var nextCursor: String?

    private enum CodingKeys: String, CodingKey {
        case jobs
        case nextCursor = "next_cursor"
    }
}

/// One item of a job as stored.
public struct JobItemRecord: Sendable, Equatable, Identifiable {
    /// The row id.
    public var id: Int64
    /// The document it makes; what the API calls `id`.
    public var externalID: String
    /// Where it stands.
    public var state: JobItemState
    /// Why it failed.
    public var error: String?
    /// How long the work on it took.
    public var duration: Duration?
    /// Chunks stored for it.
    public var chunkCount: Int?
}

extension JobItemRecord: Encodable {
    private enum CodingKeys: String, CodingKey {
        case externalID = "id"
        case state, error
        case duration = "duration_ms"
        case chunkCount = "chunks"
    }

    /// Writes the item as the API shows it.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(externalID, forKey: .externalID)
        try container.encode(state, forKey: .state)
        try container.encodeIfPresent(error, forKey: .error)
        try container.encodeIfPresent(duration.map { ($0 / .milliseconds(1)).rounded() }, forKey: .duration)
        try container.encodeIfPresent(chunkCount, forKey: .chunkCount)
    }
}
