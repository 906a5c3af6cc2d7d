import Synchronization

/// What an HNSW index holds and has done.
public struct HNSWStatistics: Sendable, Equatable {
    /// Vectors that searches can find.
    public var count: Int
    /// Slots with memory behind them, free ones included.
    public var slotCount: Int
    /// Removed vectors that links still lead to.
    public var tombstoneCount: Int
    /// Nodes by their highest layer.
    public var levelCounts: [Int]
    /// Links of layer 0 for each node, on average.
    public var meanLinkCount: Double
    /// Bytes of vectors, links and ids, mapped ones included.
    public var byteCount: Int
    /// Those of them that are held in memory: beside codes, vectors that a snapshot holds are read from its map.
    public var residentByteCount: Int
    /// Distances computed since the index was made, insertions included.
    public var distanceCount: Int
    /// Nodes whose links were followed since the index was made.
    public var hopCount: Int
    /// Searches the plain graph answered.
    public var graphSearchCount: Int
    /// Searches the graph answered under a filter or around removed vectors.
    public var filteredSearchCount: Int
    /// Searches an exact scan answered.
    public var scanCount: Int
}

/// How many searches went which way.
final class SearchCounters: Sendable {
    enum Way {
        case graph
        case filteredGraph
        case scan
    }

    let graph = Atomic<Int>(0)
    let filteredGraph = Atomic<Int>(0)
    let scan = Atomic<Int>(0)

    func note(_ way: Way) {
        switch way {
        case .graph: graph.wrappingAdd(1, ordering: .relaxed)
        case .filteredGraph: filteredGraph.wrappingAdd(1, ordering: .relaxed)
        case .scan: scan.wrappingAdd(1, ordering: .relaxed)
        }
    }
}

extension HNSWIndex {
    /// What the index holds and has done.
    ///
    /// - Complexity: O(N) for the links' mean; not for the path of a request.
    public var statistics: HNSWStatistics {
        let graph = graph
        var levels: [Int] = []
        var links = 0
        var live = 0
        for slot in 0..<UInt32(graph.slotCount.load(ordering: .acquiring)) where graph.isLive(slot) {
            let level = unsafe Int(graph.node(slot).pointee.level)
            while levels.count <= level { levels.append(0) }
            levels[level] += 1
            links += graph.links(slot, 0).count
            live += 1
        }
        let totals = graph.scratches.totals
        let arrays = [graph.vectors, graph.base, graph.upper, graph.ids, graph.nodes] + graph.codeArrays.map(\.1)
        return HNSWStatistics(
            count: graph.liveCount.load(ordering: .relaxed), slotCount: graph.slotCount.load(ordering: .relaxed),
            tombstoneCount: graph.tombstoneCount.load(ordering: .relaxed), levelCounts: levels,
            meanLinkCount: live == 0 ? 0 : Double(links) / Double(live),
            byteCount: arrays.reduce(0) { $0 + $1.byteCount },
            residentByteCount: arrays.reduce(0) { $0 + $1.heldByteCount }, distanceCount: totals.distances,
            hopCount: totals.hops,
            graphSearchCount: counters.graph.load(ordering: .relaxed),
            filteredSearchCount: counters.filteredGraph.load(ordering: .relaxed),
            scanCount: counters.scan.load(ordering: .relaxed))
    }
}
