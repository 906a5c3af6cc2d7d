/// Cuts the arrays of a snapshot into segments, believing nothing: offsets, orders and counts are all checked, so that
/// a segment that comes out of here can be searched without a check.
struct SegmentReader {
    let ids: [Int64]
    let lengths: [UInt32]
    let termBytes: [UInt8]
    let termEnds: [UInt32]
    let postingEnds: [UInt32]
    let slots: [UInt16]
    let frequencies: [UInt8]
    let largePostings: [UInt32]
    let largeFrequencies: [UInt32]

    private var chunk = 0
    private var term = 0
    private var byte = 0
    private var posting = 0
    private var large = 0

    init(
        ids: [Int64], lengths: [UInt32], termBytes: [UInt8], termEnds: [UInt32], postingEnds: [UInt32],
        slots: [UInt16], frequencies: [UInt8], largePostings: [UInt32], largeFrequencies: [UInt32]
    ) {
        self.ids = ids
        self.lengths = lengths
        self.termBytes = termBytes
        self.termEnds = termEnds
        self.postingEnds = postingEnds
        self.slots = slots
        self.frequencies = frequencies
        self.largePostings = largePostings
        self.largeFrequencies = largeFrequencies
    }

    /// Whether every element was handed out.
    var isAtEnd: Bool {
        chunk == ids.count && chunk == lengths.count && byte == termBytes.count && term == termEnds.count
            && term == postingEnds.count && posting == slots.count && posting == frequencies.count
            && large == largePostings.count && large == largeFrequencies.count
    }

    /// The next segment, or nil if its arrays contradict each other.
    ///
    /// - Parameter counts: chunks, terms, term bytes, postings, postings above 254.
    /// - Returns: its arrays, safe to search.
    mutating func next(lengths counts: [Int]) -> SegmentContents? {
        guard counts.count == 5, (1...Segment.maximumCount).contains(counts[0]),
            let ids = Self.take(counts[0], of: ids, at: chunk),
            let lengths = Self.take(counts[0], of: lengths, at: chunk),
            let termEnds = Self.take(counts[1], of: termEnds, at: term),
            let postingEnds = Self.take(counts[1], of: postingEnds, at: term),
            let termBytes = Self.take(counts[2], of: termBytes, at: byte),
            let slots = Self.take(counts[3], of: slots, at: posting),
            let frequencies = Self.take(counts[3], of: frequencies, at: posting),
            let largePostings = Self.take(counts[4], of: largePostings, at: large),
            let largeFrequencies = Self.take(counts[4], of: largeFrequencies, at: large)
        else { return nil }
        chunk += counts[0]
        term += counts[1]
        byte += counts[2]
        posting += counts[3]
        large += counts[4]
        let contents = SegmentContents(
            ids: ids, lengths: lengths, termBytes: termBytes, termEnds: termEnds, postingEnds: postingEnds,
            slots: slots, frequencies: frequencies, largePostings: largePostings, largeFrequencies: largeFrequencies)
        return Self.isSound(contents) ? contents : nil
    }

    private static func take<T>(_ count: Int, of array: [T], at start: Int) -> [T]? {
        guard count <= array.count - start else { return nil }
        return Array(array[start..<start + count])
    }

    private static func isSound(_ contents: SegmentContents) -> Bool {
        guard isStrictlyAscending(contents.ids), isStrictlyAscending(contents.termEnds),
            isStrictlyAscending(contents.postingEnds), isStrictlyAscending(contents.largePostings),
            Int(contents.termEnds.last ?? 0) == contents.termBytes.count,
            Int(contents.postingEnds.last ?? 0) == contents.slots.count,
            contents.largeFrequencies.allSatisfy({ $0 >= UInt32(Segment.largeFrequency) }),
            Int(contents.largePostings.last ?? 0) < max(1, contents.slots.count)
        else { return false }
        return hasSoundPostings(contents)
    }

    /// Slots ascend within each term and exist, no frequency is 0, and the large ones are listed.
    private static func hasSoundPostings(_ contents: SegmentContents) -> Bool {
        var position = 0
        var large = 0
        for end in contents.postingEnds {
            var last = -1
            while position < Int(end) {
                let slot = Int(contents.slots[position])
                guard slot > last, slot < contents.ids.count, contents.frequencies[position] > 0 else { return false }
                if contents.frequencies[position] == Segment.largeFrequency {
                    guard large < contents.largePostings.count, Int(contents.largePostings[large]) == position else {
                        return false
                    }
                    large += 1
                }
                last = slot
                position += 1
            }
        }
        return large == contents.largePostings.count
    }

    private static func isStrictlyAscending<T: Comparable>(_ values: [T]) -> Bool {
        for index in values.indices.dropFirst() where values[index - 1] >= values[index] { return false }
        return true
    }
}
