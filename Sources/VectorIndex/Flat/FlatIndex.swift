public import Kernels
import Synchronization

/// The exact index: every search compares the query with every allowed vector.
///
/// The twin that says what `HNSWIndex` should have found, and the better choice up to some thousand vectors. Vectors lie
/// one after the other and are read at memory speed, by all threads of a pool when one is given and the index is large.
/// Removal makes a hole that the next insertion fills, once no search is left that could be looking at it.
public final class FlatIndex: VectorSearching {
    /// Rows a thread compares at a time.
    private static let blockCount = 256
    /// Rows from which on a search is shared among threads.
    private static let parallelCount = 8192

    /// The number of components of every vector.
    public let dimension: Int
    /// How vectors are compared.
    public let metric: Metric
    private let pool: ThreadPool?
    private let similarity: Similarity
    private let vectors: SlabArray
    private let ids: SlabArray
    private let slotCount = Atomic<Int>(0)
    private let liveCount = Atomic<Int>(0)
    private let scratches = ScratchPool()
    private let writer = Mutex(Book())

    private struct Book: Sendable {
        var places: [Int64: UInt32] = [:]
        var free: [UInt32] = []
        var limbo: [(slot: UInt32, epoch: UInt64)] = []
    }

    /// An empty index.
    ///
    /// - Parameters:
    ///   - dimension: components of every vector, 1 to 65,536.
    ///   - metric: how vectors are compared.
    ///   - pool: threads that share the search of a large index; nil for the calling thread alone.
    /// - Throws: `VectorIndexError.invalidParameter`.
    public init(dimension: Int, metric: Metric, pool: ThreadPool? = nil) throws(VectorIndexError) {
        try VectorRules.check("dimension", dimension, in: 1...VectorRules.maximumDimension)
        self.dimension = dimension
        self.metric = metric
        self.pool = pool
        similarity = Similarity(metric: metric, dimension: dimension)
        vectors = SlabArray(rowBytes: dimension * MemoryLayout<Float>.stride, alignment: 64, shift: 12)
        ids = SlabArray(rowBytes: MemoryLayout<Int64>.stride, alignment: 8, shift: 14)
    }

    /// The number of vectors that searches can find.
    public var count: Int { liveCount.load(ordering: .relaxed) }

    /// The closest vectors to `query`, best first: as many as exist, up to `topK`.
    ///
    /// Exact.
    ///
    /// - Parameters:
    ///   - query: `dimension` finite components, not all zero for cosine.
    ///   - topK: how many to return, 1 to 65,536.
    ///   - efSearch: without meaning here.
    ///   - allowing: the ids that may be returned; nil for all.
    /// - Returns: hits in descending similarity, equal ones in ascending id.
    /// - Throws: `VectorIndexError` when the query or `topK` is out of its range.
    /// - Complexity: O(N · D).
    public func search(
        _ query: [Float], topK: Int, efSearch: Int? = nil, allowing: Bitmap? = nil
    ) throws(VectorIndexError) -> [VectorHit] {
        try VectorRules.check("top_k", topK, in: HNSWParameters.efSearchRange)
        let prepared = try VectorRules.prepared(query: query, dimension: dimension, metric: metric)
        let total = slotCount.load(ordering: .acquiring)
        guard total > 0, allowing?.isEmpty != true else { return [] }
        let parts = pool.map { total >= FlatIndex.parallelCount ? $0.threadCount * 4 : 1 } ?? 1
        let rows = (total + parts - 1) / parts
        let found = Mutex<[VectorHit]>([])
        let compare: @Sendable (Int) -> Void = { part in
            let range = min(part * rows, total)..<min((part + 1) * rows, total)
            let hits = self.hits(in: range, query: prepared, topK: topK, allowed: allowing)
            found.withLock { $0 += hits }
        }
        if parts > 1, let pool { pool.run(taskCount: parts, compare) } else { compare(0) }
        return Array(VectorHit.ordered(found.withLock { $0 }).prefix(topK))
    }

    private func hits(in range: Range<Int>, query: [Float], topK: Int, allowed: Bitmap?) -> [VectorHit] {
        let scratch = scratches.take(slotCount: 0, beamCapacity: topK)
        defer { scratches.giveBack(scratch) }
        var beam = unsafe Beam(entries: scratch.beam, capacity: topK)
        let (batch, values) = unsafe (scratch.batch, scratch.values)
        var start = range.lowerBound
        while start < range.upperBound {
            // A block ends where its slab does.
            let slabEnd = ((start >> 12) + 1) << 12
            let end = min(start + FlatIndex.blockCount, range.upperBound, slabEnd)
            var count = 0
            for slot in start..<end {
                // Live before it is compared: the slot is then not used again while this search lasts.
                let id = unsafe id(UInt32(slot)).pointee.load(ordering: .acquiring)
                guard id >= 0, allowed?.contains(id) ?? true else { continue }
                unsafe batch[count] = UInt32(slot)
                count += 1
            }
            if count == end - start {
                unsafe similarity.scan(
                    query, vectors[UInt32(start)], stride: vectors.stride, count: count, into: values)
            } else {
                unsafe similarity.gather(query, vectors.rows, batch, count, into: values)
            }
            for index in 0..<count {
                unsafe beam.offer(RankedSlot.make(distance: similarity.sign * values[index], slot: batch[index]))
            }
            start = end
        }
        return (0..<beam.count).compactMap { index in
            let id = unsafe id(RankedSlot.slot(beam[index])).pointee.load(ordering: .acquiring)
            return id < 0 ? nil : VectorHit(id: id, similarity: -RankedSlot.distance(beam[index]))
        }
    }

    /// Every live id, the one nearest to `query` first.
    func ranked(_ query: [Float]) -> [Int64] {
        let scratch = scratches.take(slotCount: 0, beamCapacity: 1)
        defer { scratches.giveBack(scratch) }
        let (batch, values) = unsafe (scratch.batch, scratch.values)
        var found: [(similarity: Float, id: Int64)] = []
        for slot in 0..<UInt32(slotCount.load(ordering: .acquiring)) {
            let id = unsafe id(slot).pointee.load(ordering: .acquiring)
            guard id >= 0 else { continue }
            unsafe batch[0] = slot
            unsafe similarity.gather(query, vectors.rows, batch, 1, into: values)
            unsafe found.append((similarity.sign * values[0], id))
        }
        return found.sorted { $0.similarity < $1.similarity }.map(\.id)
    }

    @inline(__always)
    private func id(_ slot: UInt32) -> UnsafeMutablePointer<Atomic<Int64>> {
        unsafe ids[slot].assumingMemoryBound(to: Atomic<Int64>.self)
    }
}

// MARK: - Updates

extension FlatIndex {
    /// Stores vectors under ids; an id that is there already gets the new vector, the last of several equal ids wins.
    ///
    /// - Parameters:
    ///   - ids: from 0 to `Bitmap.maximumID`.
    ///   - rows: row-major [ids.count, dimension], finite, for cosine none of length zero.
    /// - Throws: `VectorIndexError`; nothing is stored then.
    public func insert(_ ids: [Int64], vectors rows: [Float]) throws(VectorIndexError) {
        for id in ids where id < 0 || id > Bitmap.maximumID { throw .invalidID(id: id) }
        let prepared = try VectorRules.prepared(ids, vectors: rows, dimension: dimension, metric: metric)
        try writer.withLock { book throws(VectorIndexError) in
            let oldest = scratches.oldestEpoch
            book.free += book.limbo.filter { $0.epoch < oldest }.map(\.slot)
            book.limbo.removeAll { $0.epoch < oldest }
            let used = slotCount.load(ordering: .relaxed)
            let needed = used + max(0, ids.count - book.free.count)
            guard needed <= vectors.maximumRowCount, vectors.reserve(needed), self.ids.reserve(needed) else {
                throw .full(capacity: used)
            }
            for (row, id) in ids.enumerated() {
                let slot = book.free.popLast() ?? UInt32(slotCount.load(ordering: .relaxed))
                unsafe prepared.withUnsafeBufferPointer { buffer in
                    unsafe vectors[slot].assumingMemoryBound(to: Float.self).update(
                        from: buffer.baseAddress.unsafelyUnwrapped + row * dimension, count: dimension)
                }
                unsafe self.id(slot).pointee.store(id, ordering: .releasing)
                if slot >= slotCount.load(ordering: .relaxed) { slotCount.store(Int(slot) + 1, ordering: .releasing) }
                if let old = book.places.updateValue(slot, forKey: id) {
                    release(old, &book)
                } else {
                    liveCount.wrappingAdd(1, ordering: .releasing)
                }
            }
        }
    }

    /// Takes vectors out; no search that begins afterwards finds them.
    ///
    /// Ids that are not there are passed over.
    public func remove(_ ids: [Int64]) {
        writer.withLock { book in
            for id in ids {
                guard let slot = book.places.removeValue(forKey: id) else { continue }
                release(slot, &book)
                liveCount.wrappingSubtract(1, ordering: .releasing)
            }
        }
    }

    private func release(_ slot: UInt32, _ book: inout Book) {
        unsafe id(slot).pointee.store(HNSWGraph.freeID, ordering: .releasing)
        book.limbo.append((slot, scratches.endEpoch()))
    }

    /// Whether a vector is stored under `id`.
    public func contains(_ id: Int64) -> Bool {
        writer.withLock { $0.places[id] != nil }
    }

    /// The vector stored under `id`, at length 1 for cosine; nil when there is none.
    public func vector(of id: Int64) -> [Float]? {
        writer.withLock { book in
            guard let slot = book.places[id] else { return nil }
            let row = unsafe vectors[slot].assumingMemoryBound(to: Float.self)
            return unsafe Array(UnsafeBufferPointer(start: UnsafePointer(row), count: dimension))
        }
    }
}
