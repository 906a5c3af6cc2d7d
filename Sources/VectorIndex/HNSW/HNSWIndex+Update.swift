import Kernels
import Synchronization

extension HNSWIndex {
    /// Vectors linked under one hold of the writer's lock: about a second of work.
    private static let insertionChunk = 8192
    /// Nodes linked one after the other before threads share the rest: a graph has to be there to search in.
    private static let serialCount = 32
    /// Up to so many live vectors a graph with removed ones is made anew instead of mended.
    private static let smallCount = 256
    /// Nodes an inserting task links.
    private static let taskChunk = 8

    /// Stores vectors under ids; an id that is there already gets the new vector, the last of several equal ids wins.
    ///
    /// Runs on the pool's threads. Each vector can be found as soon as it is linked, all of them on return.
    ///
    /// - Parameters:
    ///   - ids: from 0 to `Bitmap.maximumID`.
    ///   - vectors: row-major [ids.count, dimension], finite, for cosine none of length zero.
    /// - Throws: `VectorIndexError`; nothing is stored then (except for `.full`, which may leave the first of many).
    /// - Complexity: about `efConstruction · M` distances for each vector.
    public func insert(_ ids: [Int64], vectors: [Float]) throws(VectorIndexError) {
        for id in ids where id < 0 || id > Bitmap.maximumID { throw .invalidID(id: id) }
        let rows = try VectorRules.prepared(ids, vectors: vectors, dimension: dimension, metric: metric)
        var last: [Int64: Int] = [:]
        for (row, id) in ids.enumerated() { last[id] = row }
        let wanted = ids.indices.filter { last[ids[$0]] == $0 }
        var start = 0
        while start < wanted.count {
            let chunk = wanted[start..<min(start + HNSWIndex.insertionChunk, wanted.count)]
            let entries = chunk.map { (id: ids[$0], row: $0) }
            try writer.withLock { book throws(VectorIndexError) in
                let graph = graph
                reclaim(graph, &book)
                let replaced = graph.places.withLock { places in entries.compactMap { places[$0.id] } }
                try insert(entries, rows: rows, into: graph, book: &book)
                bury(replaced, &book)
            }
            start += chunk.count
        }
    }

    /// Puts rows, in the form they are stored in, into `graph`; what an id had before becomes a tombstone.
    ///
    /// - Throws: `VectorIndexError.full`; nothing has changed then.
    func insert(
        _ entries: [(id: Int64, row: Int)], rows: [Float], into graph: HNSWGraph, book: inout SlotBook
    ) throws(VectorIndexError) {
        let slots = try allocate(entries.count, graph, &book)
        unsafe rows.withUnsafeBufferPointer { buffer in
            for (entry, slot) in zip(entries, slots) {
                unsafe graph.vector(slot).update(
                    from: buffer.baseAddress.unsafelyUnwrapped + entry.row * dimension, count: dimension)
                unsafe graph.id(slot).pointee.store(~entry.id, ordering: .releasing)
            }
        }
        graph.slotCount.store(book.slotCount, ordering: .releasing)
        let serial = max(0, min(slots.count, HNSWIndex.serialCount - graph.liveCount.load(ordering: .relaxed)))
        link(0..<serial, slots, entries, graph)
        let rest = slots.count - serial
        let chunk = HNSWIndex.taskChunk
        pool.run(taskCount: (rest + chunk - 1) / chunk) { task in
            let first = serial + task * chunk
            link(first..<min(first + chunk, slots.count), slots, entries, graph)
        }
    }

    /// Links the nodes in `slots[range]` and makes each visible.
    private func link(_ range: Range<Int>, _ slots: [UInt32], _ entries: [(id: Int64, row: Int)], _ graph: HNSWGraph) {
        guard !range.isEmpty else { return }
        let scratch = graph.scratches.take(
            slotCount: graph.slotCount.load(ordering: .relaxed), beamCapacity: parameters.efConstruction)
        defer { graph.scratches.giveBack(scratch) }
        for index in range {
            let (slot, id) = (slots[index], entries[index].id)
            graph.encode(slot)
            graph.link(slot, scratch: scratch)
            let old = graph.places.withLock { $0.updateValue(slot, forKey: id) }
            // The new vector first: a search in between may meet both, and keeps the nearer one.
            unsafe graph.id(slot).pointee.store(id, ordering: .releasing)
            if let old {
                graph.tombstoneCount.wrappingAdd(1, ordering: .releasing)
                unsafe graph.id(old).pointee.store(HNSWGraph.freeID, ordering: .releasing)
            } else {
                graph.liveCount.wrappingAdd(1, ordering: .releasing)
            }
        }
    }

    /// Takes vectors out: no search that begins afterwards finds them, ids that are not there are passed over.
    ///
    /// - Complexity: O(1) for each id, and now and then a pass over all links (when one vector in a hundred is gone).
    public func remove(_ ids: [Int64]) {
        writer.withLock { book in
            let graph = graph
            let slots = graph.places.withLock { places in ids.compactMap { places.removeValue(forKey: $0) } }
            // The count before the ids: a search that meets no tombstone may trust the graph alone.
            graph.tombstoneCount.wrappingAdd(slots.count, ordering: .releasing)
            for slot in slots { unsafe graph.id(slot).pointee.store(HNSWGraph.freeID, ordering: .releasing) }
            graph.liveCount.wrappingSubtract(slots.count, ordering: .releasing)
            bury(slots, &book)
        }
    }

    /// Mends the links around removed vectors now, and gives their memory back when most of it is unused.
    ///
    /// Searches go on; insertions wait. Not needed for right answers: the index does the same by itself, later.
    public func compact() {
        writer.withLock { book in
            unlink(&book)
            rebuildDense(&book)
        }
    }

    /// Notes `slots` as removed, and mends the links around them when there are enough.
    private func bury(_ slots: [UInt32], _ book: inout SlotBook) {
        book.tombstones += slots
        let live = graph.liveCount.load(ordering: .relaxed)
        guard book.tombstones.count > max(64, live / 100) else { return }
        unlink(&book)
        if book.slotCount > 4096, live < book.slotCount / 2 { rebuildDense(&book) }
    }

    /// Takes the tombstones out of all links; their slots wait until no search can be there.
    func unlink(_ book: inout SlotBook) {
        guard !book.tombstones.isEmpty else { return }
        let graph = graph
        let isSmall = graph.liveCount.load(ordering: .relaxed) <= HNSWIndex.smallCount
        if isSmall, rebuildFresh(&book) { return }
        graph.unlinkTombstones(pool: pool)
        let epoch = graph.scratches.endEpoch()
        book.limbo += book.tombstones.map { ($0, epoch) }
        graph.tombstoneCount.wrappingSubtract(book.tombstones.count, ordering: .releasing)
        book.tombstones = []
    }

    /// Moves the slots that no search can be at from limbo to the free ones, and gives left memory back.
    func reclaim(_ graph: HNSWGraph, _ book: inout SlotBook) {
        guard !book.limbo.isEmpty || !book.leftMemory.isEmpty else { return }
        let oldest = graph.scratches.oldestEpoch
        book.leftMemory.removeAll { $0.epoch < oldest }
        for (slot, epoch) in book.limbo where epoch < oldest {
            book.freeSlots.append(slot)
            let node = unsafe graph.node(slot).pointee
            if node.level > 0 { book.freeUpper[Int(node.level), default: []].append(node.upper) }
        }
        book.limbo.removeAll { $0.epoch < oldest }
    }

    /// Slots for `count` new nodes, their levels drawn and their lists empty.
    private func allocate(_ count: Int, _ graph: HNSWGraph, _ book: inout SlotBook) throws(VectorIndexError) -> [UInt32]
    {
        let reused = min(count, book.freeSlots.count)
        let levels = (0..<count).map { graph.level(ofOrdinal: book.ordinal &+ UInt64($0)) }
        let slotCount = book.slotCount + count - reused
        let upperCount = book.upperCount + levels.reduce(0, +)
        let hasRoom =
            slotCount <= graph.maximumSlotCount && graph.vectors.reserve(slotCount) && graph.reserveCodes(slotCount)
            && graph.base.reserve(slotCount)
            && graph.ids.reserve(slotCount) && graph.nodes.reserve(slotCount) && graph.upper.reserve(upperCount)
        guard hasRoom else { throw .full(capacity: book.slotCount) }
        book.ordinal &+= UInt64(count)
        let slots = book.freeSlots.suffix(reused) + (book.slotCount..<slotCount).map { UInt32($0) }
        book.freeSlots.removeLast(reused)
        book.slotCount = slotCount
        for (slot, level) in zip(slots, levels) {
            var upper: UInt32 = 0
            if level > 0 {
                if let free = book.freeUpper[level]?.popLast() {
                    upper = free
                } else {
                    upper = UInt32(book.upperCount)
                    book.upperCount += level
                }
            }
            unsafe graph.id(slot).pointee.store(HNSWGraph.freeID, ordering: .relaxed)
            unsafe graph.node(slot).pointee = HNSWGraph.Node(level: UInt32(level), upper: upper)
            for layer in 0...level { graph.links(slot, layer).replace(with: []) }
        }
        return Array(slots)
    }
}
