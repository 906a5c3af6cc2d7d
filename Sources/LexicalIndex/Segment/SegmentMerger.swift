/// Makes one segment of several, leaving out the chunks that are gone.
enum SegmentMerger {
    private struct Source {
        let segment: Segment
        let newSlots: [Int32]  // per old slot; -1 = gone
        var term = 0
        var bytes: ArraySlice<UInt8> {
            segment.termBytes[segment.bytes(of: term)]
        }
    }

    /// Merges `views`, whose live chunks are at most `Segment.maximumCount` and have distinct ids.
    static func merge(_ views: [SegmentView], parameters: BM25Parameters) -> Segment {
        var contents = SegmentContents()
        var sources = number(views, into: &contents)
        var postings: [(slot: UInt16, frequency: UInt32)] = []
        while true {
            sources.removeAll { $0.term >= $0.segment.termCount }
            guard let term = leastTerm(of: sources) else { break }
            postings.removeAll(keepingCapacity: true)
            for index in sources.indices where isEqual(sources[index].bytes, term) {
                collect(sources[index], into: &postings)
                sources[index].term += 1
            }
            guard !postings.isEmpty else { continue }
            // Sources mostly hold disjoint ranges of ids, and then the postings are in order already.
            if !isAscending(postings) { postings.sort { $0.slot < $1.slot } }
            for posting in postings { contents.appendPosting(slot: posting.slot, frequency: posting.frequency) }
            contents.endTerm(term)
        }
        return Segment(contents: contents, parameters: parameters)
    }

    /// Numbers the live chunks of all views by ascending id.
    private static func number(_ views: [SegmentView], into contents: inout SegmentContents) -> [Source] {
        var chunks: [(id: Int64, view: Int32, slot: Int32)] = []
        for (index, view) in views.enumerated() {
            for slot in view.segment.ids.indices where view.isLive(slot) {
                chunks.append((view.segment.ids[slot], Int32(index), Int32(slot)))
            }
        }
        chunks.sort { $0.id < $1.id }
        var newSlots = views.map { [Int32](repeating: -1, count: $0.segment.count) }
        for (newSlot, chunk) in chunks.enumerated() {
            newSlots[Int(chunk.view)][Int(chunk.slot)] = Int32(newSlot)
            contents.ids.append(chunk.id)
            contents.lengths.append(views[Int(chunk.view)].segment.lengths[Int(chunk.slot)])
        }
        return zip(views, newSlots).map { Source(segment: $0.segment, newSlots: $1) }
    }

    private static func leastTerm(of sources: [Source]) -> ArraySlice<UInt8>? {
        guard var least = sources.first?.bytes else { return nil }
        for source in sources.dropFirst() {
            let bytes = source.bytes
            if Segment.compare(bytes.span, least.span) < 0 { least = bytes }
        }
        return least
    }

    private static func isEqual(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) -> Bool {
        Segment.compare(left.span, right.span) == 0
    }

    private static func collect(_ source: Source, into postings: inout [(slot: UInt16, frequency: UInt32)]) {
        for position in source.segment.postings(of: source.term) {
            let slot = source.newSlots[Int(source.segment.slots[position])]
            guard slot >= 0 else { continue }
            postings.append((UInt16(slot), source.segment.frequency(at: position)))
        }
    }

    private static func isAscending(_ postings: [(slot: UInt16, frequency: UInt32)]) -> Bool {
        for index in postings.indices.dropFirst() where postings[index - 1].slot >= postings[index].slot {
            return false
        }
        return true
    }
}
