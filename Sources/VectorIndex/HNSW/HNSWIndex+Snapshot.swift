public import Kernels
import Synchronization
public import Tensors

/// The graph as a snapshot of kind "HNSW", version 2; `SnapshotLayout` draws the container around it.
///
///     section   contents, little-endian; S slots (free ones included), U upper rows
///     meta      14 u64: dimension, metric (0 cosine, 1 dot, 2 l2), M, efConstruction, efSearch, seed,
///               S, U, entry (level + 1 above, slot below), next ordinal, vector row bytes, base row bytes,
///               precision (0 f32, 1 bf16, 2 int8, 3 binary), code row bytes
///     base      S rows of 2M u32, padded to 64 bytes: links of layer 0, ended by 2³² − 1 unless full
///     upper     U rows of M u32, padded to 64 bytes: links of layers 1 … level of a node, one row after the other
///     ids       S i64: the id, or −2⁶³ for a slot not in use
///     nodes     S × (level u32, first upper row u32)
///     codes     S rows of bf16, bytes or bits, padded (`CodeArray`); not with f32
///     scales    S f32; int8 and binary only
///     biases    S f32; under l2 only, and not with f32
///     sketch_codes, sketch_scales   the same as bits and S f32, where the graph has sketches; made anew if missing
///     vectors   S rows of D f32, padded to 64 bytes
///
/// Version 1 had no precision (it was f32), the first 12 numbers and "vectors" first; it can still be read.
///
/// What every search goes through is copied into memory of large pages. The vectors, which are read to rescore what was
/// found, stay in the private map: a row costs memory once it is read, a page that changes becomes a copy, and the file
/// stays what it was.
extension HNSWIndex {
    /// What an HNSW snapshot is.
    public static let snapshotKind = SnapshotKind(code: "HNSW", version: 2)
    private static let firstKind = SnapshotKind(code: "HNSW", version: 1)

    /// Writes the index to `path`, which holds the old file or the whole new one at every moment.
    ///
    /// Links around removed vectors are mended first. Searches go on meanwhile, insertions wait. Afterwards the vectors
    /// are read from the new file, and the memory they took is given back.
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
                readVectors(from: path, graph, &book)
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
            vectorStride: graph.vectors.stride, baseStride: graph.base.stride, codeStride: graph.codes.rows.stride)
        try writer.append(meta.words)
        for (name, array, count) in HNSWIndex.sections(of: graph, meta) {
            try writer.beginSection(name)
            unsafe try array.forEachSlab(count) { bytes throws(SnapshotError) in
                // Whole rows of memory this index owns; nobody writes them while the writer's lock is held.
                unsafe try writer.append(bytes.bytes)
            }
        }
        try writer.commit()
    }

    /// Reads the vectors from the file just written from now on: beside codes they are too seldom needed to be held.
    private func readVectors(from path: String, _ graph: HNSWGraph, _ book: inout SlotBook) {
        guard graph.codes.precision != .f32,
            let section = try? SnapshotFile(path: path, kind: HNSWIndex.snapshotKind, givesPagesBack: true)
                .section("vectors"),
            let left = graph.vectors.move(to: section, count: book.slotCount)
        else { return }
        graph.vectors.releasePages()
        book.leftMemory.append((left, graph.scratches.endEpoch()))
        reclaim(graph, &book)
    }

    /// The arrays of a graph by section, and how many rows each has.
    private static func sections(of graph: HNSWGraph, _ meta: SnapshotMeta) -> [(String, SlabArray, Int)] {
        let links = [
            ("base", graph.base, meta.slotCount), ("upper", graph.upper, meta.upperCount),
            ("ids", graph.ids, meta.slotCount), ("nodes", graph.nodes, meta.slotCount),
        ]
        let codes = graph.codeArrays.map { ($0.0, $0.1, meta.slotCount) }
        return links + codes + [("vectors", graph.vectors, meta.slotCount)]
    }

    /// Opens the snapshot at `path`.
    ///
    /// - Parameters:
    ///   - path: where `save(to:stamp:)` put it.
    ///   - collectionID: the collection it has to be of; nil takes any.
    ///   - fingerprint: the encoder it has to be of; nil takes any.
    ///   - precision: the type the graph is to be walked on; another than the file's is made from the vectors. nil for
    ///     the file's.
    ///   - pool: the threads insertions run on, and the check of the links.
    /// - Returns: the index and what it was taken of.
    /// - Throws: `VectorIndexError.snapshot` for whatever does not fit; the index has to be built anew then.
    public static func load(
        path: String, collectionID: Int64? = nil, fingerprint: String? = nil, precision: Precision? = nil,
        pool: ThreadPool
    ) throws(VectorIndexError) -> (HNSWIndex, SnapshotStamp) {
        do throws(SnapshotError) {
            let file = try open(path, collectionID: collectionID, fingerprint: fingerprint)
            return (try read(file, precision: precision, pool: pool), file.stamp)
        } catch {
            throw .snapshot(error)
        }
    }

    private static func open(
        _ path: String, collectionID: Int64?, fingerprint: String?
    ) throws(SnapshotError) -> SnapshotFile {
        do throws(SnapshotError) {
            return try SnapshotFile(
                path: path, kind: snapshotKind, collectionID: collectionID, fingerprint: fingerprint)
        } catch .unsupportedVersion(_, _, firstKind.version, _) {
            return try SnapshotFile(path: path, kind: firstKind, collectionID: collectionID, fingerprint: fingerprint)
        }
    }

    private static func read(
        _ file: SnapshotFile, precision: Precision?, pool: ThreadPool
    ) throws(SnapshotError) -> HNSWIndex {
        guard let words = try file.section("meta").array(of: UInt64.self), var meta = SnapshotMeta(words) else {
            throw .malformed(path: file.path, reason: "its numbers are out of range")
        }
        let stored = meta.parameters.precision
        meta.parameters.precision = precision ?? stored
        let graph = HNSWGraph(dimension: meta.dimension, metric: meta.metric, parameters: meta.parameters)
        let isRecoded = stored != meta.parameters.precision
        guard meta.slotCount <= graph.maximumSlotCount, meta.vectorStride == graph.vectors.stride,
            meta.baseStride == graph.base.stride, isRecoded || meta.codeStride == graph.codes.rows.stride
        else { throw .malformed(path: file.path, reason: "its rows have another size") }
        // What is made from the vectors: in files from before there were sketches these are missing.
        let hasSketches = (try? file.section("sketch_codes")) != nil
        let made = isRecoded ? graph.codeArrays : hasSketches ? [] : graph.sketchArrays
        for (name, array, count) in sections(of: graph, meta) {
            if made.contains(where: { $0.1 === array }) { continue }
            let section = try file.section(name)
            let isCold = array === graph.vectors
            let isTaken = isCold ? array.adopt(section, count: count) : array.copy(section, count: count)
            guard isTaken else {
                throw .malformed(path: file.path, reason: "section \"\(name)\" does not hold \(count) rows")
            }
        }
        graph.slotCount.store(meta.slotCount, ordering: .relaxed)
        graph.entry.store(meta.entry, ordering: .relaxed)
        var check = SnapshotCheck(graph: graph, upperCount: meta.upperCount)
        if let reason = check.run(pool: pool) { throw .malformed(path: file.path, reason: reason) }
        if !made.isEmpty, !graph.recode(pool: pool) {
            throw .unreadable(path: file.path, reason: "no memory for \(meta.slotCount) codes")
        }
        // With f32 the vectors are what every search goes through.
        if graph.codes.precision != .f32 { graph.vectors.releasePages() }
        graph.liveCount.store(check.places.count, ordering: .relaxed)
        let book = SlotBook(
            ordinal: meta.ordinal, slotCount: meta.slotCount, upperCount: meta.upperCount, freeSlots: check.freeSlots,
            freeUpper: check.freeUpper)
        graph.places.withLock { $0 = check.places }
        return HNSWIndex(graph: graph, book: book, pool: pool)
    }
}

extension HNSWGraph {
    /// Makes the codes of all live slots from their vectors.
    /// - Returns: false when there is no memory for them.
    fileprivate func recode(pool: ThreadPool) -> Bool {
        let total = slotCount.load(ordering: .relaxed)
        guard reserveCodes(total) else { return false }
        let chunk = 4096
        pool.run(taskCount: (total + chunk - 1) / chunk) { task in
            for slot in UInt32(task * chunk)..<UInt32(min(total, (task + 1) * chunk)) where isLive(slot) {
                encode(slot)
            }
        }
        return true
    }
}
