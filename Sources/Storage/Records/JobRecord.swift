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

    /// Bundles the counts.
    public init(done: Int, total: Int, failed: Int, unchanged: Int, skipped: Int = 0) {
        self.done = done
        self.total = total
        self.failed = failed
        self.unchanged = unchanged
        self.skipped = skipped
    }
}

/// A job as stored.
public struct JobRecord: Sendable, Equatable, Identifiable {
    /// The row id.
    public var id: Int64
    /// The collection it works on.
    public var collectionID: Int64
    /// What it does, such as `ingest`.
    public var kind: String
    /// Where it stands.
    public var state: JobState
    /// Why it failed as a whole.
    public var error: String?
    /// What its creator wants to find again.
    public var options: [String: JSONValue]
    /// How far it is.
    public var progress: JobProgress
    /// Its items in order; empty when the record was fetched without them.
    public var items: [JobItemRecord]
    /// When it was made.
    public var createdAt: Date
    /// When its first item was taken.
    public var startedAt: Date?
    /// When it ended.
    public var finishedAt: Date?
}

extension JobRecord: Encodable {
    private enum CodingKeys: String, CodingKey {
        case id, kind, state, error, progress, items
        case createdAt = "created_at"
        case startedAt = "started_at"
        case finishedAt = "finished_at"
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
