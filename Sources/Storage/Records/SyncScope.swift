/// Which documents a job may remove when it ends: those of its sources that are no longer there.
///
/// A document is in the scope when it was last ingested from one of `sources`, or its id begins with one of `prefixes`;
/// and its id begins with none of `keeping`.
public struct SyncScope: Sendable, Equatable, Codable {
    /// Sources as their items have them (``JobItemOrigin/source``).
    public var sources: [String]
    /// Beginnings of ids, such as `shop.zip/`.
    public var prefixes: [String]
    /// Beginnings of ids that were not looked for, such as a folder that was not entered.
    public var keeping: [String]
    /// Why nothing may be removed, known from the start; one line.
    public var obstacle: String?
    /// Whether the job forgets its unchanged items at the end, when it is one of many over the same files.
    public var dropsUnchanged: Bool

    /// Bundles a scope; empty, it removes nothing.
    public init(
        sources: [String] = [], prefixes: [String] = [], keeping: [String] = [], obstacle: String? = nil,
        dropsUnchanged: Bool = false
    ) {
        self.sources = sources
        self.prefixes = prefixes
        self.keeping = keeping
        self.obstacle = obstacle
        self.dropsUnchanged = dropsUnchanged
    }
}

/// What one step of a sync did.
public struct SyncStep: Sendable, Equatable {
    /// Documents that the step has removed.
    public var removed: [String]
    /// Whether nothing is left to do for the sync: it is through, was not allowed to remove, or the job has ended.
    public var isDone: Bool
}

/// What the store knows of a document's file.
public struct DocumentStamp: Sendable, Equatable {
    /// What the file looked like.
    public var stamp: String
    /// The stored document's hash.
    public var contentHash: String
}
