public import Tensors

/// A snapshot holds all segments back to back, one section per array of `Segment`, and a table of their lengths.
/// What is gone is compacted away first, so there is nothing about it in the file.
///
/// | section | type | holds |
/// |---|---|---|
/// | `parameters` | u32 × 2 | k1 and b as IEEE 754 bits |
/// | `segments` | u32 × 5 each | chunks, terms, term bytes, postings, postings above 254 |
/// | the others | | the array of that name |
extension BM25Index {
    private static let kind = SnapshotKind(code: "BM25", version: 1)
    private static let tableWidth = 5

    /// Saves the index as of now.
    ///
    /// - Parameters:
    ///   - path: where; an older snapshot there is replaced at once or not at all.
    ///   - stamp: whose it is. Its fingerprint has to be `analyzer.fingerprint`, or `load` will not take the file.
    /// - Throws: `SnapshotError` when it cannot be written.
    public func save(to path: String, stamp: SnapshotStamp) throws(SnapshotError) {
        let segments = state.views.filter { $0.liveCount > 0 }.map { view in
            view.liveCount == view.segment.count
                ? view.segment : SegmentMerger.merge([view], parameters: parameters)
        }
        let writer = try SnapshotWriter(path: path, kind: Self.kind, stamp: stamp)
        try writer.beginSection("parameters")
        // Mapped rather than written as a literal: the optimiser of Swift 6.3 drops the stores of a small literal whose
        // bytes are only read through a raw span. The round-trip test shows it.
        try writer.append([parameters.k1, parameters.b].map(\.bitPattern))
        try writer.beginSection("segments")
        for segment in segments {
            let lengths = [
                segment.count, segment.termCount, segment.termBytes.count, segment.slots.count,
                segment.largePostings.count,
            ]
            try writer.append(lengths.map { UInt32($0) })
        }
        try Self.write("ids", segments, to: writer) { $0.ids }
        try Self.write("lengths", segments, to: writer) { $0.lengths }
        try Self.write("termBytes", segments, to: writer) { $0.termBytes }
        try Self.write("termEnds", segments, to: writer) { $0.termEnds }
        try Self.write("postingEnds", segments, to: writer) { $0.postingEnds }
        try Self.write("slots", segments, to: writer) { $0.slots }
        try Self.write("frequencies", segments, to: writer) { $0.frequencies }
        try Self.write("largePostings", segments, to: writer) { $0.largePostings }
        try Self.write("largeFreqs", segments, to: writer) { $0.largeFrequencies }
        try writer.commit()
    }

    private static func write<T: FixedWidthInteger & BitwiseCopyable>(
        _ name: String, _ segments: [Segment], to writer: SnapshotWriter, array: (Segment) -> [T]
    ) throws(SnapshotError) {
        try writer.beginSection(name)
        for segment in segments { try writer.append(array(segment)) }
    }

    /// Loads what `save` wrote.
    ///
    /// - Parameters:
    ///   - path: where it is.
    ///   - collectionID: the collection it has to be of; nil takes any.
    ///   - analyzer: has to make the terms the snapshot was made with.
    /// - Returns: the index and its stamp.
    /// - Throws: `SnapshotError` for a file that is missing, damaged, of another kind, version, collection or analyser,
    ///   or that contradicts itself: rebuild the index then.
    public static func load(
        path: String, collectionID: Int64? = nil, analyzer: TextAnalyzer = TextAnalyzer()
    ) throws(SnapshotError) -> (BM25Index, SnapshotStamp) {
        let file = try SnapshotFile(
            path: path, kind: kind, collectionID: collectionID, fingerprint: analyzer.fingerprint)
        let bits = try read("parameters", UInt32.self, from: file)
        guard bits.count == 2 else { throw .malformed(path: path, reason: "parameters") }
        let parameters = BM25Parameters(k1: Float(bitPattern: bits[0]), b: Float(bitPattern: bits[1]))
        do {
            try parameters.validate()
        } catch {
            throw .malformed(path: path, reason: error.description)
        }
        var reader = SegmentReader(
            ids: try read("ids", Int64.self, from: file), lengths: try read("lengths", UInt32.self, from: file),
            termBytes: try read("termBytes", UInt8.self, from: file),
            termEnds: try read("termEnds", UInt32.self, from: file),
            postingEnds: try read("postingEnds", UInt32.self, from: file),
            slots: try read("slots", UInt16.self, from: file),
            frequencies: try read("frequencies", UInt8.self, from: file),
            largePostings: try read("largePostings", UInt32.self, from: file),
            largeFrequencies: try read("largeFreqs", UInt32.self, from: file))
        let table = try read("segments", UInt32.self, from: file)
        guard table.count % tableWidth == 0 else { throw .malformed(path: path, reason: "segments") }
        var views: [SegmentView] = []
        for row in stride(from: 0, to: table.count, by: tableWidth) {
            let lengths = table[row..<row + tableWidth].map(Int.init)
            guard let contents = reader.next(lengths: lengths) else {
                throw .malformed(path: path, reason: "segment \(row / tableWidth)")
            }
            views.append(SegmentView(segment: Segment(contents: contents, parameters: parameters)))
        }
        guard reader.isAtEnd, hasDistinctIDs(views) else { throw .malformed(path: path, reason: "segments") }
        return (BM25Index(parameters: parameters, analyzer: analyzer, views: views), file.stamp)
    }

    private static func read<T: FixedWidthInteger & BitwiseCopyable>(
        _ name: String, _ type: T.Type, from file: SnapshotFile
    ) throws(SnapshotError) -> [T] {
        guard let array = try file.section(name).array(of: type) else {
            throw .malformed(path: file.path, reason: name)
        }
        return array
    }

    private static func hasDistinctIDs(_ views: [SegmentView]) -> Bool {
        let ids = views.flatMap(\.segment.ids).sorted()
        return !zip(ids, ids.dropFirst()).contains { $0 == $1 }
    }
}
