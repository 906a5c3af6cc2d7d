import CKernels
import Kernels
import Synchronization

// Answering without the graph: every allowed vector is compared.
extension GraphSearch {
    /// Slots compared at a time, while the rows of as many more are on their way.
    private static let scanBatch = 16

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
}

/// The slots a scan goes through: those listed, or all.
private struct ScannedSlots {
    let listed: [UInt32]?
    let total: Int

    var count: Int { listed?.count ?? total }

    @inline(__always)
    subscript(index: Int) -> UInt32 { listed?[index] ?? UInt32(truncatingIfNeeded: index) }
}
