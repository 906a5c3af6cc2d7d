import CKernels
import Kernels
import Synchronization

// Answering without the graph: every allowed vector is compared.
extension GraphSearch {
    /// Slots compared at a time, while the rows of as many more are on their way.
    private static let scanBatch = 16

    /// Compares `query` with every vector that is live and allowed: on codes, and those exactly that are as near as the
    /// last hit or may be, as far as the codes can tell.
    func exact(_ query: UnsafePointer<Float>, _ allowed: Bitmap?) -> [VectorHit] {
        var walk = SlotWalk(self, allowed)
        guard let error = graph.codes.error else { return unsafe exactly(query, &walk) }
        scratch.prepare(beamCapacity: topK)
        scratch.prepare(candidateCount: walk.mostCount)
        var coded = unsafe graph.codes.query(query, buffer: scratch.queryCodes)
        var beam = unsafe Beam(entries: scratch.beam, capacity: topK)
        let candidates = unsafe scratch.candidates
        var count = 0
        // What is farther than this can't be a hit.
        var limit = UInt64.max
        unsafe scan(&walk) { batch, batchCount in
            unsafe graph.codes.distances(&coded, batch, batchCount, into: scratch.values)
        } each: { entry in
            guard entry <= limit else { return }
            unsafe candidates[count] = entry
            count += 1
            guard entry < beam.limit else { return }
            beam.offer(entry)
            guard beam.isFull else { return }
            limit = RankedSlot.make(distance: RankedSlot.distance(beam.worst) + error, slot: 0)
        }
        // The first ones were taken before much was known.
        var near = 0
        for index in 0..<count where unsafe candidates[index] <= limit {
            unsafe candidates[near] = candidates[index]
            near += 1
        }
        walk = SlotWalk(candidatesOf: scratch, count: near)
        return unsafe exactly(query, &walk)
    }

    /// Compares `query` with every vector of `walk` in f32.
    private func exactly(_ query: UnsafePointer<Float>, _ walk: inout SlotWalk) -> [VectorHit] {
        scratch.prepare(beamCapacity: topK)
        var beam = unsafe Beam(entries: scratch.beam, capacity: topK)
        unsafe scan(&walk) { batch, count in
            unsafe graph.similarity.gather(query, graph.vectors.rows, batch, count, into: scratch.values)
            for index in 0..<count { unsafe scratch.values[index] *= graph.similarity.sign }
        } each: { entry in
            beam.offer(entry)
        }
        return hits(beam.count)
    }

    /// Calls `each` with every slot of `walk`, ranked by the distances that `measure` puts into the scratch's values for
    /// a batch.
    @inline(__always)
    private func scan(
        _ walk: inout SlotWalk, _ measure: (UnsafePointer<UInt32>, Int) -> Void, each: (UInt64) -> Void
    ) {
        var (batch, ahead) = unsafe (scratch.batch, scratch.keptSlots)
        var count = unsafe walk.take(GraphSearch.scanBatch, into: batch)
        unsafe graph.codes.prefetch(batch, count)
        while count > 0 {
            let aheadCount = unsafe walk.take(GraphSearch.scanBatch, into: ahead)
            unsafe graph.codes.prefetch(ahead, aheadCount)
            unsafe measure(batch, count)
            unsafe scratch.distanceCount += count
            for index in 0..<count {
                unsafe each(RankedSlot.make(distance: scratch.values[index], slot: batch[index]))
            }
            unsafe swap(&batch, &ahead)
            count = aheadCount
        }
    }
}

/// The slots that a scan goes through, in an order that memory likes.
///
/// Slots are live when the walk begins, or when it comes to them, and not used again while the search lasts.
private struct SlotWalk {
    private enum Source {
        case all(GraphSearch, total: Int)
        case listed([UInt32], GraphSearch, Bitmap)
        case set(AllowedSlots)
        case candidates(SearchScratch)
    }

    private let source: Source
    private var next = 0
    private var position = AllowedSlots.Position()
    /// No more slots than this.
    let mostCount: Int

    /// What is live and in `allowed`.
    init(_ search: GraphSearch, _ allowed: Bitmap?) {
        let graph = search.graph
        let total = graph.slotCount.load(ordering: .acquiring)
        guard let allowed else {
            source = .all(search, total: total)
            mostCount = total
            return
        }
        // Few ids are looked up one by one.
        if allowed.count * 64 < total {
            let slots = graph.places.withLock { $0.slots(of: allowed) }
            source = .listed(slots, search, allowed)
            mostCount = slots.count
        } else {
            source = .set(AllowedSlots(graph, allowed, search.scratch))
            mostCount = min(total, allowed.count)
        }
    }

    /// The first `count` candidates of `scratch`.
    init(candidatesOf scratch: SearchScratch, count: Int) {
        source = .candidates(scratch)
        mostCount = count
    }

    /// Puts the next slots into `batch`, at most `limit`; returns how many, 0 at the end.
    @inline(__always)
    mutating func take(_ limit: Int, into batch: UnsafeMutablePointer<UInt32>) -> Int {
        var count = 0
        switch source {
        case .set(let slots):
            count = unsafe slots.take(limit, from: &position, into: batch)
        case .candidates(let scratch):
            while next < mostCount, count < limit {
                unsafe batch[count] = RankedSlot.slot(scratch.candidates[next])
                next += 1
                count += 1
            }
        case .all(let search, let total):
            while next < total, count < limit {
                unsafe batch[count] = UInt32(truncatingIfNeeded: next)
                next += 1
                count &+= unsafe search.isResult(batch[count], nil) ? 1 : 0
            }
        case .listed(let slots, let search, let allowed):
            while next < slots.count, count < limit {
                unsafe batch[count] = slots[next]
                next += 1
                // Removed, or used for another id, since it was looked up.
                count &+= unsafe search.isResult(batch[count], allowed) ? 1 : 0
            }
        }
        return count
    }
}
