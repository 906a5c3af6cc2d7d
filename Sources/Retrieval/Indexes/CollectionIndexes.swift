import Foundation
import LexicalIndex
import Logging
import Storage
import Synchronization
import Tensors
import VectorIndex

/// One collection's vector and lexical index: loaded or built, caught up with the database, saved.
///
/// SQLite is the truth and the indexes are caches of it. Whatever is wrong with a snapshot costs time, never an error:
///
///     snapshot file ──load──▶ index at watermark w ──changes after w──▶ up to date
///          │ missing, damaged, other encoder or analyser, other collection, newer than the database, log pruned
///          ▼
///     all chunks in pieces ──▶ index at the watermark read first ──changes after it──▶ up to date
///
/// Of a large collection that first index compares every vector and is there at once; ``buildGraph()`` makes the graph
/// beside it and takes its place. ``Legs/remarks`` says what was wrong with the snapshots.
///
/// Applying a change twice does no harm, because ids are never reused and a chunk's text never changes under its id.
/// Searches run while changes are applied; one thread at a time applies them.
final class CollectionIndexes: Sendable {
    /// Chunks per piece of a build: a few megabytes.
    static let buildBatch = 2_000
    /// Changes per piece of a catch-up.
    static let changeBatch = 1_000
    /// Changes kept in the log behind the last snapshot, for other processes' indexes to catch up by.
    static let changeReserve: Int64 = 100_000

    /// The two indexes and how far each has come.
    struct Legs: Sendable {
        var vectors: any VectorSearching
        var lexical: any PersistentLexicalIndex
        var vectorWatermark: Int64
        var lexicalWatermark: Int64
        /// Changes since the last snapshot; `Int.max` when there is no valid one.
        var unsavedChangeCount: Int
        /// Why the snapshots could not be used, the last time they were opened or held too little.
        var remarks: [IndexRemark] = []
        /// Whether every vector is compared, because the graph is still to be built.
        var isExact = false

        var watermark: Int64 { min(vectorWatermark, lexicalWatermark) }
    }

    let collection: CollectionRecord
    private let store: any DocumentStoring
    private let factory: any IndexFactory
    private let folder: String
    private let rules: IndexRules
    private let logger: Logger
    private let legs: Mutex<Legs>
    /// Held by the one thread that applies changes, rebuilds or saves.
    private let updating = Mutex(())

    /// Opens the collection's indexes and brings them up to date.
    /// - Parameters:
    ///   - collection: the collection.
    ///   - store: the truth.
    ///   - factory: makes and loads indexes.
    ///   - folder: where the collection's snapshots are; made when one is written.
    ///   - rules: when to build in the background and when to save.
    ///   - logger: gets a line when a snapshot can't be used, and one when a build is done.
    /// - Throws: ``RetrievalError/storage(_:)`` when the database can't be read.
    init(
        opening collection: CollectionRecord, store: any DocumentStoring, factory: any IndexFactory, folder: String,
        rules: IndexRules = IndexRules(), logger: Logger
    ) throws(RetrievalError) {
        self.collection = collection
        self.store = store
        self.factory = factory
        self.folder = folder
        self.rules = rules
        self.logger = logger
        let builder = IndexBuilder(
            collection: collection, store: store, factory: factory, folder: folder, rules: rules, logger: logger)
        legs = Mutex(try builder.open())
        try catchUp()
        try mendIfIncomplete()
    }

    private var builder: IndexBuilder {
        IndexBuilder(
            collection: collection, store: store, factory: factory, folder: folder, rules: rules, logger: logger)
    }

    /// The indexes as they are; searches use one value throughout.
    var current: Legs { legs.withLock { $0 } }

    /// Applies all changes committed before the call.
    func catchUp() throws(RetrievalError) {
        guard try isBehind(by: 1) else { return }
        try updating.withLock { _ throws(RetrievalError) in try applyChanges() }
    }

    /// Applies changes when there are at most `count` and nobody else is at it.
    /// - Returns: whether nothing is left to apply.
    func catchUp(ifAtMost count: Int) throws(RetrievalError) -> Bool {
        guard try isBehind(by: 1) else { return true }
        if try isBehind(by: count + 1) { return false }
        let done: Void? = try updating.withLockIfAvailable { _ throws(RetrievalError) in try applyChanges() }
        return done != nil
    }

    private func isBehind(by count: Int) throws(RetrievalError) -> Bool {
        let watermark = current.watermark
        do {
            if count == 1 { return try store.latestSequence(in: collection.id) > watermark }
            return try store.changes(after: watermark, in: collection.id, limit: count).count >= count
        } catch .changesPruned {
            return true
        } catch {
            throw .storage(error)
        }
    }

    private func applyChanges() throws(RetrievalError) {
        while true {
            do throws(RetrievalError) {
                guard let next = try advanced(current) else { return }
                legs.withLock { $0 = next }
            } catch .storage(.changesPruned(let sequence)) {
                logger.notice("the change log starts after the index: rebuilding", metadata: metadata(sequence))
                try rebuild(IndexRemark(file: nil, reason: "the change log starts after the index"))
            }
        }
    }

    /// `legs` with the next changes applied; nil when there are none.
    private func advanced(_ legs: Legs) throws(RetrievalError) -> Legs? {
        let changes: [ChunkChange]
        do {
            changes = try store.changes(after: legs.watermark, in: collection.id, limit: Self.changeBatch)
        } catch {
            throw .storage(error)
        }
        guard let last = changes.last else { return nil }
        try apply(changes, to: legs)
        var next = legs
        next.vectorWatermark = max(legs.vectorWatermark, last.sequence)
        next.lexicalWatermark = max(legs.lexicalWatermark, last.sequence)
        next.unsavedChangeCount = legs.unsavedChangeCount.addingClamped(changes.count)
        return next
    }

    /// Builds the graph that is missing while searches compare every vector, and lets them go on there.
    /// - Throws: ``RetrievalError/storage(_:)`` when the database can't be read; searches stay exact then.
    func buildGraph() throws(RetrievalError) {
        while current.isExact {
            let built = try builder.buildGraph()
            do throws(RetrievalError) {
                try updating.withLock { _ throws(RetrievalError) in
                    var legs = current
                    (legs.vectors, legs.vectorWatermark, legs.isExact) = (built.index, built.watermark, false)
                    while let next = try advanced(legs) { legs = next }
                    self.legs.withLock { $0 = legs }
                }
            } catch .storage(.changesPruned(let sequence)) {
                logger.notice("the change log starts after the new graph: once more", metadata: metadata(sequence))
            }
        }
    }

    private func apply(_ changes: [ChunkChange], to legs: Legs) throws(RetrievalError) {
        var latest: [Int64: ChunkChange] = [:]
        for change in changes { latest[change.chunkID] = change }
        let removed = latest.values.filter { $0.kind == .removed }.map(\.chunkID).sorted()
        legs.vectors.remove(removed)
        legs.lexical.remove(removed)
        let inserted = latest.values.filter { $0.kind == .inserted }
        // A chunk that is gone by now is not among the entries; its removal follows in the log.
        let entries: [IndexEntry]
        do { entries = try store.indexEntries(ids: inserted.map(\.chunkID)) } catch { throw .storage(error) }
        let fresh = entries.filter { (latest[$0.id]?.sequence ?? 0) > legs.vectorWatermark }
        try IndexBuilder.insert(fresh, into: legs.vectors, logger)
        let unread = entries.filter { (latest[$0.id]?.sequence ?? 0) > legs.lexicalWatermark }
        legs.lexical.insert(unread.map { ($0.id, $0.embeddedText) })
    }

    private func rebuild(_ remark: IndexRemark) throws(RetrievalError) {
        var built = try builder.build()
        built.remarks = current.remarks + [remark]
        legs.withLock { $0 = built }
    }

    /// Rebuilds when the indexes do not hold as many chunks as the database, such as after a restored backup.
    private func mendIfIncomplete() throws(RetrievalError) {
        let current = current
        let remark: IndexRemark
        do {
            let count = try store.chunkCount(in: collection.id)
            // Counts can only be compared while nobody writes.
            guard try store.latestSequence(in: collection.id) == current.watermark,
                current.vectors.count != count || current.lexical.count != count
            else { return }
            remark = IndexRemark(
                file: nil,
                reason: "the indexes hold \(current.vectors.count) and \(current.lexical.count) of \(count) chunks")
            logger.notice("\(remark.reason): rebuilding", metadata: metadata(current.watermark))
        } catch {
            throw .storage(error)
        }
        try updating.withLock { _ throws(RetrievalError) in
            try rebuild(remark)
            try applyChanges()
        }
    }

    /// Whether so much has changed since the last snapshot that the next start would feel it.
    var isWorthSaving: Bool {
        let current = current
        return current.unsavedChangeCount >= max(rules.snapshotChanges, current.vectors.count / 4)
    }

    /// Writes both snapshots when anything has changed since the last ones, and lets go of changes nobody needs.
    /// - Throws: what the disk or the database reports; the indexes and earlier snapshots stay usable.
    func save() throws {
        try updating.withLock { _ in
            // A collection deleted meanwhile must not leave a folder behind.
            _ = try store.collection(id: collection.id)
            let current = current
            // Until its graph is built a collection has nothing to save that is dear to make.
            guard current.unsavedChangeCount > 0, let vectors = current.vectors as? any PersistentVectorIndex else {
                return
            }
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try Self.setAsideFolders(at: [IndexBuilder.lexicalPath(folder), IndexBuilder.vectorPath(folder)])
            try current.lexical.save(
                to: IndexBuilder.lexicalPath(folder),
                stamp: SnapshotStamp(
                    collectionID: collection.id, fingerprint: factory.lexicalFingerprint,
                    watermark: current.lexicalWatermark))
            try vectors.save(
                to: IndexBuilder.vectorPath(folder),
                stamp: SnapshotStamp(
                    collectionID: collection.id, fingerprint: collection.encoderFingerprint,
                    watermark: current.vectorWatermark))
            legs.withLock { $0.unsavedChangeCount = 0 }
            let sequence = current.watermark - Self.changeReserve
            if sequence > 0 { try store.pruneChanges(through: sequence, in: collection.id) }
        }
    }

    /// Moves folders away that stand where a snapshot goes; they are somebody's, so they are kept.
    private static func setAsideFolders(at paths: [String]) throws {
        for path in paths {
            let type = (try? FileManager.default.attributesOfItem(atPath: path))?[.type] as? FileAttributeType
            guard type == .typeDirectory else { continue }
            let target = "\(path).set-aside-\(UUID().uuidString.lowercased())"
            try FileManager.default.moveItem(atPath: path, toPath: target)
        }
    }

    private func metadata(_ sequence: Int64) -> Logger.Metadata {
        ["collection": "\(collection.name)", "sequence": "\(sequence)"]
    }
}

extension Int {
    /// The sum, or the greatest value when it does not fit.
    func addingClamped(_ other: Int) -> Int {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
