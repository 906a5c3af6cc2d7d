import Foundation
public import Storage

/// One look at watched paths: what has changed since the last becomes a job, and nothing else does.
///
/// Files that were tried already and look as they did then are passed over: archives, which have no stamp in the store,
/// and files that failed, which would fail again at every change of another.
struct WatchPass {
    let service: IngestService
    let request: WatchRequest
    private var tried: [String: FileStatus] = [:]
    /// The folders in which this watch has seen documents: one that is the same and empty now was emptied.
    private var filledRoots: [String: FileStatus] = [:]

    init(_ request: WatchRequest, by service: IngestService) {
        self.request = request
        self.service = service
    }

    /// Paths that are not there now.
    var missingPaths: [String] { request.paths.filter { FileStatus($0) == nil } }

    /// Makes a job of what has changed.
    /// - Returns: nil when nothing has.
    mutating func submit() throws(IngestionError) -> JobRecord? {
        let record = try service.usable(request.collection)
        let now = FileStatus.now()
        let mode: SyncMode = request.sync == .off ? .off : hasSeenAllFilled ? .includingEmptied : .on
        let listing = try service.listing(
            of: request.paths, isRecursive: request.isRecursive, idPrefix: request.idPrefix,
            metadata: request.metadata, sync: mode, in: record)
        noteFilled(Set(listing.items.compactMap(\.origin.source)))
        var seen: [String: FileStatus] = [:]
        let changed = listing.items.filter { item in
            guard item.origin.contentHash == nil else { return false }
            guard case .path(let path) = item.payload, let status = FileStatus(path) else { return true }
            if tried[path] == status {
                seen[path] = status
                return false
            }
            // A young file may change again and look the same.
            if status.stamp(recipe: "", now: now) != nil { seen[path] = status }
            return true
        }
        let isSyncing = mode != .off && listing.scope.obstacle == nil
        let hasGone = isSyncing ? try hasGone(listing, record) : false
        tried = seen
        guard !changed.isEmpty || hasGone else { return nil }
        var scope = hasGone ? listing.scope : nil
        scope?.dropsUnchanged = true
        return try service.create(hasGone ? listing.items : changed, request.idPrefix, sync: scope, in: record)
    }

    private var hasSeenAllFilled: Bool {
        request.paths.allSatisfy { path in
            guard let status = FileStatus(path), status.kind == .folder else { return true }
            return filledRoots[path]?.inode == status.inode && filledRoots[path]?.device == status.device
        }
    }

    private mutating func noteFilled(_ sources: Set<String>) {
        for path in request.paths {
            let real = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
            if sources.contains(FileCollector.source(real, idPrefix: request.idPrefix)) {
                filledRoots[path] = FileStatus(path)
            }
        }
    }

    /// Whether documents may be gone: those that are in the scope, not listed, and in no archive that is listed.
    private func hasGone(
        _ listing: IngestService.Listing, _ collection: CollectionRecord
    ) throws(IngestionError) -> Bool {
        var ids = Set(listing.items.map(\.externalID))
        for item in listing.items where item.origin.isContainer { ids.insert(item.externalID + "/") }
        let documents: [String]
        do {
            documents = try service.store.documentIDs(in: listing.scope, of: collection.id)
        } catch {
            throw .storage(reason: error.description)
        }
        return documents.contains { id in
            if ids.contains(id) { return false }
            let isInside = id.indices.contains { index in
                (id[index] == "/" && ids.contains(String(id[...index])))
                    || (id[index] == "#" && ids.contains(id[..<index] + "/"))
            }
            return !isInside
        }
    }
}

/// What is watched, and what is done about it.
public struct WatchRequest: Sendable {
    /// Files and folders.
    public var paths: [String]
    /// Whether folders inside folders are entered.
    public var isRecursive: Bool
    /// Put before every document's id.
    public var idPrefix: String
    /// Given to every document.
    public var metadata: [String: JSONValue]
    /// Whether what is gone is removed.
    public var sync: SyncMode
    /// The collection's name.
    public var collection: String

    /// Bundles a request.
    public init(
        paths: [String], isRecursive: Bool, idPrefix: String = "", metadata: [String: JSONValue] = [:],
        sync: SyncMode = .off, collection: String
    ) {
        self.paths = paths
        self.isRecursive = isRecursive
        self.idPrefix = idPrefix
        self.metadata = metadata
        self.sync = sync
        self.collection = collection
    }
}
