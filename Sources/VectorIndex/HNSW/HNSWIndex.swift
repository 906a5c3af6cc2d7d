public import Kernels
import Synchronization

/// An approximate index: a hierarchical navigable small-world graph over vectors in memory.
///
/// | file | what it is about |
/// |---|---|
/// | `HNSWIndex` | the public face: locks, checks, ids |
/// | `HNSWIndex+Search` | the order in which ways to answer are tried |
/// | `GraphSearch`, `GraphSearch+Scan` | the plan of one query; graph, filtered graph and scan |
/// | `HNSWIndex+Update` | inserting, removing, slots and their reuse, compaction |
/// | `HNSWIndex+Snapshot`, `SnapshotMeta`, `SnapshotCheck` | the file |
/// | `HNSWGraph` | memory layout, links, what threads may do |
/// | `HNSWGraph+Search`, `Beam`, `SearchScratch` | walking a layer |
/// | `HNSWGraph+Rescore` | comparing what was found with the exact vectors |
/// | `HNSWGraph+Filter` | walking among allowed nodes alone |
/// | `HNSWGraph+Insert`, `HNSWGraph+Repair` | choosing links, for new nodes and around removed ones |
/// | `SlabArray`, `CodeArray`, `PlaceTable` | rows that never move, codes of vectors, slots by id |
///
/// Searches take no lock that a writer holds for longer than a dictionary lookup. Insertions and removals take turns
/// among themselves; one insertion uses all threads of the pool. A removed vector is invisible at once; links around it
/// are mended when one in a hundred is gone, and its slot is used again after the last search that could see it.
///
/// Bytes held for each vector of D components, D a multiple of 64: D for int8 codes (2·D for bf16, 4·D for f32, 64 for each 512
/// components begun for binary), 8·M for
/// links, about 8 for upper layers, 16 for id and node, 4 to 8 for its place, 4 for the scale. The exact vectors, 4·D,
/// are held until the first snapshot; beside codes of another type they are then read from the file's map.
public final class HNSWIndex: VectorSearching {
    /// The number of components of every vector.
    public let dimension: Int
    /// How vectors are compared.
    public let metric: Metric
    /// What shapes the graph.
    public let parameters: HNSWParameters

    let pool: ThreadPool
    /// The graph searches use; replaced as a whole by compaction.
    let current: Mutex<HNSWGraph>
    /// Held by whoever changes the graph.
    let writer: Mutex<SlotBook>
    let counters = SearchCounters()

    /// An empty index.
    ///
    /// - Parameters:
    ///   - dimension: components of every vector, 1 to 65,536.
    ///   - metric: how vectors are compared.
    ///   - parameters: what shapes the graph.
    ///   - pool: the threads insertions run on.
    /// - Throws: `VectorIndexError.invalidParameter`.
    public convenience init(
        dimension: Int, metric: Metric, parameters: HNSWParameters = HNSWParameters(), pool: ThreadPool
    ) throws(VectorIndexError) {
        try parameters.validate()
        try VectorRules.check("dimension", dimension, in: 1...VectorRules.maximumDimension)
        let graph = HNSWGraph(dimension: dimension, metric: metric, parameters: parameters)
        self.init(graph: graph, book: SlotBook(), pool: pool)
    }

    init(graph: HNSWGraph, book: SlotBook, pool: ThreadPool) {
        dimension = graph.dimension
        metric = graph.metric
        parameters = graph.parameters
        current = Mutex(graph)
        writer = Mutex(book)
        self.pool = pool
    }

    /// The graph as it is now; stays whole however long it is kept.
    var graph: HNSWGraph { current.withLock { $0 } }

    /// The number of vectors that searches can find.
    public var count: Int { graph.liveCount.load(ordering: .relaxed) }

    /// Whether a vector is stored under `id`.
    public func contains(_ id: Int64) -> Bool {
        graph.places.withLock { $0[id] != nil }
    }

    /// The vector stored under `id`, at length 1 for cosine; nil when there is none.
    public func vector(of id: Int64) -> [Float]? {
        // A slot is not used again while its id is in the dictionary, which stays locked while the row is copied; its
        // memory is there as long as a scratch is held.
        let graph = graph
        let scratch = graph.scratches.take(slotCount: 0, beamCapacity: 0)
        defer { graph.scratches.giveBack(scratch) }
        return graph.places.withLock { places in
            guard let slot = places[id] else { return nil }
            return unsafe Array(UnsafeBufferPointer(start: graph.vector(slot), count: dimension))
        }
    }
}

/// Which slots and rows are in use: the writer's own account.
struct SlotBook: Sendable {
    /// Nodes ever inserted: what the next level is drawn for.
    var ordinal: UInt64 = 0
    /// Slots and upper rows that were ever used.
    var slotCount = 0
    var upperCount = 0
    /// Slots to use again, and runs of upper rows by their length.
    var freeSlots: [UInt32] = []
    var freeUpper: [Int: [UInt32]] = [:]
    /// Removed, but links still lead there.
    var tombstones: [UInt32] = []
    /// Nothing leads there any more; searches up to that epoch may still be there.
    var limbo: [(slot: UInt32, epoch: UInt64)] = []
    /// Memory that rows have left; searches up to that epoch may still read it.
    var leftMemory: [(memory: SlabArray.LeftMemory, epoch: UInt64)] = []
}
