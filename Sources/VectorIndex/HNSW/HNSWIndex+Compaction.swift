import Synchronization

extension HNSWIndex {
    /// Copies the live part of the graph into a new one without gaps and lets searches go on there.
    ///
    /// The writer's lock has to be held and no tombstone be left. Searches under way finish on the old graph, which
    /// goes with the last of them.
    func rebuildDense(_ book: inout SlotBook) {
        let old = graph
        guard old.liveCount.load(ordering: .relaxed) < book.slotCount else { return }
        let live = (0..<UInt32(book.slotCount)).filter { old.isLive($0) }
        var moved = [UInt32](repeating: HNSWGraph.noLink, count: book.slotCount)
        for (new, slot) in live.enumerated() { moved[Int(slot)] = UInt32(new) }
        let upperCount = live.reduce(0) { unsafe $0 + Int(old.node($1).pointee.level) }
        let new = HNSWGraph(dimension: dimension, metric: metric, parameters: parameters)
        // Without memory for a second graph the first one stays as it is.
        guard new.vectors.reserve(live.count), new.reserveCodes(live.count), new.base.reserve(live.count),
            new.upper.reserve(upperCount), new.ids.reserve(live.count), new.nodes.reserve(live.count)
        else { return }
        var upper: UInt32 = 0
        var places = PlaceTable()
        for (index, slot) in live.enumerated() {
            let target = UInt32(index)
            let level = unsafe old.node(slot).pointee.level
            let id = unsafe old.id(slot).pointee.load(ordering: .relaxed)
            unsafe new.vector(target).update(from: old.vector(slot), count: dimension)
            new.encode(target)
            unsafe new.id(target).pointee.store(id, ordering: .relaxed)
            unsafe new.node(target).pointee = HNSWGraph.Node(level: level, upper: upper)
            upper += level
            for layer in 0...Int(level) {
                let links = old.links(slot, layer).copy
                new.links(target, layer).replace(with: links.map { moved[Int($0)] })
            }
            _ = places.updateValue(target, forKey: id)
        }
        let entry = old.entry.load(ordering: .relaxed)
        if entry != 0 {
            let slot = moved[Int(UInt32(truncatingIfNeeded: entry))]
            new.entry.store((entry >> 32) << 32 | UInt64(slot), ordering: .relaxed)
        }
        new.slotCount.store(live.count, ordering: .relaxed)
        new.liveCount.store(live.count, ordering: .relaxed)
        new.scratches.absorb(old.scratches.totals)
        book = SlotBook(ordinal: book.ordinal, slotCount: live.count, upperCount: upperCount)
        new.places.withLock { $0 = places }
        current.withLock { $0 = new }
    }

    /// Inserts the live vectors into a new graph and lets searches go on there: the way to mend a small one, where
    /// removals may have taken every link of a node.
    ///
    /// The writer's lock has to be held.
    /// - Returns: false, with nothing changed, when there is no memory.
    func rebuildFresh(_ book: inout SlotBook) -> Bool {
        let old = graph
        let live = (0..<UInt32(book.slotCount)).filter { old.isLive($0) }
        let entries = live.enumerated().map { row, slot in
            unsafe (id: old.id(slot).pointee.load(ordering: .relaxed), row: row)
        }
        let rows = unsafe live.flatMap { unsafe UnsafeBufferPointer(start: old.vector($0), count: dimension) }
        let new = HNSWGraph(dimension: dimension, metric: metric, parameters: parameters)
        new.scratches.absorb(old.scratches.totals)
        var fresh = SlotBook(ordinal: book.ordinal)
        do {
            try insert(entries, rows: rows, into: new, book: &fresh)
        } catch {
            return false
        }
        book = fresh
        current.withLock { $0 = new }
        return true
    }
}
