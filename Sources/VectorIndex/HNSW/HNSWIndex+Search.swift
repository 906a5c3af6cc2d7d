public import Kernels
import Synchronization

extension HNSWIndex {
    /// The closest vectors to `query`, best first: as many as exist, up to `topK`.
    ///
    /// Without a filter the graph is searched with a beam of `efSearch`. With one, whichever is estimated to compute
    /// fewer distances: the exact scan of what is allowed, or the graph with a beam that only allowed vectors enter.
    /// Whenever a graph search comes back with too few, the exact scan answers.
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
        if allowed == nil, search.graph.tombstoneCount.load(ordering: .acquiring) == 0 {
            let hits = unsafe search.plain(query)
            counters.note(.graph)
            if hits.count >= min(search.topK, search.live) { return hits }
        } else {
            let matches = min(allowed?.count ?? search.live, search.live)
            let scan = search.scanCost(matches: matches)
            // Counted through the graph this many nodes are met for each one that is allowed.
            if scan > search.graphCost(matches: matches),
                let hits = unsafe search.filtered(query, allowed, budget: scan), hits.count >= min(search.topK, matches)
            {
                counters.note(.filteredGraph)
                return hits
            }
        }
        counters.note(.scan)
        return unsafe search.exact(query, slots: allowed.flatMap { slots(allowed: $0, graph: search.graph) }, allowed)
    }

    /// The slots of the allowed ids where looking them up is cheaper than passing over all slots; else nil.
    private func slots(allowed: Bitmap, graph: HNSWGraph) -> [UInt32]? {
        guard allowed.count * 16 < graph.slotCount.load(ordering: .relaxed) else { return nil }
        return graph.places.withLock { places in allowed.compactMap { places[$0] } }
    }
}

/// One query over one graph, in each of the ways it can be answered.
struct GraphSearch {
    let graph: HNSWGraph
    let scratch: SearchScratch
    let topK: Int
    let ef: Int
    let live: Int

    /// Candidates rescored beyond the hits wanted, at least: the codes' order of the nearest is not quite the exact one.
    private static let rescoringMargin = 16

    /// Distances an exact scan of `matches` vectors is worth: rows one after the other come cheaper than at random.
    func scanCost(matches: Int) -> Int { matches }

    /// Distances a filtered search is expected to compute: a beam's worth for each `live / matches` nodes met.
    func graphCost(matches: Int) -> Int {
        let plain = Double(ef) * Double(graph.parameters.m)
        return Int(min(plain * Double(live) / Double(max(matches, 1)), 1e15))
    }

    func plain(_ query: UnsafePointer<Float>) -> [VectorHit] {
        var coded = unsafe graph.codes.query(query, buffer: scratch.queryCodes)
        guard let start = unsafe graph.descend(to: 0, query: &coded, scratch: scratch) else { return [] }
        let beam = unsafe graph.searchLayer(0, from: start, ef: ef, query: &coded, scratch: scratch)
        return unsafe hits(of: beam, query)
    }

    func filtered(_ query: UnsafePointer<Float>, _ allowed: Bitmap?, budget: Int) -> [VectorHit]? {
        var coded = unsafe graph.codes.query(query, buffer: scratch.queryCodes)
        guard let start = unsafe graph.descend(to: 0, query: &coded, scratch: scratch) else { return [] }
        let beam = unsafe graph.searchBase(
            from: start, ef: ef, query: &coded, allowed: allowed, budget: budget, scratch: scratch)
        guard let beam = beam else { return nil }
        return unsafe hits(of: beam, query)
    }

    /// Compares `query` with the vectors in `slots`, or in every slot when nil, that are live and allowed.
    func exact(_ query: UnsafePointer<Float>, slots: [UInt32]?, _ allowed: Bitmap?) -> [VectorHit] {
        var beam = unsafe Beam(entries: scratch.beam, capacity: topK)
        let (batch, values) = unsafe (scratch.batch, scratch.values)
        let total = slots?.count ?? graph.slotCount.load(ordering: .acquiring)
        var next = 0
        while next < total {
            var count = 0
            while next < total, count < 256 {
                let slot = slots?[next] ?? UInt32(next)
                next += 1
                // Live before it is compared: the slot is then not used again while this search lasts.
                let id = unsafe graph.id(slot).pointee.load(ordering: .acquiring)
                guard id >= 0, allowed?.contains(id) ?? true else { continue }
                unsafe batch[count] = slot
                count += 1
            }
            unsafe graph.similarity.gather(query, graph.vectors.rows, batch, count, into: values)
            unsafe scratch.distanceCount += count
            for index in 0..<count {
                let distance = unsafe graph.similarity.sign * values[index]
                unsafe beam.offer(RankedSlot.make(distance: distance, slot: batch[index]))
            }
        }
        return hits(of: beam)
    }

    /// The hits of a beam whose distances are those of codes: its first entries compared anew, with the exact rows.
    private func hits(of beam: Beam, _ query: UnsafePointer<Float>) -> [VectorHit] {
        guard graph.codes.precision != .f32 else { return hits(of: beam) }
        let (batch, values) = unsafe (scratch.batch, scratch.values)
        let candidates = min(beam.count, topK + max(topK, GraphSearch.rescoringMargin))
        var rescored = unsafe Beam(entries: scratch.beam, capacity: candidates)
        var done = 0
        while done < candidates {
            let count = min(candidates - done, SearchScratch.batchCapacity)
            for index in 0..<count { unsafe batch[index] = RankedSlot.slot(beam[done + index]) }
            unsafe graph.similarity.gather(query, graph.vectors.rows, batch, count, into: values)
            unsafe scratch.distanceCount += count
            // What was read from the beam's memory has gone through the batch: it may be written now.
            for index in 0..<count {
                let distance = unsafe graph.similarity.sign * values[index]
                unsafe rescored.offer(RankedSlot.make(distance: distance, slot: batch[index]))
            }
            done += count
        }
        return hits(of: rescored)
    }

    /// The live ids of the beam's first entries, each once.
    private func hits(of beam: Beam) -> [VectorHit] {
        var hits: [VectorHit] = []
        hits.reserveCapacity(min(topK, beam.count))
        for index in 0..<(beam.count) {
            guard hits.count < topK else { break }
            let entry = beam[index]
            let id = unsafe graph.id(RankedSlot.slot(entry)).pointee.load(ordering: .acquiring)
            guard id >= 0 else { continue }
            hits.append(VectorHit(id: id, similarity: -RankedSlot.distance(entry)))
        }
        return VectorHit.ordered(hits)
    }
}

extension VectorHit {
    /// Hits in descending similarity, equal ones in ascending id, and an id that is being replaced only once.
    static func ordered(_ hits: [VectorHit]) -> [VectorHit] {
        var seen = Set<Int64>(minimumCapacity: hits.count)
        return hits.filter { seen.insert($0.id).inserted }
            .sorted { ($1.similarity, $0.id) < ($0.similarity, $1.id) }
    }
}
