public import Kernels
import Synchronization
public import Tensors

/// The graph as a snapshot of kind "HNSW", version 1; `SnapshotLayout` draws the container around it.
///
///     section   contents, little-endian; S slots (free ones included), U upper rows
///     meta      12 u64: dimension, metric (0 cosine, 1 dot, 2 l2), M, efConstruction, efSearch, seed,
///               S, U, entry (level + 1 above, slot below), next ordinal, vector row bytes, base row bytes
///     vectors   S rows of D f32, padded to 64 bytes
///     base      S rows of 2M u32, padded to 64 bytes: links of layer 0, ended by 2³² − 1 unless full
///     upper     U rows of M u32, padded to 64 bytes: links of layers 1 … level of a node, one row after the other
///     ids       S i64: the id, or −2⁶³ for a slot not in use
///     nodes     S × (level u32, first upper row u32)
///
/// A loaded index works on the file's pages in the private map: reading costs nothing but the check, a page that changes
/// becomes a copy, and the file stays what it was.
extension HNSWIndex {
    /// What an HNSW snapshot is.
    public static let snapshotKind = SnapshotKind(code: "HNSW", version: 1)

    /// Writes the index to `path`, which holds the old file or the whole new one at every moment.
    ///
    /// Links around removed vectors are mended first. Searches go on meanwhile, insertions wait.
    ///
    /// - Parameters:
    ///   - path: where the snapshot goes; its folder has to be there.
    ///   - stamp: what the index is of and how far it got.
    /// - Throws: `VectorIndexError.snapshot`.
    public func save(to path: String, stamp: SnapshotStamp) throws(VectorIndexError) {
        try writer.withLock { book throws(VectorIndexError) in
            unlink(&book)
            do throws(SnapshotError) {
                try write(graph, book, to: path, stamp: stamp)
            } catch {
                throw .snapshot(error)
            }
        }
    }

    private func write(
        _ graph: HNSWGraph, _ book: SlotBook, to path: String, stamp: SnapshotStamp
    ) throws(SnapshotError) {
        let writer = try SnapshotWriter(path: path, kind: HNSWIndex.snapshotKind, stamp: stamp)
        try writer.beginSection("meta")
        let meta = SnapshotMeta(
            dimension: dimension, metric: metric, parameters: parameters, slotCount: book.slotCount,
            upperCount: book.upperCount, entry: graph.entry.load(ordering: .acquiring), ordinal: book.ordinal,
            vectorStride: graph.vectors.stride, baseStride: graph.base.stride)
        try writer.append(meta.words)
        let arrays: [(String, SlabArray, Int)] = [
            ("vectors", graph.vectors, book.slotCount), ("base", graph.base, book.slotCount),
            ("upper", graph.upper, book.upperCount), ("ids", graph.ids, book.slotCount),
            ("nodes", graph.nodes, book.slotCount),
        ]
        for (name, array, count) in arrays {
            try writer.beginSection(name)
            unsafe try array.forEachSlab(count) { bytes throws(SnapshotError) in
                // Whole rows of memory this index owns; nobody writes them while the writer's lock is held.
                unsafe try writer.append(bytes.bytes)
            }
        }
        try writer.commit()
    }

    /// Opens the snapshot at `path`.
    ///
    /// - Parameters:
    ///   - path: where `save(to:stamp:)` put it.
    ///   - collectionID: the collection it has to be of; nil takes any.
    ///   - fingerprint: the encoder it has to be of; nil takes any.
    ///   - pool: the threads insertions run on, and the check of the links.
    /// - Returns: the index and what it was taken of.
    /// - Throws: `VectorIndexError.snapshot` for whatever does not fit; the index has to be built anew then.
    public static func load(
        path: String, collectionID: Int64? = nil, fingerprint: String? = nil, pool: ThreadPool
    ) throws(VectorIndexError) -> (HNSWIndex, SnapshotStamp) {
        do throws(SnapshotError) {
            let file = try SnapshotFile(
                path: path, kind: snapshotKind, collectionID: collectionID, fingerprint: fingerprint)
            return (try read(file, pool: pool), file.stamp)
        } catch {
            throw .snapshot(error)
        }
    }

    private static func read(_ file: SnapshotFile, pool: ThreadPool) throws(SnapshotError) -> HNSWIndex {
        guard let words = try file.section("meta").array(of: UInt64.self), let meta = SnapshotMeta(words) else {
            throw .malformed(path: file.path, reason: "its numbers are out of range")
        }
        let graph = HNSWGraph(dimension: meta.dimension, metric: meta.metric, parameters: meta.parameters)
        guard meta.slotCount <= graph.maximumSlotCount, meta.vectorStride == graph.vectors.stride,
            meta.baseStride == graph.base.stride
        else { throw .malformed(path: file.path, reason: "its rows have another size") }
        let arrays: [(String, SlabArray, Int)] = [
            ("vectors", graph.vectors, meta.slotCount), ("base", graph.base, meta.slotCount),
            ("upper", graph.upper, meta.upperCount), ("ids", graph.ids, meta.slotCount),
            ("nodes", graph.nodes, meta.slotCount),
        ]
        for (name, array, count) in arrays where !array.adopt(try file.section(name), count: count) {
            throw .malformed(path: file.path, reason: "section \"\(name)\" does not hold \(count) rows")
        }
        graph.slotCount.store(meta.slotCount, ordering: .relaxed)
        graph.entry.store(meta.entry, ordering: .relaxed)
        var check = SnapshotCheck(graph: graph, upperCount: meta.upperCount)
        if let reason = check.run(pool: pool) { throw .malformed(path: file.path, reason: reason) }
        graph.liveCount.store(check.places.count, ordering: .relaxed)
        let book = SlotBook(
            ordinal: meta.ordinal, slotCount: meta.slotCount, upperCount: meta.upperCount, freeSlots: check.freeSlots,
            freeUpper: check.freeUpper)
        graph.places.withLock { $0 = check.places }
        return HNSWIndex(graph: graph, book: book, pool: pool)
    }
}

/// The numbers of section "meta".
private struct SnapshotMeta {
    var dimension: Int
    var metric: Metric
    var parameters: HNSWParameters
    var slotCount: Int
    var upperCount: Int
    var entry: UInt64
    var ordinal: UInt64
    var vectorStride: Int
    var baseStride: Int

    private static let metrics: [Metric] = [.cosine, .dot, .l2]

    var words: [UInt64] {
        let metricCode = SnapshotMeta.metrics.firstIndex(of: metric) ?? 0
        return [
            UInt64(dimension), UInt64(metricCode), UInt64(parameters.m), UInt64(parameters.efConstruction),
            UInt64(parameters.efSearch), parameters.seed, UInt64(slotCount), UInt64(upperCount), entry, ordinal,
            UInt64(vectorStride), UInt64(baseStride),
        ]
    }
}

extension SnapshotMeta {
    /// Reads the words; nil when one is out of its range.
    init?(_ words: [UInt64]) {
        guard words.count == 12, words[1] < 3 else { return nil }
        // Every other count fits an Int32: what does not is no number this index wrote.
        let numbers = words.map { Int(exactly: $0) ?? -1 }
        let limits = [0, 2, 3, 4, 6, 7, 10, 11].allSatisfy { (0...Int(Int32.max)).contains(numbers[$0]) }
        guard limits, (1...VectorRules.maximumDimension).contains(numbers[0]) else { return nil }
        parameters = HNSWParameters(
            m: numbers[2], efConstruction: numbers[3], efSearch: numbers[4], seed: words[5])
        do { try parameters.validate() } catch { return nil }
        dimension = numbers[0]
        metric = SnapshotMeta.metrics[numbers[1]]
        slotCount = numbers[6]
        upperCount = numbers[7]
        entry = words[8]
        ordinal = words[9]
        vectorStride = numbers[10]
        baseStride = numbers[11]
    }
}
