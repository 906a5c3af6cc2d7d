import Kernels
import Synchronization

// Taking removed nodes out of the links of the others.
extension HNSWGraph {
    /// Whether `slot` holds a removed vector.
    @inline(__always)
    func isTombstone(_ slot: UInt32) -> Bool {
        unsafe id(slot).pointee.load(ordering: .relaxed) == HNSWGraph.freeID
    }

    /// Rewrites every list that leads to a removed node: such a list chooses again among what it has left and what the
    /// removed nodes led to. Afterwards no link and not the entry lead to a removed node.
    ///
    /// One pass over all links, on the pool's threads; the writer's lock has to be held. Searches go on meanwhile.
    /// Source: Singh et al., "FreshDiskANN", 2021, algorithm 4 (delete consolidation), with HNSW's choice of links.
    func unlinkTombstones(pool: ThreadPool) {
        let total = slotCount.load(ordering: .relaxed)
        let chunk = 2048
        let highest = Atomic<UInt64>(0)
        pool.run(taskCount: (total + chunk - 1) / chunk) { task in
            let scratch = scratches.take(slotCount: 0, beamCapacity: 0)
            defer { scratches.giveBack(scratch) }
            var best: UInt64 = 0
            for slot in UInt32(task * chunk)..<UInt32(min(total, (task + 1) * chunk)) where isLive(slot) {
                let level = unsafe Int(node(slot).pointee.level)
                best = max(best, UInt64(level + 1) << 32 | UInt64(slot))
                for layer in 0...level { repairLinks(of: slot, on: layer, scratch: scratch) }
            }
            highest.max(best, ordering: .relaxed)
        }
        let old = entry.load(ordering: .relaxed)
        if old != 0, isTombstone(UInt32(truncatingIfNeeded: old)) {
            entry.store(highest.load(ordering: .relaxed), ordering: .releasing)
        }
    }

    private func repairLinks(of slot: UInt32, on layer: Int, scratch: SearchScratch) {
        let list = links(slot, layer)
        let old = list.copy
        let removed = old.filter { isTombstone($0) }
        guard !removed.isEmpty else { return }
        var candidates = Set(old).subtracting(removed)
        for gone in removed {
            for link in links(gone, layer).copy where link != slot && !isTombstone(link) { candidates.insert(link) }
        }
        let ranked = rank(Array(candidates.prefix(SearchScratch.batchCapacity)), from: slot, scratch: scratch).sorted()
        var kept = selectNeighbours(
            count: ranked.count, limit: list.capacity, scratch: scratch, candidate: { ranked[$0] })
        // A list thinner than a new node's would leave the graph weaker after each round of removals.
        for entry in ranked where kept.count < parameters.m && !kept.contains(entry) { kept.append(entry) }
        list.replace(with: kept.lazy.map { RankedSlot.slot($0) })
    }
}
