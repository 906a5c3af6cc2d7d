import Synchronization

extension HNSWIndex {
    /// The ids whose codes are not those of their exact vectors, ascending: none, unless memory or a file was damaged.
    ///
    /// Every code is made again and compared byte by byte. Insertions wait meanwhile, searches go on.
    /// - Complexity: O(vectors × dimension).
    public func idsWithForeignCodes() -> [Int64] {
        writer.withLock { book in
            let graph = graph
            let fresh = HNSWGraph(dimension: dimension, metric: metric, parameters: parameters)
            guard graph.codes.precision != .f32, fresh.vectors.reserve(1), fresh.reserveCodes(1) else { return [] }
            var ids: [Int64] = []
            for slot in 0..<UInt32(book.slotCount) where graph.isLive(slot) {
                unsafe fresh.vector(0).update(from: graph.vector(slot), count: dimension)
                fresh.encode(0)
                let isSame = zip(graph.codeArrays, fresh.codeArrays).allSatisfy { held, made in
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
