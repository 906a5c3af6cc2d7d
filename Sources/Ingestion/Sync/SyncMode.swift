/// Whether an ingest removes documents that are gone from where they came from.
public enum SyncMode: Sendable, Equatable {
    /// Nothing is removed.
    case off
    /// Documents that are gone are removed; a folder that holds no document at all removes nothing, for what it should
    /// show may be missing as a whole, such as a disk that isn't mounted.
    case on
    /// As `on`, and an empty folder means that all of its documents are gone: for who has seen them go.
    case includingEmptied
}
