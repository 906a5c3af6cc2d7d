import CKernels
import Synchronization

// Searching one layer: a beam of the nearest nodes met so far, each expanded once, nearest first.
extension HNSWGraph {
    /// Walks down from the entry point to the node nearest to `query` on the lowest layer above `layer`.
    ///
    /// - Returns: the ranked slot to begin with on `layer`, or nil when the graph is empty.
    func descend(to layer: Int, query: UnsafePointer<ck_code_query>, scratch: SearchScratch) -> UInt64? {
        let entry = entry.load(ordering: .acquiring)
        guard entry != 0 else { return nil }
        let top = Int(entry >> 32) - 1
        var slot = UInt32(truncatingIfNeeded: entry)
        var distance: Float = 0
        unsafe codes.distances(query, &slot, 1, into: &distance)
        unsafe scratch.distanceCount += 1
        var level = top
        while level > layer {
            while let (nearer, at) = unsafe nearestLink(
                of: slot, on: level, than: distance, query: query, scratch: scratch)
            {
                slot = nearer
                distance = at
            }
            level -= 1
        }
        return RankedSlot.make(distance: distance, slot: slot)
    }

    /// The link of `slot` on `layer` that is nearest to `query`, if it is nearer than `distance`.
    private func nearestLink(
        of slot: UInt32, on layer: Int, than distance: Float, query: UnsafePointer<ck_code_query>,
        scratch: SearchScratch
    ) -> (UInt32, Float)? {
        let links = links(slot, layer)
        let batch = unsafe scratch.batch
        let values = unsafe scratch.values
        var count = 0
        while count < links.capacity {
            let link = links[count]
            guard link != HNSWGraph.noLink else { break }
            unsafe batch[count] = link
            count += 1
        }
        unsafe codes.prefetch(batch, count)
        unsafe codes.distances(query, batch, count, into: values)
        unsafe scratch.distanceCount += count
        unsafe scratch.hopCount += 1
        var best: (UInt32, Float)?
        var least = distance
        for index in 0..<count {
            let candidate = unsafe values[index]
            if candidate < least {
                least = candidate
                unsafe best = (batch[index], candidate)
            }
        }
        return best
    }

    /// The nearest `ef` nodes on `layer`, found from `start`; live or not.
    ///
    /// - Returns: the beam, valid until the scratch is used again.
    @inline(never)
    func searchLayer(
        _ layer: Int, from start: UInt64, ef: Int, query: UnsafePointer<ck_code_query>, scratch: SearchScratch
    ) -> Beam {
        unsafe searchLayer(layer, from: start, ef: ef, query: query, scratch: scratch) { _ in }
    }

    /// The allowed ones of the nodes that are in the beam at some time of a search of layer 0 with a beam of `ef`, at
    /// most as many as the scratch's `ranked` holds.
    @inline(never)
    func probe(
        from start: UInt64, ef: Int, query: UnsafePointer<ck_code_query>, allowed: AllowedSlots, scratch: SearchScratch
    ) -> Int {
        let met = unsafe scratch.ranked
        var count = 0
        _ = unsafe searchLayer(0, from: start, ef: ef, query: query, scratch: scratch) { entry in
            unsafe met[count] = entry
            count &+= allowed.contains(RankedSlot.slot(entry)) && count < SearchScratch.batchCapacity - 1 ? 1 : 0
        }
        return count
    }

    /// As the function without `accepted`, which is told every entry that the beam takes in.
    @inline(__always)
    private func searchLayer(
        _ layer: Int, from start: UInt64, ef: Int, query: UnsafePointer<ck_code_query>, scratch: SearchScratch,
        accepted onAccepted: (UInt64) -> Void
    ) -> Beam {
        var beam = unsafe Beam(entries: scratch.beam, capacity: ef)
        scratch.clearVisited()
        _ = scratch.visit(RankedSlot.slot(start))
        beam.offer(start)
        onAccepted(start)
        let values = unsafe scratch.values
        let accepted = unsafe scratch.kept
        // Two batches: the rows of the second one are on their way while the distances of the first are computed.
        var (batch, ahead) = unsafe (scratch.batch, scratch.keptSlots)
        var count = unsafe expand(&beam, layer, into: batch, scratch)
        var distances = 0
        var hops = 0
        while count >= 0 {
            let aheadCount = unsafe expand(&beam, layer, into: ahead, scratch)
            hops &+= 1
            unsafe codes.distances(query, batch, count, into: values)
            distances &+= count
            // First what can enter at all, without a branch on the data.
            let limit = beam.limit
            var acceptedCount = 0
            for index in 0..<count {
                let entry = unsafe RankedSlot.make(distance: values[index], slot: batch[index])
                unsafe accepted[acceptedCount] = entry
                acceptedCount &+= entry < limit ? 1 : 0
            }
            for index in 0..<acceptedCount {
                let entry = unsafe accepted[index]
                // Links are asked for long before they are followed.
                if layer == 0 { unsafe ck_prefetch(base[RankedSlot.slot(entry)], base.stride) }
                beam.offer(entry)
                onAccepted(entry)
            }
            if aheadCount < 0 {
                count = unsafe expand(&beam, layer, into: batch, scratch)
            } else {
                unsafe swap(&batch, &ahead)
                count = aheadCount
            }
        }
        unsafe scratch.distanceCount += distances
        unsafe scratch.hopCount += hops
        return beam
    }

    /// Takes the nearest entry of the beam that was not expanded yet, puts its links that this pass has not met into
    /// `batch`, marks them, and asks for their rows.
    ///
    /// - Returns: how many links there are, or −1 when no entry is left.
    @inline(__always)
    private func expand(
        _ beam: inout Beam, _ layer: Int, into batch: UnsafeMutablePointer<UInt32>, _ scratch: SearchScratch
    ) -> Int {
        guard let slot = beam.next() else { return -1 }
        let links = links(slot, layer)
        var count = 0
        var index = 0
        while index < links.capacity {
            let link = links[index]
            guard link != HNSWGraph.noLink else { break }
            index &+= 1
            unsafe batch[count] = link
            count &+= scratch.visit(link) ? 1 : 0
        }
        unsafe codes.prefetch(batch, count)
        return count
    }
}
