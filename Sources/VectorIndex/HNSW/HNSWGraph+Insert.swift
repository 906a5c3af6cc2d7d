import CKernels
import Kernels
import Synchronization

// Linking a new node into the graph. Several threads do this at once, each for its own node.
extension HNSWGraph {
    /// The level of the `ordinal`-th node: geometric with ratio 1/M, the same for equal seeds on any thread count.
    ///
    /// Source: Malkov and Yashunin 2018, section 4.1 (mL = 1/ln M).
    func level(ofOrdinal ordinal: UInt64) -> Int {
        let bits = SplitMix64.mixed(parameters.seed &+ (ordinal &+ 1) &* SplitMix64.increment)
        var level = 0
        var share = 1.0
        let uniform = (Double(bits >> 11) + 0.5) / 9_007_199_254_740_992
        // u < M^-level, without a logarithm that platforms round differently.
        while level < HNSWGraph.maximumLevel {
            share /= Double(parameters.m)
            guard uniform < share else { break }
            level += 1
        }
        return level
    }

    /// Links the node in `slot`, whose vector, level and empty lists are in place, and makes it reachable.
    func link(_ slot: UInt32, scratch: SearchScratch) {
        let level = unsafe Int(node(slot).pointee.level)
        let top = Int(entry.load(ordering: .acquiring) >> 32) - 1
        // A node that becomes the entry is linked alone, so that two of them do not miss each other on the top layers.
        if level > top {
            entryLock.mutex.withLock { _ in linkUnlocked(slot, level: level, scratch: scratch) }
        } else {
            linkUnlocked(slot, level: level, scratch: scratch)
        }
    }

    func linkUnlocked(_ slot: UInt32, level: Int, scratch: SearchScratch) {
        var query = unsafe codes.query(vector(slot), buffer: scratch.queryCodes)
        let top = Int(entry.load(ordering: .acquiring) >> 32) - 1
        guard var start = unsafe descend(to: min(level, top), query: &query, scratch: scratch) else {
            entry.store(UInt64(level + 1) << 32 | UInt64(slot), ordering: .releasing)
            return
        }
        // All lists of the new node are found and filled before any other node links to it: who meets it on a high
        // layer can go on from it on the layers below.
        var chosen: [[UInt64]] = []
        for layer in (0...min(level, top)).reversed() {
            let beam = unsafe searchLayer(
                layer, from: start, ef: parameters.efConstruction, query: &query, scratch: scratch)
            start = beam[0] & ~1
            // The node itself is met when it is linked anew. Removed nodes are taken like others: links around them are
            // mended together, and until then they hold the graph together.
            let count = beam.strip(slot)
            if linkCodes !== codes { unsafe rescore(count, vector(slot), scratch) }
            let kept = unsafe selectNeighbours(scratch.beam, count, limit: parameters.m, scratch: scratch)
            let neighbours = unsafe Array(UnsafeBufferPointer(start: scratch.kept, count: kept))
            links(slot, layer).replace(with: neighbours.lazy.map { RankedSlot.slot($0) })
            chosen.append(neighbours)
        }
        for (layer, neighbours) in zip((0...min(level, top)).reversed(), chosen) {
            for neighbour in neighbours {
                connect(
                    RankedSlot.slot(neighbour), to: slot, distance: RankedSlot.distance(neighbour), on: layer,
                    scratch: scratch)
            }
        }
        if level > top { entry.store(UInt64(level + 1) << 32 | UInt64(slot), ordering: .releasing) }
    }

    /// Adds `slot` to the links of `owner` on `layer`; a full list is thinned out.
    func connect(_ owner: UInt32, to slot: UInt32, distance: Float, on layer: Int, scratch: SearchScratch) {
        stripes[Int(owner) & (stripes.count - 1)].mutex.withLock { _ in
            let list = links(owner, layer)
            var count = 0
            while count < list.capacity, list[count] != HNSWGraph.noLink {
                if list[count] == slot { return }
                unsafe scratch.batch[count] = list[count]
                count += 1
            }
            if count < list.capacity { return list.append(slot, count: count) }
            rank(count, from: owner, scratch: scratch)
            unsafe scratch.ranked[count] = RankedSlot.make(distance: distance, slot: slot)
            var ranked = unsafe UnsafeMutableBufferPointer(start: scratch.ranked, count: count + 1)
            unsafe ranked.sort()
            let kept = unsafe selectNeighbours(scratch.ranked, count + 1, limit: count, scratch: scratch)
            unsafe list.replace(with: UnsafeBufferPointer(start: scratch.keptSlots, count: kept))
        }
    }

    /// Ranks the `count` slots in the scratch's batch by their distance from the node in `owner` into its `ranked`,
    /// unsorted.
    func rank(_ count: Int, from owner: UInt32, scratch: SearchScratch) {
        let (batch, values) = unsafe (scratch.batch, scratch.values)
        var query = unsafe linkCodes.query(of: owner, buffer: scratch.rowCodes)
        unsafe linkCodes.prefetch(batch, count)
        unsafe linkCodes.distances(&query, batch, count, into: values)
        unsafe scratch.distanceCount += count
        for index in 0..<count {
            unsafe scratch.ranked[index] = RankedSlot.make(distance: values[index], slot: batch[index])
        }
    }

    /// Chooses links among `count` candidates in ascending distance: one is kept if it is nearer to the owner than to
    /// every one kept before it, so that links point in different directions.
    ///
    /// - Returns: how many the scratch's `kept` and `keptSlots` then hold, at most `limit`.
    /// Source: Malkov and Yashunin 2018, algorithm 4, without its extensions.
    func selectNeighbours(
        _ candidates: UnsafePointer<UInt64>, _ count: Int, limit: Int, scratch: SearchScratch
    ) -> Int {
        let (kept, slots, values) = unsafe (scratch.kept, scratch.keptSlots, scratch.values)
        var keptCount = 0
        for index in 0..<count where keptCount < limit {
            let entry = unsafe candidates[index]
            let distance = RankedSlot.distance(entry)
            var query = unsafe linkCodes.query(of: RankedSlot.slot(entry), buffer: scratch.rowCodes)
            var isDiverse = true
            var compared = 0
            while isDiverse, compared < keptCount {
                // As many as a kernel compares at once.
                let block = min(4, keptCount - compared)
                unsafe linkCodes.distances(&query, slots + compared, block, into: values)
                for other in 0..<block where unsafe values[other] < distance { isDiverse = false }
                compared += block
            }
            unsafe scratch.distanceCount += compared
            guard isDiverse else { continue }
            unsafe kept[keptCount] = entry
            unsafe slots[keptCount] = RankedSlot.slot(entry)
            keptCount += 1
        }
        return keptCount
    }
}
