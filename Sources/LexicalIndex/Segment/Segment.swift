/// An immutable inverted index over at most 65,536 chunks: the unit an index is made of.
///
/// Chunks are numbered by *slot*, in ascending order of their ids; a posting is a slot and how often the term stands
/// there. All arrays are flat, so a segment costs 3 bytes per posting, about 20 per distinct term and 12 per chunk.
///
/// | array | one entry per | holds |
/// |---|---|---|
/// | `ids`, `lengths` | slot | chunk id, ascending; length in terms |
/// | `termBytes`, `termEnds` | term | its UTF-8, terms in byte order; where it ends |
/// | `postingEnds` | term | where its postings end |
/// | `slots`, `frequencies` | posting | slot, ascending within a term; term frequency, 255 = look into `largeFrequencies` |
/// | `largePostings`, `largeFrequencies` | posting above 254 | its position; its term frequency |
/// | `blockImpacts` | 128 postings | the greatest impact tf / (tf + k1·(1 − b + b·length/average)) in the block |
///
/// Source: Zobel, Moffat, "Inverted Files for Text Search Engines" (2006); Ding, Suel, "Faster Top-k Document Retrieval
/// Using Block-Max Indexes" (2011) for the block impacts.
final class Segment: Sendable {
    /// The most chunks in a segment: slots are 16 bits.
    static let maximumCount = 65_536
    /// Postings per block.
    static let blockShift = 7
    /// The stored frequency that sends the reader to `largeFrequencies`.
    static let largeFrequency: UInt8 = 255

    let ids: [Int64]
    let lengths: [UInt32]
    let termBytes: [UInt8]
    let termEnds: [UInt32]
    let postingEnds: [UInt32]
    let slots: [UInt16]
    let frequencies: [UInt8]
    let largePostings: [UInt32]
    let largeFrequencies: [UInt32]
    let blockImpacts: [Float]
    /// The sum of `lengths`.
    let totalLength: Int
    /// The average length `blockImpacts` were computed with.
    let averageLength: Float

    /// Creates a segment of arrays that hang together as documented, and computes the block impacts.
    init(contents: SegmentContents, parameters: BM25Parameters) {
        ids = contents.ids
        lengths = contents.lengths
        termBytes = contents.termBytes
        termEnds = contents.termEnds
        postingEnds = contents.postingEnds
        slots = contents.slots
        frequencies = contents.frequencies
        largePostings = contents.largePostings
        largeFrequencies = contents.largeFrequencies
        totalLength = contents.lengths.reduce(0) { $0 + Int($1) }
        averageLength = max(1, Float(totalLength) / Float(max(1, contents.ids.count)))
        blockImpacts = Self.impacts(of: contents, averageLength: averageLength, parameters: parameters)
    }

    /// The number of chunks.
    var count: Int { ids.count }
    /// The number of distinct terms.
    var termCount: Int { termEnds.count }
    /// The size of the arrays in bytes.
    var byteCount: Int {
        12 * ids.count + termBytes.count + 8 * termEnds.count + 3 * slots.count + 8 * largePostings.count
            + 4 * blockImpacts.count
    }

    /// Where the postings of term `index` lie.
    func postings(of index: Int) -> Range<Int> {
        (index == 0 ? 0 : Int(postingEnds[index - 1]))..<Int(postingEnds[index])
    }

    /// Where the bytes of term `index` lie.
    func bytes(of index: Int) -> Range<Int> {
        (index == 0 ? 0 : Int(termEnds[index - 1]))..<Int(termEnds[index])
    }

    /// The term frequency of the posting at `position`.
    func frequency(at position: Int) -> UInt32 {
        let stored = frequencies[position]
        guard stored == Self.largeFrequency else { return UInt32(stored) }
        let found = largePostings.partitioningIndex { $0 >= UInt32(position) }
        return found < largePostings.count ? largeFrequencies[found] : UInt32(stored)
    }

    /// The slot of the chunk with `id`, if it is here.
    ///
    /// O(log n).
    func slot(of id: Int64) -> Int? {
        let found = ids.partitioningIndex { $0 >= id }
        return found < ids.count && ids[found] == id ? found : nil
    }

    /// The index of `term`, if any chunk has it.
    ///
    /// O(log n).
    func term(_ term: Span<UInt8>) -> Int? {
        let allBytes = termBytes
        var low = 0
        var high = termEnds.count
        while low < high {
            let middle = (low + high) / 2
            let range = bytes(of: middle)
            let order = Self.compare(allBytes.span.extracting(range), term)
            if order == 0 { return middle }
            if order < 0 { low = middle + 1 } else { high = middle }
        }
        return nil
    }

    /// The order of two terms by their bytes: negative, zero or positive.
    static func compare(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Int {
        for index in 0..<min(left.count, right.count) where left[index] != right[index] {
            return Int(left[index]) - Int(right[index])
        }
        return left.count - right.count
    }

    private static func impacts(
        of contents: SegmentContents, averageLength: Float, parameters: BM25Parameters
    ) -> [Float] {
        let base = parameters.k1 * (1 - parameters.b)
        let slope = parameters.k1 * parameters.b / averageLength
        var impacts = [Float](repeating: 0, count: (contents.slots.count + 127) >> blockShift)
        let slots = contents.slots.span
        let frequencies = contents.frequencies.span
        let lengths = contents.lengths.span
        for position in slots.indices {
            let stored = frequencies[position]
            let frequency = Float(stored)
            let length = Float(lengths[Int(slots[position])])
            let impact = stored == largeFrequency ? 1 : frequency / (frequency + base + slope * length)
            impacts[position >> blockShift] = max(impacts[position >> blockShift], impact)
        }
        return impacts
    }
}

/// The arrays a segment is made of; see `Segment` for what each holds.
struct SegmentContents: Sendable {
    var ids: [Int64] = []
    var lengths: [UInt32] = []
    var termBytes: [UInt8] = []
    var termEnds: [UInt32] = []
    var postingEnds: [UInt32] = []
    var slots: [UInt16] = []
    var frequencies: [UInt8] = []
    var largePostings: [UInt32] = []
    var largeFrequencies: [UInt32] = []

    /// Appends a posting of the term being written.
    mutating func appendPosting(slot: UInt16, frequency: UInt32) {
        if frequency >= UInt32(Segment.largeFrequency) {
            largePostings.append(UInt32(slots.count))
            largeFrequencies.append(frequency)
        }
        slots.append(slot)
        frequencies.append(UInt8(min(frequency, UInt32(Segment.largeFrequency))))
    }

    /// Ends the term being written: `term` is what the postings since the last end belong to.
    mutating func endTerm(_ term: ArraySlice<UInt8>) {
        termBytes.append(contentsOf: term)
        termEnds.append(UInt32(termBytes.count))
        postingEnds.append(UInt32(slots.count))
    }
}

extension Array {
    /// The first index whose element fulfils `predicate`, which no element before and every element after does.
    func partitioningIndex(where predicate: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if predicate(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
