import Synchronization

extension HNSWIndex {
    /// The ids whose codes are not those of their exact vectors, ascending: none, unless memory or a file was damaged.
    ///
    /// Every code is made again and compared byte by byte. Insertions wait meanwhile, searches go on.
    /// - Complexity: O(vectors × dimension).
    public func idsWithForeignCodes() -> [Int64] {
        writer.withLock { book in
            let graph = graph
            let fresh = CodeArray(
                precision: graph.codes.precision, metric: metric, dimension: dimension, vectors: graph.vectors)
            guard graph.codes.precision != .f32, fresh.reserve(1) else { return [] }
            var ids: [Int64] = []
            for slot in 0..<UInt32(book.slotCount) where graph.isLive(slot) {
                unsafe fresh.encode(graph.vector(slot), into: 0)
                let isSame = zip(graph.codes.arrays, fresh.arrays).allSatisfy { held, made in
                    let (left, right) = unsafe (held.1[slot], made.1[0])
                    return unsafe UnsafeRawBufferPointer(start: left, count: held.1.stride)
                        .elementsEqual(UnsafeRawBufferPointer(start: right, count: made.1.stride))
                }
                if !isSame { unsafe ids.append(graph.id(slot).pointee.load(ordering: .relaxed)) }
            }
            return ids.sorted()
        }
    }
}
