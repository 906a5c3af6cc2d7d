/// When a collection's indexes are built in the background, and when they are saved.
public struct IndexRules: Sendable {
    /// Changes after which snapshots are written, though never before a quarter of the collection has changed.
    public var snapshotChanges: Int
    /// Chunks from which on a collection without a usable snapshot is searched exactly while its graph is built.
    public var exactFrom: Int

    /// The defaults suit collections of any size: 2,000 vectors make a graph in a fraction of a second.
    public init(snapshotChanges: Int = 5_000, exactFrom: Int = 2_000) {
        self.snapshotChanges = snapshotChanges
        self.exactFrom = exactFrom
    }
}

/// Why an index had to be built from the database.
public struct IndexRemark: Sendable, Equatable, Encodable {
    /// The snapshot's file name; nil where it is about no file.
    public var file: String?
    /// What was wrong, in one line.
    public var reason: String
    /// Whether there simply was no snapshot.
    public var isMissing = false

    private enum CodingKeys: String, CodingKey { case file, reason }
}
