/// Where an item's source is.
public enum JobPayload: Sendable, Equatable {
    /// A file, read when the item's turn comes.
    case path(String)
    /// The bytes themselves, kept in the database until the item is done.
    case bytes([UInt8])
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

    /// Describes an item.
    public init(
        externalID: String, payload: JobPayload, contentType: String? = nil, fileName: String? = nil,
        title: String? = nil, url: String? = nil, metadata: [String: JSONValue] = [:]
    ) {
        self.externalID = externalID
        self.payload = payload
        self.contentType = contentType
        self.fileName = fileName
        self.title = title
        self.url = url
        self.metadata = metadata
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
