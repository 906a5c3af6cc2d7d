import Synchronization

/// A segment as of one moment: which of its chunks are gone.
///
/// Immutable like the segment, but for a cache of document frequencies, so a search keeps a consistent picture while
/// changes make new views.
final class SegmentView: Sendable {
    let segment: Segment
    /// One bit per slot, set when the chunk is gone; empty when none is.
    let removed: [UInt64]
    /// The number of chunks that are there.
    let liveCount: Int
    /// The sum of their lengths.
    let liveLength: Int
    private let frequencies: Mutex<[Int: Int]> = Mutex([:])

    init(segment: Segment, removed: [UInt64] = []) {
        self.segment = segment
        self.removed = removed
        var gone = 0
        var goneLength = 0
        for slot in segment.ids.indices where Self.isSet(slot, in: removed) {
            gone += 1
            goneLength += Int(segment.lengths[slot])
        }
        liveCount = segment.count - gone
        liveLength = segment.totalLength - goneLength
    }

    /// Whether the chunk at `slot` is there.
    func isLive(_ slot: Int) -> Bool { !Self.isSet(slot, in: removed) }

    /// The slot of the live chunk with `id`.
    func slot(of id: Int64) -> Int? {
        guard let slot = segment.slot(of: id), isLive(slot) else { return nil }
        return slot
    }

    /// This view without the chunks of `ids`; itself when it has none of them.
    func removing(_ ids: [Int64]) -> SegmentView {
        var changed = removed
        var isChanged = false
        for id in ids {
            guard let slot = segment.slot(of: id), isLive(slot) else { continue }
            if changed.isEmpty { changed = [UInt64](repeating: 0, count: (segment.count + 63) / 64) }
            changed[slot >> 6] |= 1 << UInt64(slot & 63)
            isChanged = true
        }
        return isChanged ? SegmentView(segment: segment, removed: changed) : self
    }

    /// In how many live chunks term `index` stands.
    ///
    /// Counted once per view where chunks are gone.
    func documentFrequency(of index: Int) -> Int {
        let postings = segment.postings(of: index)
        guard !removed.isEmpty else { return postings.count }
        if let known = frequencies.withLock({ $0[index] }) { return known }
        let slots = segment.slots
        var count = 0
        for posting in postings where !Self.isSet(Int(slots[posting]), in: removed) { count += 1 }
        return frequencies.withLock { cache in
            cache[index] = count
            return count
        }
    }

    @inline(__always)
    private static func isSet(_ slot: Int, in bits: [UInt64]) -> Bool {
        !bits.isEmpty && bits[slot >> 6] & (1 << UInt64(slot & 63)) != 0
    }
}
