import Tensors

extension BM25Index {
    /// For each chunk one number over all its terms, their frequencies and its length, whatever segment it is in: two
    /// indexes hold the same postings when these are equal.
    /// - Complexity: O(postings).
    public func postingDigests() -> [Int64: UInt64] {
        var digests: [Int64: UInt64] = [:]
        for view in state.views {
            let segment = view.segment
            var sums = segment.lengths.map { UInt64($0) &* 0x9E37_79B9_7F4A_7C15 }
            for term in 0..<segment.termCount {
                let hash = unsafe XXHash64.hash(Array(segment.termBytes[segment.bytes(of: term)]).span.bytes)
                for posting in segment.postings(of: term) {
                    // A sum doesn't depend on the order of terms; an odd factor keeps equal sums of swapped terms apart.
                    sums[Int(segment.slots[posting])] &+= hash &* (2 &* UInt64(segment.frequency(at: posting)) &+ 1)
                }
            }
            for slot in 0..<segment.count where view.isLive(slot) { digests[segment.ids[slot]] = sums[slot] }
        }
        return digests
    }
}
