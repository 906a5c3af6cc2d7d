import CKernels

/// The nearest nodes of a search in a flat ascending array: results and frontier at once.
///
/// With at most a few hundred entries a move of some cache lines is cheaper than a heap's mispredicted branches, and
/// the next node to expand is the first one without a mark. Lives in memory that its scratch owns.
@safe
struct Beam {
    private let entries: UnsafeMutablePointer<UInt64>
    private let capacity: Int
    private let countBelow: @convention(c) (UnsafePointer<UInt64>?, Int, UInt64) -> Int
    /// The number of entries.
    private(set) var count = 0
    /// No entry before this one is left to expand.
    private var cursor = 0

    /// An empty beam in `entries`, which has room for one more than `capacity`.
    init(entries: UnsafeMutablePointer<UInt64>, capacity: Int) {
        unsafe self.entries = unsafe entries
        self.capacity = capacity
        // The table lives as long as the process.
        unsafe countBelow = ck_kernels().pointee.distance.count_below
    }

    /// The entry at `index`, nearest first.
    @inline(__always)
    subscript(index: Int) -> UInt64 { unsafe entries[index] }

    /// Whether a new entry has to be nearer than `worst`.
    @inline(__always)
    var isFull: Bool { count == capacity }

    /// The farthest entry; only of a beam that is not empty.
    @inline(__always)
    var worst: UInt64 { unsafe entries[count - 1] }

    /// What a new entry has to be below to be taken in.
    @inline(__always)
    var limit: UInt64 { unsafe count < capacity ? .max : entries[count &- 1] }

    /// Takes `entry` in if there is room or it is nearer than the farthest one.
    @inline(__always)
    mutating func offer(_ entry: UInt64) {
        if count == capacity {
            guard unsafe entry < entries[count &- 1] else { return }
        } else {
            count &+= 1
        }
        let low = place(of: entry, among: count &- 1)
        unsafe (entries + (low &+ 1)).update(from: entries + low, count: count &- 1 &- low)
        unsafe entries[low] = entry
        if low < cursor { cursor = low }
    }

    /// How many of the first `total` entries are nearer than `entry`.
    @inline(__always)
    private func place(of entry: UInt64, among total: Int) -> Int {
        // Counting costs less than a search whose branches nobody can predict, up to about this many.
        guard total > 1024 else { return unsafe countBelow(entries, total, entry) }
        var low = 0
        var high = total
        while low < high {
            let middle = (low + high) >> 1
            if unsafe entries[middle] < entry { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Marks the nearest entry not yet expanded and returns its slot.
    @inline(__always)
    mutating func next() -> UInt32? {
        while cursor < count {
            let entry = unsafe entries[cursor]
            if entry & 1 == 0 {
                unsafe entries[cursor] = entry | 1
                cursor += 1
                return RankedSlot.slot(entry)
            }
            cursor += 1
        }
        return nil
    }

    /// The slot that `next` would return, left unmarked.
    @inline(__always)
    var upcoming: UInt32? {
        var index = cursor
        while index < count {
            if unsafe entries[index] & 1 == 0 { return unsafe RankedSlot.slot(entries[index]) }
            index += 1
        }
        return nil
    }

    /// Takes all marks, and the entry of `slot`, out.
    /// - Returns: the number of entries left.
    func strip(_ slot: UInt32) -> Int {
        var left = 0
        for index in 0..<count where unsafe RankedSlot.slot(entries[index]) != slot {
            unsafe entries[left] = entries[index] & ~1
            left += 1
        }
        return left
    }
}
