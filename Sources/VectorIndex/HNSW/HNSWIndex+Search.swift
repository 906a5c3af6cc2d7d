public import Kernels
import Synchronization

extension HNSWIndex {
    /// The closest vectors to `query`, best first: as many as exist, up to `topK`.
    ///
    /// Without a filter the graph is searched with a beam of `efSearch`. With one, whichever is estimated to be fastest:
    /// a scan of what is allowed, the graph with a wider beam, or the graph over allowed nodes alone. Whenever a search
    /// comes back with too few, the next surer way answers, the scan at last.
    ///
    /// - Parameters:
    ///   - query: `dimension` finite components, not all zero for cosine; need not be of length 1.
    ///   - topK: how many to return, 1 to 65,536.
    ///   - efSearch: candidates kept, 1 to 65,536, raised to `topK`; nil for the parameters' number.
    ///   - allowing: the ids that may be returned; nil for all.
    /// - Returns: hits in descending similarity, equal ones in ascending id.
    /// - Throws: `VectorIndexError` when the query or a number is out of its range.
    /// - Complexity: about `efSearch · M · 0.9` distances without a filter.
    public func search(
        _ query: [Float], topK: Int, efSearch: Int? = nil, allowing: Bitmap? = nil
    ) throws(VectorIndexError) -> [VectorHit] {
        let asked = efSearch ?? parameters.efSearch
        try VectorRules.check("top_k", topK, in: HNSWParameters.efSearchRange)
        try VectorRules.check("ef_search", asked, in: HNSWParameters.efSearchRange)
        let prepared = try VectorRules.prepared(query: query, dimension: dimension, metric: metric)
        let graph = graph
        let live = graph.liveCount.load(ordering: .acquiring)
        guard live > 0, allowing?.isEmpty != true else { return [] }
        let ef = max(asked, topK)
        let scratch = graph.scratches.take(slotCount: graph.slotCount.load(ordering: .acquiring), beamCapacity: ef)
        defer { graph.scratches.giveBack(scratch) }
        let search = GraphSearch(graph: graph, scratch: scratch, topK: topK, ef: ef, live: live)
        // A pointer for the kernels; the array outlives the call.
        return unsafe prepared.withUnsafeBufferPointer { buffer -> [VectorHit] in
            guard let vector = buffer.baseAddress else { return [] }
            return unsafe answer(search, vector, allowing)
        }
    }

    private func answer(_ search: GraphSearch, _ query: UnsafePointer<Float>, _ allowed: Bitmap?) -> [VectorHit] {
        let wanted = min(search.topK, search.live, allowed?.count ?? .max)
        switch search.plan(allowed) {
        case .graph(let ef):
            let hits = unsafe search.plain(query, ef: ef, allowed)
            if hits.count >= wanted {
                counters.note(allowed == nil ? .graph : .filteredGraph)
                return hits
            }
        case .filteredGraph(let probeEf):
            guard let allowed, let hits = unsafe search.filtered(query, allowed, probeEf: probeEf) else { break }
            if hits.count >= wanted {
                counters.note(.filteredGraph)
                return hits
            }
        case .scan:
            break
        }
        counters.note(.scan)
        return unsafe search.exact(query, allowed)
    }
}
