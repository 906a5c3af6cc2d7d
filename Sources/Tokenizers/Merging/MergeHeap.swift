/// A binary heap of candidate merges: the lowest rank first, then the leftmost.
struct MergeHeap {
    /// Rank in the high half, position in the low half: one comparison orders both.
    private var keys: [UInt64] = []

    mutating func removeAll() {
        keys.removeAll(keepingCapacity: true)
    }

    mutating func insert(rank: UInt32, position: Int32) {
        keys.append(UInt64(rank) << 32 | UInt64(UInt32(bitPattern: position)))
        var child = keys.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard keys[child] < keys[parent] else { return }
            keys.swapAt(child, parent)
            child = parent
        }
    }

    mutating func popFirst() -> (rank: UInt32, position: Int32)? {
        guard let first = keys.first else { return nil }
        let last = keys.removeLast()
        if !keys.isEmpty {
            keys[0] = last
            siftDown()
        }
        return (UInt32(truncatingIfNeeded: first >> 32), Int32(truncatingIfNeeded: first & 0xFFFF_FFFF))
    }

    private mutating func siftDown() {
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < keys.count && keys[child] < keys[least] {
                least = child
            }
            if least == parent { return }
            keys.swapAt(parent, least)
            parent = least
        }
    }
}
