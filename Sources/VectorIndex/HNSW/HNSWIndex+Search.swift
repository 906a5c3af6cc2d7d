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

/// One query over one graph, in each of the ways it can be answered.
struct GraphSearch {
    let graph: HNSWGraph
    let scratch: SearchScratch
    let topK: Int
    let ef: Int
    let live: Int

    /// Which way to answer.
    enum Plan {
        /// The plain graph with a beam of `ef`, of which the allowed are kept.
        case graph(ef: Int)
        /// The graph, over allowed nodes alone, from those that a plain search with a beam of `probeEf` meets.
        case filteredGraph(probeEf: Int)
        /// Every allowed vector.
        case scan
    }

    /// The way that is expected to take least time, which depends on the share of the vectors that is allowed.
    func plan(_ allowed: Bitmap?) -> Plan {
        let tombstones = graph.tombstoneCount.load(ordering: .acquiring)
        // Room for the removed vectors that the beam may meet; they are one in a hundred at most.
        guard let allowed else { return .graph(ef: tombstones == 0 ? ef : ef + ef / 8 + min(tombstones, 8)) }
        let matches = min(allowed.count, live)
        let wide = min(Double(ef) * Double(live) / Double(max(matches, 1)), 1e9)
        // In distances of a scan, from measurements at 384 dimensions (docs/decisions/0009-vector-precision.md).
        let links = Double(graph.parameters.m)
        let scan = Double(matches)
        let over = wide * links * 2.5
        let filtered = Double(max(ef, GraphSearch.leastFilteredEf)) * links * 6
        if scan <= min(over, filtered) { return .scan }
        if over <= filtered { return .graph(ef: Int(wide)) }
        // Wide enough that it would meet some five allowed nodes if the filter had nothing to do with the query.
        return .filteredGraph(probeEf: min(max(5 * live / matches, 32), 512))
    }

    func plain(_ query: UnsafePointer<Float>, ef: Int, _ allowed: Bitmap?) -> [VectorHit] {
        scratch.prepare(beamCapacity: ef)
        var coded = unsafe graph.codes.query(query, buffer: scratch.queryCodes)
        guard let start = unsafe graph.descend(to: 0, query: &coded, scratch: scratch) else { return [] }
        let beam = unsafe graph.searchLayer(0, from: start, ef: ef, query: &coded, scratch: scratch)
        return unsafe hits(of: beam, query, allowed)
    }

    /// - Returns: nil when nothing near the query is allowed: the nearest allowed vectors are then far from it, where
    ///   many are about as far, and a graph is no way to tell them apart.
    func filtered(_ query: UnsafePointer<Float>, _ allowed: Bitmap, probeEf: Int) -> [VectorHit]? {
        let ef = max(ef, GraphSearch.leastFilteredEf)
        scratch.prepare(beamCapacity: max(ef, probeEf))
        var coded = unsafe graph.codes.query(query, buffer: scratch.queryCodes)
        guard let start = unsafe graph.descend(to: 0, query: &coded, scratch: scratch) else { return [] }
        let probe = unsafe graph.searchLayer(0, from: start, ef: probeEf, query: &coded, scratch: scratch)
        let near = (0..<probe.count).map { probe[$0] & ~1 }.filter { isResult(RankedSlot.slot($0), allowed) }
        guard !near.isEmpty else { return nil }
        let beam = unsafe graph.searchAllowed(from: near, ef: ef, query: &coded, allowed: allowed, scratch: scratch)
        return unsafe hits(of: beam, query, allowed)
    }

    /// Compares `query` with every vector that is live and allowed: on codes, and the best of them exactly.
    ///
    /// Where so many are about as near as the last hit that the codes can't order them, all are compared exactly.
    func exact(_ query: UnsafePointer<Float>, _ allowed: Bitmap?) -> [VectorHit] {
        // Looking slots up is cheaper than passing over all of them unless most are allowed.
        let total = graph.slotCount.load(ordering: .acquiring)
        let listed = allowed.flatMap { allowed -> [UInt32]? in
            guard allowed.count * 2 < total else { return nil }
            return graph.places.withLock { $0.slots(of: allowed) }
        }
        let slots = ScannedSlots(listed: listed, total: total)
        if let error = graph.codes.error {
            let capacity = rescored + 64
            scratch.prepare(beamCapacity: capacity)
            var coded = unsafe graph.codes.query(query, buffer: scratch.queryCodes)
            let beam = unsafe scan(slots, allowed, capacity: capacity) { batch, count in
                unsafe graph.codes.distances(&coded, batch, count, into: scratch.values)
            }
            let isSure =
                beam.count < capacity
                || RankedSlot.distance(beam[capacity - 1]) > RankedSlot.distance(beam[topK - 1]) + error
            if isSure { return unsafe hits(of: beam, query, allowed, rescoring: capacity) }
        }
        scratch.prepare(beamCapacity: topK)
        let beam = unsafe scan(slots, allowed, capacity: topK) { batch, count in
            unsafe graph.similarity.gather(query, graph.vectors.rows, batch, count, into: scratch.values)
            for index in 0..<count { unsafe scratch.values[index] *= graph.similarity.sign }
        }
        return hits(beam.count)
    }

    /// The nearest `capacity` of the slots that are live and allowed, by the distances that `measure` puts into the
    /// scratch's values for a batch.
    @inline(__always)
    private func scan(
        _ slots: ScannedSlots, _ allowed: Bitmap?, capacity: Int, _ measure: (UnsafePointer<UInt32>, Int) -> Void
    ) -> Beam {
        var beam = unsafe Beam(entries: scratch.beam, capacity: capacity)
        var (batch, ahead) = unsafe (scratch.batch, scratch.keptSlots)
        var next = 0
        var count = unsafe take(&next, slots, allowed, into: batch)
        while count > 0 {
            let aheadCount = unsafe take(&next, slots, allowed, into: ahead)
            unsafe measure(batch, count)
            unsafe scratch.distanceCount += count
            for index in 0..<count {
                unsafe beam.offer(RankedSlot.make(distance: scratch.values[index], slot: batch[index]))
            }
            unsafe swap(&batch, &ahead)
            count = aheadCount
        }
        return beam
    }

    /// Puts the next slots of a scan that are live and allowed into `batch` and asks for their rows; returns how many.
    private func take(
        _ next: inout Int, _ slots: ScannedSlots, _ allowed: Bitmap?, into batch: UnsafeMutablePointer<UInt32>
    ) -> Int {
        var count = 0
        while next < slots.count, count < GraphSearch.scanBatch {
            let slot = slots[next]
            next += 1
            unsafe batch[count] = slot
            // Live before it is compared: the slot is then not used again while this search lasts.
            count &+= slots.listed != nil || isResult(slot, allowed) ? 1 : 0
        }
        unsafe graph.codes.prefetch(batch, count)
        return count
    }

    private static let scanBatch = 16

    @inline(__always)
    private func isResult(_ slot: UInt32, _ allowed: Bitmap?) -> Bool {
        let id = unsafe graph.id(slot).pointee.load(ordering: .acquiring)
        return id >= 0 && allowed?.contains(id) ?? true
    }

    /// The least beam of a filtered search: what is allowed hangs together less well than the whole.
    private static let leastFilteredEf = 96

    /// Candidates compared exactly: some more than the hits wanted, as the order of the codes is not quite the exact one.
    private var rescored: Int { topK + max(16, topK / 4) }

    /// The hits of a beam: of its entries that are live and allowed the first ones, compared with the exact rows.
    private func hits(
        of beam: Beam, _ query: UnsafePointer<Float>, _ allowed: Bitmap?, rescoring limit: Int? = nil
    ) -> [VectorHit] {
        let entries = unsafe scratch.beam
        let limit = limit ?? rescored
        var kept = 0
        for index in 0..<beam.count where kept < limit && isResult(RankedSlot.slot(beam[index]), allowed) {
            unsafe entries[kept] = beam[index]
            kept += 1
        }
        if graph.codes.precision != .f32 { unsafe rescore(kept, query) }
        return hits(kept)
    }

    /// The hits that the first `kept` entries of the scratch's beam make, whose distances are exact.
    private func hits(_ kept: Int) -> [VectorHit] {
        let entries = unsafe scratch.beam
        var hits: [VectorHit] = []
        hits.reserveCapacity(min(topK, kept))
        for index in 0..<min(topK, kept) {
            let entry = unsafe entries[index]
            let id = unsafe graph.id(RankedSlot.slot(entry)).pointee.load(ordering: .acquiring)
            // Removed since it was looked at.
            guard id >= 0 else { continue }
            hits.append(VectorHit(id: id, similarity: -RankedSlot.distance(entry)))
        }
        return VectorHit.ordered(hits)
    }

    /// Puts exact distances into the first `count` entries of the scratch's beam, and these in order.
    private func rescore(_ count: Int, _ query: UnsafePointer<Float>) {
        let (entries, batch, values) = unsafe (scratch.beam, scratch.batch, scratch.values)
        var done = 0
        while done < count {
            let block = min(count - done, SearchScratch.batchCapacity)
            for index in 0..<block { unsafe batch[index] = RankedSlot.slot(entries[done + index]) }
            unsafe graph.similarity.gather(query, graph.vectors.rows, batch, block, into: values)
            unsafe scratch.distanceCount += block
            for index in 0..<block {
                let distance = unsafe graph.similarity.sign * values[index]
                unsafe entries[done + index] = RankedSlot.make(distance: distance, slot: batch[index])
            }
            done += block
        }
        var ranked = unsafe UnsafeMutableBufferPointer(start: entries, count: count)
        unsafe ranked.sort()
    }
}

/// The slots a scan goes through: those listed, or all.
private struct ScannedSlots {
    let listed: [UInt32]?
    let total: Int

    var count: Int { listed?.count ?? total }

    @inline(__always)
    subscript(index: Int) -> UInt32 { listed?[index] ?? UInt32(truncatingIfNeeded: index) }
}

extension VectorHit {
    /// Hits in descending similarity, equal ones in ascending id, and an id that is being replaced only once.
    static func ordered(_ hits: [VectorHit]) -> [VectorHit] {
        var seen = Set<Int64>(minimumCapacity: hits.count)
        return hits.filter { seen.insert($0.id).inserted }
            .sorted { ($1.similarity, $0.id) < ($0.similarity, $1.id) }
    }
}
