import CKernels
import Kernels
import Synchronization

/// The slots that a filtered search may return, one bit each, in the memory of the search's scratch.
///
/// A filter names ids, and a graph is made of slots: looking at an id for each link costs a cache miss in a table of 8
/// bytes a slot, a bit of this set none. Made anew for each search, in a microsecond or so for 10,000 slots whose ids
/// follow one another. What was live then is not used again for another vector while the search lasts.
@safe
struct AllowedSlots {
    private let words: UnsafeMutablePointer<UInt64>
    /// Slots looked at: none from here on is in the set.
    let slotCount: Int

    /// The slots of `graph` that are live and whose ids are in `allowed`.
    init(_ graph: HNSWGraph, _ allowed: Bitmap, _ scratch: SearchScratch) {
        let total = graph.slotCount.load(ordering: .acquiring)
        scratch.prepare(allowedSlotCount: total)
        let words = unsafe scratch.allowedSlots
        // The table lives as long as the process; a slab of ids is 64 times some slots long.
        let kernels = unsafe ck_kernels().pointee.distance
        var start = 0
        unsafe graph.ids.forEachSlab(total) { bytes in
            let ids = unsafe bytes.bindMemory(to: Int64.self)
            unsafe allowed.withWords { set in
                unsafe kernels.members(ids.baseAddress, ids.count, set.baseAddress, set.count, words + start / 64)
            }
            start += ids.count
        }
        unsafe self.words = unsafe words
        slotCount = total
    }

    /// Whether `slot` may be returned.
    @inline(__always)
    func contains(_ slot: UInt32) -> Bool {
        guard slot < slotCount else { return false }
        return unsafe words[Int(slot >> 6)] & (1 &<< UInt64(slot & 63)) != 0
    }

    /// Puts the next slots from `position` on into `batch`, whole words of the set until there are at least `least`, and
    /// moves on behind them.
    /// - Returns: how many, up to `least` + 63; 0 at the end.
    @inline(__always)
    func take(_ least: Int, from position: inout Position, into batch: UnsafeMutablePointer<UInt32>) -> Int {
        let wordCount = (slotCount &+ 63) / 64
        var count = 0
        while count < least, position.word < wordCount {
            var rest = unsafe words[position.word]
            let first = UInt32(truncatingIfNeeded: position.word &* 64)
            position.word &+= 1
            while rest != 0 {
                unsafe batch[count] = first | UInt32(truncatingIfNeeded: rest.trailingZeroBitCount)
                rest &= rest &- 1
                count &+= 1
            }
        }
        return count
    }

    /// A place in a walk over the set.
    struct Position {
        /// The next word to look at.
        fileprivate var word = 0
    }
}
