import Kernels
import Synchronization

// Taking removed nodes out of the links of the others.
extension HNSWGraph {
    /// Whether `slot` holds a removed vector.
    @inline(__always)
    func isTombstone(_ slot: UInt32) -> Bool {
        unsafe id(slot).pointee.load(ordering: .relaxed) == HNSWGraph.freeID
    }

    /// Mends every list that leads to a removed node; afterwards neither a link nor the entry leads to one.
    ///
    /// Such a list chooses again among what it has left and what the removed nodes led to, and nodes it then leads to
    /// link back. A node whose neighbours all went, with theirs, is linked anew. One pass over all links, on the pool's
    /// threads; the writer's lock has to be held. Searches go on meanwhile.
    /// Source: Singh et al., "FreshDiskANN", 2021, algorithm 4 (delete consolidation), with HNSW's choice of links.
    func unlinkTombstones(pool: ThreadPool) {
        let total = slotCount.load(ordering: .relaxed)
        let chunk = 2048
        let highest = Atomic<UInt64>(0)
        let lonely = Mutex<[UInt32]>([])
        pool.run(taskCount: (total + chunk - 1) / chunk) { task in
            let scratch = scratches.take(slotCount: 0, beamCapacity: 0)
            defer { scratches.giveBack(scratch) }
            var best: UInt64 = 0
            for slot in UInt32(task * chunk)..<UInt32(min(total, (task + 1) * chunk)) where isLive(slot) {
                let level = unsafe Int(node(slot).pointee.level)
                best = max(best, UInt64(level + 1) << 32 | UInt64(slot))
                for layer in 0...level { repairLinks(of: slot, on: layer, scratch: scratch) }
                if links(slot, 0)[0] == HNSWGraph.noLink { lonely.withLock { $0.append(slot) } }
            }
            highest.max(best, ordering: .relaxed)
        }
        let old = entry.load(ordering: .relaxed)
        if old != 0, isTombstone(UInt32(truncatingIfNeeded: old)) {
            entry.store(highest.load(ordering: .relaxed), ordering: .releasing)
        }
        let scratch = scratches.take(slotCount: total, beamCapacity: parameters.efConstruction)
        defer { scratches.giveBack(scratch) }
        for slot in lonely.withLock({ $0 }) {
            linkUnlocked(slot, level: unsafe Int(node(slot).pointee.level), scratch: scratch)
        }
    }

    private func repairLinks(of slot: UInt32, on layer: Int, scratch: SearchScratch) {
        let stripe = stripes[Int(slot) & (stripes.count - 1)]
        let list = links(slot, layer)
        let old = stripe.mutex.withLock { _ in list.copy }
        let removed = old.filter { isTombstone($0) }
        guard !removed.isEmpty else { return }
        var candidates = Set(old).subtracting(removed)
        for gone in removed {
            for link in links(gone, layer).copy where link != slot && !isTombstone(link) { candidates.insert(link) }
        }
        var count = 0
        for candidate in candidates.prefix(SearchScratch.batchCapacity) {
            unsafe scratch.batch[count] = candidate
            count += 1
        }
        rank(count, from: slot, scratch: scratch)
        var ranked = unsafe UnsafeMutableBufferPointer(start: scratch.ranked, count: count)
        unsafe ranked.sort()
        let keptCount = unsafe selectNeighbours(scratch.ranked, count, limit: list.capacity, scratch: scratch)
        var kept = unsafe Array(UnsafeBufferPointer(start: scratch.kept, count: keptCount))
        // A list thinner than a node's that was never touched would leave the graph weaker after each round of removals,
        // a full one of near nodes alone too.
        let least = max(parameters.m, list.capacity * 3 / 4)
        for index in 0..<count where kept.count < least {
            let entry = unsafe scratch.ranked[index]
            if !kept.contains(entry) { kept.append(entry) }
        }
        stripe.mutex.withLock { _ in
            // What other threads linked here meanwhile stays, as far as there is room.
            let links = kept.map { RankedSlot.slot($0) }
            let added = list.copy.filter { !old.contains($0) && !links.contains($0) }
            list.replace(with: (links + added).prefix(list.capacity))
        }
        for entry in kept where !old.contains(RankedSlot.slot(entry)) {
            connect(RankedSlot.slot(entry), to: slot, distance: RankedSlot.distance(entry), on: layer, scratch: scratch)
        }
    }
}
