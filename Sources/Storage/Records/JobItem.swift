/// Where an item's source is.
public enum JobPayload: Sendable, Equatable {
    /// A file, read when the item's turn comes.
    case path(String)
    /// The bytes themselves, kept in the database until the item is done.
    case bytes([UInt8])
}

/// What is known of an item's source beside its bytes.
public struct JobItemOrigin: Sendable, Equatable {
    /// The folder or file that it was found by, and the prefix of the ids: what a sync compares; nil for uploads.
    public var source: String?
    /// What its file looked like when it was listed; nil where that can't tell versions apart.
    public var stamp: String?
    /// The source's size, as far as it is known before it is read.
    public var byteCount: Int?
    /// Whether other items may come in its place, as with an archive.
    public var isContainer: Bool
    /// The source's hash where it is known already: an item whose document is stored with it has nothing to do.
    public var contentHash: String?

    /// Bundles what is known; nothing by default.
    public init(
        source: String? = nil, stamp: String? = nil, byteCount: Int? = nil, isContainer: Bool = false,
        contentHash: String? = nil
    ) {
        self.source = source
        self.stamp = stamp
        self.byteCount = byteCount
        self.isContainer = isContainer
        self.contentHash = contentHash
    }
}

/// An item to add to a job.
public struct NewJobItem: Sendable, Equatable {
    /// The document it makes.
    public var externalID: String
    /// Where its source is.
    public var payload: JobPayload
    /// The source's media type, when its sender said so.
    public var contentType: String?
    /// The source's file name, when there is one.
    public var fileName: String?
    /// The title its sender gave.
    public var title: String?
    /// Where the source lives.
    public var url: String?
    /// The owner's fields.
    public var metadata: [String: JSONValue]
    /// What is known of the source beside its bytes.
    public var origin: JobItemOrigin

    /// Describes an item.
    public init(
        externalID: String, payload: JobPayload, contentType: String? = nil, fileName: String? = nil,
        title: String? = nil, url: String? = nil, metadata: [String: JSONValue] = [:],
        origin: JobItemOrigin = JobItemOrigin()
    ) {
        self.externalID = externalID
        self.payload = payload
        self.contentType = contentType
        self.fileName = fileName
        self.title = title
        self.url = url
        self.metadata = metadata
        self.origin = origin
    }
}

/// An item taken by a worker, with all that is needed to do it.
public struct ClaimedItem: Sendable, Equatable, Identifiable {
    /// The row id.
    public var id: Int64
    /// The job.
    public var jobID: Int64
    /// The collection the job works on.
    public var collectionID: Int64
    /// How often the item has been taken, this time included; more than 1 after a crash.
    public var attempt: Int
    /// The item as it was added.
    public var item: NewJobItem
}
