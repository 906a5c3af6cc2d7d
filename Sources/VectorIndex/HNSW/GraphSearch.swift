import CKernels
import Kernels
import Synchronization

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
        let isSketched = graph.scanSketches != nil && matches >= GraphSearch.leastSketched
        let scan = isSketched ? 500 + 0.3 * Double(matches) : Double(matches)
        let over = wide * links * 1.5
        let filtered = Double(max(ef, GraphSearch.leastFilteredEf)) * links * 4.5
        if scan <= min(over, filtered) { return .scan }
        if over <= filtered { return .graph(ef: Int(wide)) }
        // Wide enough that some three of it would be allowed if the filter had nothing to do with the query, and more of
        // what it passes on its way.
        return .filteredGraph(probeEf: min(max(3 * live / matches, 16), 512))
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
        let slots = AllowedSlots(graph, allowed, scratch)
        let met = unsafe graph.probe(from: start, ef: probeEf, query: &coded, allowed: slots, scratch: scratch)
        guard met >= GraphSearch.leastMet else { return nil }
        let beam = unsafe graph.searchAllowed(fromRanked: met, ef: ef, query: &coded, allowed: slots, scratch: scratch)
        return unsafe hits(of: beam, query, allowed)
    }

    @inline(__always)
    func isResult(_ slot: UInt32, _ allowed: Bitmap?) -> Bool {
        let id = unsafe graph.id(slot).pointee.load(ordering: .acquiring)
        return id >= 0 && allowed?.contains(id) ?? true
    }

    /// The least beam of a filtered search: what is allowed hangs together less well than the whole.
    private static let leastFilteredEf = 96
    /// The least number of allowed nodes a probe has to meet: fewer say that the filter keeps away from the query.
    private static let leastMet = 5

    /// Candidates compared exactly: some more than the hits wanted, as the order of the codes is not quite the exact one.
    ///
    /// The whole beam on binary codes, which tell what is near from the rest and little more.
    var rescored: Int { graph.codes.precision == .binary ? .max : topK + max(16, topK / 4) }

    /// The hits of a beam: of its entries that are live and allowed the first ones, compared with the exact rows.
    func hits(of beam: Beam, _ query: UnsafePointer<Float>, _ allowed: Bitmap?) -> [VectorHit] {
        let entries = unsafe scratch.beam
        var kept = 0
        for index in 0..<beam.count where kept < rescored && isResult(RankedSlot.slot(beam[index]), allowed) {
            unsafe entries[kept] = beam[index]
            kept += 1
        }
        if graph.codes.precision != .f32 { unsafe graph.rescore(kept, query, scratch) }
        return hits(kept)
    }

    /// The hits that the first `kept` entries of the scratch's beam make, whose distances are exact.
    func hits(_ kept: Int) -> [VectorHit] {
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
}

extension VectorHit {
    /// Hits in descending similarity, equal ones in ascending id, and an id that is being replaced only once.
    static func ordered(_ hits: [VectorHit]) -> [VectorHit] {
        var seen = Set<Int64>(minimumCapacity: hits.count)
        return hits.filter { seen.insert($0.id).inserted }
            .sorted { ($1.similarity, $0.id) < ($0.similarity, $1.id) }
    }
}
