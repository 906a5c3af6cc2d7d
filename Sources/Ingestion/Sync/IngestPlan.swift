public import Storage

/// What an ingest of files would do, found out without changing anything.
public struct IngestPlan: Sendable, Equatable {
    /// A file or document that could not be taken in.
    public struct Failure: Sendable, Equatable {
        /// Its id.
        public var id: String
        /// What is wrong with it, as far as reading it tells.
        public var reason: String
    }

    /// Documents that the collection does not have, or not in a state to be found.
    public var added: [String] = []
    /// Documents whose source is another than the one stored.
    public var changed: [String] = []
    /// Documents that are gone from their source; only of a sync.
    public var removed: [String] = []
    /// Documents that are as they were.
    public var unchangedCount = 0
    /// Files that can't be read; what can't be extracted is found by the ingest itself.
    public var failures: [Failure] = []
    /// Why a sync would remove nothing.
    public var syncNote: String?
    /// Files and folders that are no part of it.
    public var skipped: [FileCollector.Skipped] = []
}

extension IngestService {
    /// Finds out what ``submit(paths:isRecursive:idPrefix:metadata:sync:into:)`` would come to.
    ///
    /// Files that can't be known by their stamp are read, archives are opened; nothing is extracted or embedded.
    /// - Parameters:
    ///   - paths: as there, and so are the others.
    ///   - isRecursive: whether folders inside folders are entered.
    ///   - idPrefix: put before every document's id.
    ///   - metadata: given to every document.
    ///   - sync: whether what is gone would be removed.
    ///   - collection: the collection; nil for one that is still to be made.
    /// - Returns: what would be done.
    /// - Throws: `IngestionError.nothingToIngest`, `.encoderMismatch`, `.storage`.
    public func plan(
        paths: [String], isRecursive: Bool, idPrefix: String = "", metadata: [String: JSONValue] = [:],
        sync: SyncMode = .off, into collection: CollectionRecord?
    ) throws(IngestionError) -> IngestPlan {
        let items: [NewJobItem]
        var plan = IngestPlan()
        var scope = SyncScope()
        if let collection {
            _ = try usable(collection.name)
            let listing = try listing(
                of: paths, isRecursive: isRecursive, idPrefix: idPrefix, metadata: metadata, sync: sync,
                in: collection)
            guard !listing.items.isEmpty else { throw .nothingToIngest(reason: listing.emptyReason) }
            (items, plan.skipped, scope) = (listing.items, listing.skipped, listing.scope)
        } else {
            let collected = FileCollector(isRecursive: isRecursive, idPrefix: idPrefix).collect(paths)
            plan.skipped = collected.skipped
            items = collected.files.map {
                NewJobItem(externalID: $0.externalID, payload: .path(Self.absolute($0.path)), metadata: metadata)
            }
        }
        var planner = IngestPlanner(
            store: store, collection: collection, expander: ItemExpander(extractor: extractor, idPrefix: idPrefix),
            plan: plan)
        for item in items { try planner.visit(item) }
        if sync != .off, let collection {
            do { try planner.findGone(in: scope, collection) } catch { throw .storage(reason: error.description) }
        }
        return planner.plan
    }
}

/// Sorts the documents of items into those that are new, changed, and as they were.
private struct IngestPlanner {
    let store: DocumentStore
    let collection: CollectionRecord?
    let expander: ItemExpander
    var plan: IngestPlan
    private var ids: Set<String> = []

    init(store: DocumentStore, collection: CollectionRecord?, expander: ItemExpander, plan: IngestPlan) {
        self.store = store
        self.collection = collection
        self.expander = expander
        self.plan = plan
    }

    /// - Throws: `IngestionError.storage`; what is wrong with the item goes into the plan.
    mutating func visit(_ item: NewJobItem) throws(IngestionError) {
        do throws(IngestionError) {
            if let error = JobItems.error(of: item) { throw error }
            guard let kind = expander.kind(of: item) else { return try add(item) }
            var inner: [NewJobItem] = []
            _ = try expander.forEach(item, as: kind) { inner.append($0) }
            for item in inner { try visit(item) }
        } catch {
            if case .storage = error { throw error }
            plan.failures.append(IngestPlan.Failure(id: item.externalID, reason: error.description))
        }
    }

    private mutating func add(_ item: NewJobItem) throws(IngestionError) {
        let id = item.externalID
        guard ids.insert(id).inserted else { return }
        guard item.origin.contentHash == nil else { return plan.unchangedCount += 1 }
        let bytes: [UInt8]
        switch item.payload {
        case .path(let path): bytes = try SourceFile.read(path, limit: expander.extractor.byteLimit)
        case .bytes(let given): bytes = given
        }
        guard let collection else { return plan.added.append(id) }
        let stored: String?
        do {
            stored = try store.contentHash(externalID: id, in: collection.id)
        } catch {
            throw .storage(reason: error.description)
        }
        switch stored {
        case nil: plan.added.append(id)
        case ContentHash(collection).hash(of: JobItems.source(of: item, bytes: bytes)): plan.unchangedCount += 1
        default: plan.changed.append(id)
        }
    }

    mutating func findGone(in scope: SyncScope, _ collection: CollectionRecord) throws(StorageError) {
        plan.syncNote =
            scope.obstacle
            ?? plan.failures.first.map {
                "\(plan.failures.count) of its items could not be taken in (\($0.id): \($0.reason))"
            }
        guard plan.syncNote == nil else { return }
        plan.removed = try store.documentIDs(in: scope, of: collection.id).filter { !ids.contains($0) }
    }
}
