import CKernels
import Kernels

// Searching among some of the nodes only.
extension HNSWGraph {
    /// The nearest `ef` nodes of layer 0 that are live and in `allowed`.
    ///
    /// Walks on allowed nodes alone. Where a node has few allowed neighbours, the neighbours of the others are looked at
    /// in their place, so that distances are computed for nothing but possible results. Begins at the first `startCount`
    /// entries of the scratch's `ranked`, allowed nodes near the query.
    ///
    /// - Returns: the beam, valid until the scratch is used again; short when what is allowed hangs together badly.
    /// Source: Patel et al., "ACORN: Performant and Predicate-Agnostic Search Over Vector Embeddings and Structured
    /// Data", 2024, section 5 (ACORN-1).
    @inline(never)
    func searchAllowed(
        fromRanked startCount: Int, ef: Int, query: UnsafePointer<ck_code_query>, allowed: AllowedSlots,
        scratch: SearchScratch
    ) -> Beam {
        var beam = unsafe Beam(entries: scratch.beam, capacity: ef)
        scratch.clearVisited()
        for index in 0..<startCount {
            let entry = unsafe scratch.ranked[index]
            _ = scratch.visit(RankedSlot.slot(entry))
            beam.offer(entry)
        }
        var count = 0
        while let slot = beam.next() {
            count = collectAllowed(around: slot, allowed, scratch)
            // The links of those around the node that is likely to be next arrive while distances are computed.
            if let next = beam.upcoming { fetchBridges(around: next, allowed, scratch) }
            unsafe score(count, query, &beam, scratch)
        }
        return beam
    }

    /// Offers the first `count` slots of the scratch's batch to the beam.
    @inline(__always)
    private func score(
        _ count: Int, _ query: UnsafePointer<ck_code_query>, _ beam: inout Beam, _ scratch: SearchScratch
    ) {
        let (batch, values) = unsafe (scratch.batch, scratch.values)
        unsafe codes.distances(query, batch, count, into: values)
        unsafe scratch.distanceCount += count
        unsafe scratch.hopCount += 1
        for index in 0..<count {
            let entry = unsafe RankedSlot.make(distance: values[index], slot: batch[index])
            guard entry < beam.limit else { continue }
            unsafe ck_prefetch(base[RankedSlot.slot(entry)], base.stride)
            beam.offer(entry)
        }
    }

    /// Asks for the links of the nodes around `slot` that are not allowed.
    @inline(__always)
    private func fetchBridges(around slot: UInt32, _ allowed: AllowedSlots, _ scratch: SearchScratch) {
        let list = links(slot, 0)
        var index = 0
        while index < list.capacity {
            let link = list[index]
            guard link != HNSWGraph.noLink else { break }
            index &+= 1
            if !allowed.contains(link), !scratch.isVisited(link) { unsafe ck_prefetch(base[link], base.stride) }
        }
    }

    /// Puts allowed nodes around `slot` that this pass has not met into the batch, marks them and asks for their rows:
    /// neighbours, and where these are few, neighbours of those that are not allowed.
    private func collectAllowed(around slot: UInt32, _ allowed: AllowedSlots, _ scratch: SearchScratch) -> Int {
        let (batch, bridges) = unsafe (scratch.batch, scratch.keptSlots)
        let list = links(slot, 0)
        var (count, bridgeCount, index) = (0, 0, 0)
        while index < list.capacity {
            let link = list[index]
            guard link != HNSWGraph.noLink else { break }
            index &+= 1
            guard !scratch.isVisited(link) else { continue }
            if allowed.contains(link) {
                _ = scratch.visit(link)
                unsafe batch[count] = link
                count &+= 1
            } else {
                unsafe bridges[bridgeCount] = link
                bridgeCount &+= 1
                unsafe ck_prefetch(base[link], base.stride)
            }
        }
        index = 0
        while index < bridgeCount, count < parameters.m {
            let bridge = unsafe bridges[index]
            index &+= 1
            // A bridge is used once: another node that leads to it finds the same behind it.
            guard scratch.visit(bridge) else { continue }
            let beyond = links(bridge, 0)
            var next = 0
            while next < beyond.capacity {
                let link = beyond[next]
                guard link != HNSWGraph.noLink else { break }
                next &+= 1
                guard allowed.contains(link) else { continue }
                unsafe batch[count] = link
                count &+= scratch.visit(link) ? 1 : 0
            }
        }
        unsafe codes.prefetch(batch, count)
        return count
    }
}
