/// Collects the terms of chunks and makes a segment of them.
///
/// Terms get a number on first sight, through an open-addressing table over one byte arena; postings are kept in the
/// order of chunks and sorted by term once, at the end, by counting.
struct SegmentBuilder {
    private var ids: [Int64] = []
    private var lengths: [UInt32] = []
    private var postingStarts: [Int] = []  // per chunk
    private var postingTerms: [UInt32] = []
    private var postingFrequencies: [UInt32] = []

    private var termBytes: [UInt8] = []
    private var termEnds: [Int] = []
    private var lastPosting: [Int] = []  // per term, its newest posting
    private var table = [UInt32](repeating: 0, count: 1024)  // term number + 1, 0 = free

    /// The number of chunks so far.
    var count: Int { ids.count }

    /// Adds a chunk; each id once only.
    mutating func append(id: Int64, terms: TermBuffer) {
        let start = postingTerms.count
        ids.append(id)
        lengths.append(UInt32(clamping: terms.lengthInTerms))
        postingStarts.append(start)
        let bytes = terms.bytes.span
        for index in 0..<terms.count {
            let term = number(of: bytes.extracting(terms.range(of: index)))
            let last = lastPosting[term]
            if last >= start {
                postingFrequencies[last] += 1
            } else {
                lastPosting[term] = postingTerms.count
                postingTerms.append(UInt32(term))
                postingFrequencies.append(1)
            }
        }
    }

    /// Makes the segment of all chunks added.
    func segment(parameters: BM25Parameters) -> Segment {
        let bySlot = ids.indices.sorted { ids[$0] < ids[$1] }
        let byName = termsInByteOrder()
        // Counting sort: where each term's postings start, then every posting to its place, slots ascending.
        var starts = [Int](repeating: 0, count: termEnds.count + 1)
        for term in postingTerms { starts[Int(term) + 1] += 1 }
        for term in 0..<termEnds.count { starts[term + 1] += starts[term] }
        var next = starts
        var slots = [UInt16](repeating: 0, count: postingTerms.count)
        var frequencies = [UInt32](repeating: 0, count: postingTerms.count)
        for (slot, chunk) in bySlot.enumerated() {
            let end = chunk + 1 < postingStarts.count ? postingStarts[chunk + 1] : postingTerms.count
            for posting in postingStarts[chunk]..<end {
                let term = Int(postingTerms[posting])
                slots[next[term]] = UInt16(slot)
                frequencies[next[term]] = postingFrequencies[posting]
                next[term] += 1
            }
        }
        var contents = SegmentContents(ids: bySlot.map { ids[$0] }, lengths: bySlot.map { lengths[$0] })
        contents.termBytes.reserveCapacity(termBytes.count)
        contents.slots.reserveCapacity(slots.count)
        contents.frequencies.reserveCapacity(slots.count)
        for term in byName {
            for posting in starts[term]..<starts[term + 1] {
                contents.appendPosting(slot: slots[posting], frequency: frequencies[posting])
            }
            contents.endTerm(termBytes[bytes(of: term)])
        }
        return Segment(contents: contents, parameters: parameters)
    }

    private func bytes(of term: Int) -> Range<Int> {
        (term == 0 ? 0 : termEnds[term - 1])..<termEnds[term]
    }

    private func termsInByteOrder() -> [Int] {
        // The first eight bytes as one number decide nearly every comparison.
        let bytes = termBytes.span
        let keys = termEnds.indices.map { term -> UInt64 in
            let range = self.bytes(of: term)
            var key: UInt64 = 0
            for offset in 0..<8 {
                key = key << 8 | (offset < range.count ? UInt64(bytes[range.lowerBound + offset]) : 0)
            }
            return key
        }
        return termEnds.indices.sorted { left, right in
            if keys[left] != keys[right] { return keys[left] < keys[right] }
            let span = termBytes.span
            return Segment.compare(span.extracting(self.bytes(of: left)), span.extracting(self.bytes(of: right))) < 0
        }
    }
}

// MARK: - Term numbers

extension SegmentBuilder {
    private mutating func number(of term: Span<UInt8>) -> Int {
        if (termEnds.count + 1) * 2 > table.count { grow() }
        var slot = Self.hash(term) & (table.count - 1)
        while table[slot] != 0 {
            let candidate = Int(table[slot]) - 1
            if isTerm(candidate, equalTo: term) { return candidate }
            slot = (slot + 1) & (table.count - 1)
        }
        for index in term.indices { termBytes.append(term[index]) }
        termEnds.append(termBytes.count)
        lastPosting.append(-1)
        table[slot] = UInt32(termEnds.count)
        return termEnds.count - 1
    }

    private func isTerm(_ candidate: Int, equalTo term: Span<UInt8>) -> Bool {
        let range = bytes(of: candidate)
        guard range.count == term.count else { return false }
        for index in term.indices where termBytes[range.lowerBound + index] != term[index] { return false }
        return true
    }

    private mutating func grow() {
        var larger = [UInt32](repeating: 0, count: table.count * 2)
        for term in termEnds.indices {
            var slot = Self.hash(termBytes.span.extracting(bytes(of: term))) & (larger.count - 1)
            while larger[slot] != 0 { slot = (slot + 1) & (larger.count - 1) }
            larger[slot] = UInt32(term + 1)
        }
        table = larger
    }

    /// The standard library's seeded hash: documents are other people's, and must not be able to aim for collisions.
    private static func hash(_ term: Span<UInt8>) -> Int {
        var hasher = Hasher()
        // Hashing raw bytes at once needs a pointer.
        unsafe term.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
        return hasher.finalize()
    }
}
