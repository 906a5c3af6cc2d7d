public import Encoders
import Foundation
public import Kernels
public import Logging
public import Storage
import Synchronization

/// Searches collections: opens their indexes, keeps them up to date with the database, fuses their answers.
///
/// Indexes are opened on first use, in the background and once, whoever waits for them. Searches run on a bounded
/// ``ComputeQueue``; opening, catching up and saving on another one, so that a long build of one collection keeps no
/// other collection's searches waiting.
///
/// After a commit call ``noteCommit(_:)``, which returns at once, or wait for ``refresh(_:)``, after which every search
/// sees the commit. Commits of other processes are noticed by the next search: a few changes are applied on the spot,
/// many in the background. Chunks that are gone are never returned, because the hits' texts come from the database.
public final class SearchService: Sendable {
    /// Changes that a search applies itself rather than answer without them.
    static let inlineChangeCount = 64

    private struct State {
        var open: [Int64: CollectionIndexes] = [:]
        var opening: [Int64: Task<CollectionIndexes, any Error>] = [:]
        var filters: [Int64: FilterCache] = [:]
        /// Collections whose background refresh has not begun yet.
        var waitingRefreshes: Set<Int64> = []
        /// Graphs that are being built while searches are exact.
        var building: [Int64: Task<Void, Never>] = [:]
    }

    let store: any DocumentStoring
    private let embedder: QueryEmbedder
    let dataDirectory: String
    private let pool: ThreadPool
    let queue: ComputeQueue
    let rerankers: RerankerSource?
    private let maintenance: ComputeQueue
    /// One graph is built at a time, with all threads, and keeps nothing else waiting.
    private let building = ComputeQueue(label: "graph building", workerCount: 1, depth: 1_024)
    private let factory: any IndexFactory
    let rules: IndexRules
    private let logger: Logger
    private let state = Mutex(State())

    /// Wires the service; nothing is opened yet.
    /// - Parameters:
    ///   - store: the database.
    ///   - embedder: embeds queries; collections made with another encoder can only be searched by words or vectors.
    ///   - dataDirectory: holds the snapshots, in `collections/<id>/`.
    ///   - pool: the threads of the legs, of embedding and of index building.
    ///   - queue: where searches run; nil for one of its own with a thread for each of the pool's.
    ///   - cache: remembers queries' vectors; nil for one of its own.
    ///   - rerankers: the cross-encoder for searches that ask for one; nil refuses them.
    ///   - rules: when indexes are built in the background, and when they are saved.
    ///   - logger: gets notices of snapshots that can't be used, and of builds.
    public convenience init(
        store: any DocumentStoring, embedder: any TextEmbedding, dataDirectory: String, pool: ThreadPool,
        queue: ComputeQueue? = nil, cache: EmbeddingCache? = nil, rerankers: RerankerSource? = nil,
        rules: IndexRules = IndexRules(), logger: Logger
    ) {
        self.init(
            store: store, embedder: embedder, dataDirectory: dataDirectory, pool: pool, queue: queue,
            factory: StandardIndexFactory(pool: pool), cache: cache, rerankers: rerankers, rules: rules,
            logger: logger)
    }

    package init(
        store: any DocumentStoring, embedder: any TextEmbedding, dataDirectory: String, pool: ThreadPool,
        queue: ComputeQueue? = nil, factory: any IndexFactory, cache: EmbeddingCache? = nil,
        rerankers: RerankerSource? = nil, rules: IndexRules = IndexRules(), logger: Logger
    ) {
        self.store = store
        self.embedder = QueryEmbedder(encoder: embedder, cache: cache)
        self.dataDirectory = dataDirectory
        self.pool = pool
        self.queue = queue ?? ComputeQueue(label: "search", workerCount: pool.threadCount, depth: 256)
        maintenance = ComputeQueue(label: "index maintenance", workerCount: 2, depth: 1_024)
        self.factory = factory
        self.rules = rules
        self.rerankers = rerankers
        self.logger = logger
    }

    // MARK: - Searching

    /// Searches a collection.
    /// - Parameters:
    ///   - request: what to look for.
    ///   - name: the collection.
    /// - Returns: the hits, best first; equal scores by ascending chunk id.
    /// - Throws: ``RetrievalError``: the request is out of range, the collection is not there, the vector or the encoder
    ///   does not fit it, or the queue is full.
    public func search(_ request: SearchRequest, in name: String) async throws(RetrievalError) -> SearchResponse {
        try request.validate()
        if request.rerank { _ = try requiredRerankers() }
        do {
            while true {
                switch try await queue.run({ [self] in try attempt(request, in: name) }) {
                case .done(let response): return response
                case .needsOpening(let collection): _ = try await indexes(of: collection)
                }
            }
        } catch {
            throw RetrievalError(error)
        }
    }

    private enum Attempt: Sendable {
        case done(SearchResponse)
        case needsOpening(CollectionRecord)
    }

    private func attempt(_ request: SearchRequest, in name: String) throws -> Attempt {
        let collection = try store.collection(named: name)
        let known = state.withLock { state -> (CollectionIndexes, FilterCache)? in
            guard let indexes = state.open[collection.id] else { return nil }
            let filters = state.filters[collection.id] ?? FilterCache()
            state.filters[collection.id] = filters
            return (indexes, filters)
        }
        guard let (indexes, filters) = known else { return .needsOpening(collection) }
        if try !indexes.catchUp(ifAtMost: Self.inlineChangeCount) { noteCommit(collection.id) }
        let pipeline = SearchPipeline(
            request: request, indexes: indexes, store: store, filters: filters, embedder: embedder, pool: pool,
            rerankers: rerankers)
        return .done(try pipeline.run())
    }

    // MARK: - Opening

    /// Opens the indexes of all collections, so that no search has to wait; a server does so before it is ready.
    /// - Throws: ``RetrievalError/storage(_:)`` when the database can't be read.
    public func openAll() async throws(RetrievalError) {
        let collections: [CollectionRecord]
        do { collections = try store.collections() } catch { throw .storage(error) }
        removeOrphans(keeping: Set(collections.map { String($0.id) }))
        for collection in collections { _ = try await indexes(of: collection) }
    }

    /// Opens one collection's indexes: the first search need not wait, and commits are applied as they come.
    /// - Parameter collectionID: the collection's row id.
    /// - Throws: ``RetrievalError/storage(_:)`` when the collection is not there or the database can't be read.
    public func open(_ collectionID: Int64) async throws(RetrievalError) {
        let collection: CollectionRecord
        do { collection = try store.collection(id: collectionID) } catch { throw .storage(error) }
        _ = try await indexes(of: collection)
    }

    private func indexes(of collection: CollectionRecord) async throws(RetrievalError) -> CollectionIndexes {
        let id = collection.id
        let task: Task<CollectionIndexes, any Error>? = state.withLock { state in
            if state.open[id] != nil { return nil }
            if let task = state.opening[id] { return task }
            let task = Task { [self] in
                let result: Result<CollectionIndexes, any Error>
                do { result = .success(try await openIndexes(of: collection)) } catch { result = .failure(error) }
                self.state.withLock { state in
                    state.opening[id] = nil
                    state.open[id] = try? result.get()
                }
                return try result.get()
            }
            state.opening[id] = task
            return task
        }
        do {
            if let indexes = try await task?.value { return indexes }
        } catch {
            throw RetrievalError(error)
        }
        if let indexes = state.withLock({ $0.open[id] }) { return indexes }
        throw .storage(.collectionNotFound(name: collection.name))
    }

    private func openIndexes(of collection: CollectionRecord) async throws -> CollectionIndexes {
        try await maintenance.run { [self] in
            let indexes = try CollectionIndexes(
                opening: collection, store: store, factory: factory, folder: folder(of: collection.id), rules: rules,
                logger: logger)
            if indexes.isWorthSaving { save(indexes) }
            buildGraph(of: indexes)
            return indexes
        }
    }

    /// Has a graph that is missing built in the background, once, and saved.
    private func buildGraph(of indexes: CollectionIndexes) {
        let id = indexes.collection.id
        state.withLock { held in
            guard indexes.current.isExact, held.building[id] == nil else { return }
            held.building[id] = Task { [self] in
                do {
                    try await building.run { [self] in
                        try indexes.buildGraph()
                        save(indexes)
                    }
                } catch {
                    logger.error(
                        "a graph could not be built: searches stay exact",
                        metadata: ["collection": "\(id)", "reason": "\(error)"])
                }
                state.withLock { $0.building[id] = nil }
            }
        }
    }

    // MARK: - Keeping up

    /// Brings a collection's indexes up to date with everything committed before the call.
    ///
    /// Indexes that are not open are left so; opening brings them up to date.
    /// - Parameter collectionID: the collection's row id.
    /// - Throws: ``RetrievalError``; a collection that was deleted is no error.
    public func refresh(_ collectionID: Int64) async throws(RetrievalError) {
        do {
            if let task = state.withLock({ $0.opening[collectionID] }) { _ = try await task.value }
            try await maintenance.run { [self] in try catchUp(collectionID) }
        } catch RetrievalError.storage(.collectionNotFound) {
            forget(collectionID)
        } catch {
            throw RetrievalError(error)
        }
    }

    /// Has a collection's indexes opened and brought up to date soon; many calls in a row are one.
    ///
    /// So the indexes of a collection that is being ingested grow beside the ingest, not in its first search.
    /// - Parameter collectionID: the collection's row id.
    public func noteCommit(_ collectionID: Int64) {
        guard state.withLock({ $0.waitingRefreshes.insert(collectionID).inserted }) else { return }
        Task { [self] in
            do throws(RetrievalError) {
                try await open(collectionID)
                try await refresh(collectionID)
            } catch .storage(.collectionNotFound) {
                forget(collectionID)
            } catch {
                _ = state.withLock { $0.waitingRefreshes.remove(collectionID) }
                logger.error(
                    "an index could not be brought up to date",
                    metadata: ["collection": "\(collectionID)", "reason": "\(error)"])
            }
        }
    }

    private func catchUp(_ collectionID: Int64) throws {
        let indexes = state.withLock { state -> CollectionIndexes? in
            state.waitingRefreshes.remove(collectionID)
            return state.open[collectionID]
        }
        guard let indexes else { return }
        try indexes.catchUp()
        buildGraph(of: indexes)
        if indexes.isWorthSaving { save(indexes) }
    }

    // MARK: - Snapshots

    /// Writes the snapshots of all open collections that have changed since the last ones.
    ///
    /// A server does so when it stops, a command when it is done. What goes wrong is logged.
    /// - Parameter finishingGraphs: whether to wait for graphs that are being built; they are lost otherwise.
    public func saveSnapshots(finishingGraphs: Bool = true) async {
        if finishingGraphs {
            for task in state.withLock({ Array($0.building.values) }) { await task.value }
        }
        let ids = state.withLock { Set($0.open.keys).union($0.opening.keys).union($0.waitingRefreshes) }
        for id in ids.sorted() {
            do {
                if state.withLock({ $0.waitingRefreshes.contains(id) }) { try await open(id) }
                try await refresh(id)
                guard let indexes = state.withLock({ $0.open[id] }) else { continue }
                try await maintenance.run { [self] in save(indexes) }
            } catch RetrievalError.storage(.collectionNotFound) {
                forget(id)
            } catch {
                logger.warning(
                    "an index could not be saved", metadata: ["collection": "\(id)", "reason": "\(error)"])
            }
        }
    }

    /// A snapshot that can't be written costs the next start time and nothing else.
    private func save(_ indexes: CollectionIndexes) {
        do {
            try indexes.save()
        } catch StorageError.collectionNotFound {
            forget(indexes.collection.id)
        } catch {
            logger.warning(
                "a snapshot can't be written",
                metadata: ["collection": "\(indexes.collection.name)", "reason": "\(error)"])
        }
    }

    /// Lets go of a deleted collection's indexes and snapshots.
    /// - Parameter collectionID: the collection's row id.
    public func forget(_ collectionID: Int64) {
        state.withLock {
            $0.open[collectionID] = nil
            $0.filters[collectionID] = nil
            $0.waitingRefreshes.remove(collectionID)
        }
        Self.removeSnapshots(of: collectionID, in: dataDirectory)
    }

    /// Removes a deleted collection's snapshots, for a process that has no service.
    /// - Parameters:
    ///   - collectionID: the collection's row id.
    ///   - dataDirectory: holds the snapshots, in `collections/<id>/`.
    public static func removeSnapshots(of collectionID: Int64, in dataDirectory: String) {
        try? FileManager.default.removeItem(atPath: folder(of: collectionID, in: dataDirectory))
    }

    /// Where a collection's indexes stand.
    /// - Parameter collectionID: the collection's row id.
    /// - Returns: counts and watermarks.
    public func statistics(_ collectionID: Int64) -> IndexStatistics {
        let (indexes, isOpening) = state.withLock { ($0.open[collectionID], $0.opening[collectionID] != nil) }
        guard let indexes else { return IndexStatistics(state: isOpening ? .opening : .closed) }
        return IndexStatistics(indexes, latestSequence: (try? store.latestSequence(in: collectionID)) ?? 0)
    }

    private var snapshotsFolder: String { dataDirectory + "/collections" }

    private func folder(of collectionID: Int64) -> String { Self.folder(of: collectionID, in: dataDirectory) }

    static func folder(of collectionID: Int64, in dataDirectory: String) -> String {
        "\(dataDirectory)/collections/\(collectionID)"
    }

    /// Removes snapshots of collections that another process has deleted.
    private func removeOrphans(keeping names: Set<String>) {
        let files = FileManager.default
        for name in (try? files.contentsOfDirectory(atPath: snapshotsFolder)) ?? []
        where Int64(name) != nil && !names.contains(name) {
            try? files.removeItem(atPath: snapshotsFolder + "/" + name)
        }
    }
}
