import CKernels
import Kernels
import Synchronization

// Answering without the graph: every allowed vector is compared.
extension GraphSearch {
    /// Slots compared at a time, or some more, while the rows of as many more are on their way.
    private static let scanBatch = 48

    /// The fewest slots whose signs are worth a look first.
    static let leastSketched = 3072
    /// The nearest so far that are measured more closely in the end, for each hit wanted.
    private static let beamShare = 2
    /// Slots after which it is seen whether codes leave anything out.
    private static let trialCount = 1024

    /// Compares `query` with every vector that is live and allowed: by signs where there are many, then on codes, and
    /// exactly what is as near as the last hit or may be, as far as signs and codes can tell.
    func exact(_ query: UnsafePointer<Float>, _ allowed: Bitmap?) -> [VectorHit] {
        var walk = SlotWalk(self, allowed)
        scratch.prepare(beamCapacity: topK * GraphSearch.beamShare)
        scratch.prepare(candidateCount: walk.room)
        let codes = graph.codes
        var coded = unsafe codes.query(query, buffer: scratch.queryCodes)
        func byCode(_ batch: UnsafePointer<UInt32>, _ count: Int) {
            unsafe codes.distances(&coded, batch, count, into: scratch.values)
        }
        func exactly(_ batch: UnsafePointer<UInt32>, _ count: Int) {
            unsafe graph.similarity.gather(query, graph.vectors.rows, batch, count, into: scratch.values)
            for index in 0..<count { unsafe scratch.values[index] *= graph.similarity.sign }
        }
        let areSigns = codes.precision == .binary
        if let sketches = graph.scanSketches, walk.mostCount >= GraphSearch.leastSketched {
            var signs = unsafe sketches.query(query, buffer: scratch.rowCodes)
            unsafe narrow(
                &walk, sketches,
                by: { batch, count in
                    unsafe sketches.distances(&signs, batch, count, into: scratch.values)
                }, then: areSigns ? exactly : byCode)
        }
        if !areSigns { unsafe narrow(&walk, codes, by: byCode, then: exactly) }
        var beam = unsafe Beam(entries: scratch.beam, capacity: topK)
        _ = unsafe scan(&walk, codes, exactly) { distance, slot in
            beam.offer(RankedSlot.make(distance: distance, slot: slot))
            return true
        }
        return hits(beam.count)
    }

    /// What puts the distances of `count` slots into the scratch's values.
    private typealias Measure = (_ slots: UnsafePointer<UInt32>, _ count: Int) -> Void

    /// Leaves in `walk` what may be among the nearest `topK`, as far as `codes` can tell; all where they can't.
    ///
    /// While it goes on, what is farther than the last hit so far by twice the error is left out: that hit may be nearer
    /// than it is by its code, and another one farther. In the end the nearest are measured by `closer`, and what
    /// remains may be off by the error once. Where the nearest lie so close together that the first ones are nearly all
    /// kept, the rest is too, and nothing is left out.
    @inline(__always)
    private func narrow(_ walk: inout SlotWalk, _ codes: CodeArray, by measure: Measure, then closer: Measure) {
        guard codes.error(at: 0) != nil else { return }
        let whole = walk
        var beam = unsafe Beam(entries: scratch.beam, capacity: topK * GraphSearch.beamShare)
        // Filled from its beginning, where the walk has already been if it goes through the candidates itself.
        let candidates = unsafe scratch.candidates
        var count = 0
        // What is farther than this can't be a hit.
        var limit = Float.infinity
        var seen = 0
        let isWhole = unsafe scan(&walk, codes, measure) { distance, slot in
            seen &+= 1
            guard distance <= limit else { return true }
            let entry = RankedSlot.make(distance: distance, slot: slot)
            unsafe candidates[count] = entry
            count &+= 1
            if entry < beam.limit {
                beam.offer(entry)
                if beam.count >= topK {
                    let last = RankedSlot.distance(beam[topK - 1])
                    limit = last + 2 * (codes.error(at: last) ?? 0)
                }
            }
            return seen != GraphSearch.trialCount || count < GraphSearch.trialCount * 3 / 4
        }
        guard isWhole else {
            walk = whole
            return
        }
        let nearest = (0..<beam.count).map { RankedSlot.slot(beam[$0]) }
        if nearest.count >= topK, nearest.count <= SearchScratch.batchCapacity {
            unsafe nearest.withUnsafeBufferPointer { slots in
                if let first = slots.baseAddress { unsafe closer(first, slots.count) }
            }
            let last = unsafe UnsafeBufferPointer(start: scratch.values, count: nearest.count).sorted()[topK - 1]
            // Never so few that hits are missing, whatever the codes are worth.
            let least = RankedSlot.distance(beam[topK - 1])
            limit = max(least, min(limit, last + (codes.error(at: last) ?? 0)))
        }
        var near = 0
        for index in 0..<count where unsafe RankedSlot.distance(candidates[index]) <= limit {
            unsafe candidates[near] = candidates[index]
            near += 1
        }
        walk = SlotWalk(candidatesOf: scratch, count: near)
    }

    /// Calls `each` with every slot of `walk` and the distance that `measure` puts into the scratch's values, for a batch
    /// at a time whose rows of `codes` were asked for, until it returns false.
    /// - Returns: whether it never did.
    @inline(__always)
    private func scan(
        _ walk: inout SlotWalk, _ codes: CodeArray, _ measure: Measure, each: (Float, UInt32) -> Bool
    ) -> Bool {
        var (batch, ahead) = unsafe (scratch.batch, scratch.keptSlots)
        var count = unsafe walk.take(GraphSearch.scanBatch, into: batch)
        unsafe codes.prefetch(batch, count)
        while count > 0 {
            let aheadCount = unsafe walk.take(GraphSearch.scanBatch, into: ahead)
            unsafe codes.prefetch(ahead, aheadCount)
            unsafe measure(batch, count)
            unsafe scratch.distanceCount += count
            for index in 0..<count {
                guard unsafe each(scratch.values[index], batch[index]) else { return false }
            }
            unsafe swap(&batch, &ahead)
            count = aheadCount
        }
        return true
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
    /// No more slots than this, but for ids that are being replaced and have two for a moment.
    let mostCount: Int
    /// No more slots than this at all.
    let room: Int

    /// What is live and in `allowed`.
    init(_ search: GraphSearch, _ allowed: Bitmap?) {
        let graph = search.graph
        let total = graph.slotCount.load(ordering: .acquiring)
        guard let allowed else {
            source = .all(search, total: total)
            mostCount = total
            room = total
            return
        }
        // Few ids are looked up one by one.
        if allowed.count * 64 < total {
            let slots = graph.places.withLock { $0.slots(of: allowed) }
            source = .listed(slots, search, allowed)
            mostCount = slots.count
            room = slots.count
        } else {
            source = .set(AllowedSlots(graph, allowed, search.scratch))
            mostCount = min(total, allowed.count)
            room = total
        }
    }

    /// The first `count` candidates of `scratch`.
    init(candidatesOf scratch: SearchScratch, count: Int) {
        source = .candidates(scratch)
        mostCount = count
        room = count
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
