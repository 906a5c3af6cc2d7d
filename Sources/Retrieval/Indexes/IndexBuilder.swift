import Foundation
import LexicalIndex
import Logging
import Storage
import Tensors
import VectorIndex

/// Gets a collection's indexes from their snapshots, or from the database when those can't be used.
struct IndexBuilder {
    let collection: CollectionRecord
    let store: any DocumentStoring
    let factory: any IndexFactory
    let folder: String
    let rules: IndexRules
    let logger: Logger

    static func vectorPath(_ folder: String) -> String { folder + "/vectors.index" }
    static func lexicalPath(_ folder: String) -> String { folder + "/lexical.index" }

    /// Loads what can be loaded and builds the rest; changes since the watermarks are still to be applied.
    func open() throws(RetrievalError) -> CollectionIndexes.Legs {
        var remarks: [IndexRemark] = []
        let vectors = load(Self.vectorPath(folder), fingerprint: collection.encoderFingerprint, &remarks) {
            let loaded = try factory.loadVectorIndex(path: $0)
            guard loaded.index.dimension == collection.dimension else {
                throw RetrievalError.wrongDimension(expected: collection.dimension, actual: loaded.index.dimension)
            }
            return loaded
        }
        let lexical = load(Self.lexicalPath(folder), fingerprint: factory.lexicalFingerprint, &remarks) {
            try factory.loadLexicalIndex(path: $0)
        }
        var legs = try build(vectors: vectors, lexical: lexical)
        legs.remarks = remarks
        return legs
    }

    /// Builds both indexes from the database.
    func build() throws(RetrievalError) -> CollectionIndexes.Legs { try build(vectors: nil, lexical: nil) }

    /// Builds the graph alone, up to the watermark that is returned with it.
    func buildGraph() throws(RetrievalError) -> (index: any PersistentVectorIndex, watermark: Int64) {
        do {
            let sequence = try store.latestSequence(in: collection.id)
            let index = try factory.makeVectorIndex(dimension: collection.dimension)
            try forEachBatch { try Self.insert($0, into: index, logger) }
            return (index, sequence)
        } catch {
            throw RetrievalError(error)
        }
    }

    private func build(
        vectors: (index: any PersistentVectorIndex, watermark: Int64)?,
        lexical: (index: any PersistentLexicalIndex, watermark: Int64)?
    ) throws(RetrievalError) -> CollectionIndexes.Legs {
        do {
            if let vectors, let lexical {
                return CollectionIndexes.Legs(
                    vectors: vectors.index, lexical: lexical.index, vectorWatermark: vectors.watermark,
                    lexicalWatermark: lexical.watermark, unsavedChangeCount: 0)
            }
            let start = ContinuousClock.now
            // Read before the chunks: what is committed while they are read is applied once more, which does no harm.
            let sequence = try store.latestSequence(in: collection.id)
            let isExact = try vectors == nil && store.chunkCount(in: collection.id) >= rules.exactFrom
            let legs = CollectionIndexes.Legs(
                vectors: try vectors?.index ?? emptyVectors(isExact: isExact),
                lexical: try lexical?.index ?? factory.makeLexicalIndex(),
                vectorWatermark: vectors?.watermark ?? sequence, lexicalWatermark: lexical?.watermark ?? sequence,
                unsavedChangeCount: .max, isExact: isExact)
            var count = 0
            try forEachBatch { entries in
                if vectors == nil { try Self.insert(entries, into: legs.vectors, logger) }
                if lexical == nil { legs.lexical.insert(entries.map { ($0.id, $0.embeddedText) }) }
                count += entries.count
            }
            if count > 0 {
                logger.info(
                    "built the index from the database",
                    metadata: [
                        "collection": "\(collection.name)", "chunks": "\(count)",
                        "took": "\(ContinuousClock.now - start)",
                    ])
            }
            return legs
        } catch {
            throw RetrievalError(error)
        }
    }

    private func emptyVectors(isExact: Bool) throws -> any VectorSearching {
        if isExact { return try factory.makeExactIndex(dimension: collection.dimension) }
        return try factory.makeVectorIndex(dimension: collection.dimension)
    }

    /// Hands over all chunks in pieces of bounded size, by ascending id.
    private func forEachBatch(_ body: ([IndexEntry]) throws -> Void) throws {
        var last: Int64 = 0
        while true {
            let entries = try store.indexEntries(in: collection.id, after: last, limit: CollectionIndexes.buildBatch)
            guard let end = entries.last else { return }
            try body(entries)
            last = end.id
        }
    }

    /// A snapshot that is this collection's, of this fingerprint, and not from the database's future; else nil.
    private func load<Index>(
        _ path: String, fingerprint: String, _ remarks: inout [IndexRemark],
        _ read: (String) throws -> (index: Index, stamp: SnapshotStamp)
    ) -> (index: Index, watermark: Int64)? {
        let name = URL(fileURLWithPath: path).lastPathComponent
        // A link counts, wherever it leads.
        guard (try? FileManager.default.attributesOfItem(atPath: path)) != nil else {
            if ((try? store.chunkCount(in: collection.id)) ?? 0) > 0 {
                remarks.append(IndexRemark(file: name, reason: "there was no snapshot", isMissing: true))
            }
            return nil
        }
        do {
            let (index, stamp) = try read(path)
            guard stamp.collectionID == collection.id, stamp.fingerprint == fingerprint else {
                throw RetrievalError.index(detail: "it is of another collection, encoder or analyser")
            }
            guard stamp.watermark <= (try store.latestSequence(in: collection.id)) else {
                throw RetrievalError.index(detail: "it is newer than the database")
            }
            // Asks the log whether it reaches back far enough.
            _ = try store.changes(after: stamp.watermark, in: collection.id, limit: 1)
            return (index, stamp.watermark)
        } catch {
            logger.notice(
                "a snapshot can't be used and is built anew",
                metadata: ["collection": "\(collection.name)", "file": "\(path)", "reason": "\(error)"])
            remarks.append(IndexRemark(file: name, reason: "\(error)"))
            return nil
        }
    }

    /// Inserts entries whose vectors have the index's dimension; others are logged and left out.
    static func insert(
        _ entries: [IndexEntry], into index: any VectorSearching, _ logger: Logger
    ) throws(RetrievalError) {
        var ids: [Int64] = []
        var vectors: [Float] = []
        ids.reserveCapacity(entries.count)
        vectors.reserveCapacity(entries.count * index.dimension)
        for entry in entries {
            guard entry.vector.count == index.dimension else {
                logger.error("a stored vector is damaged", metadata: ["chunk": "\(entry.id)"])
                continue
            }
            ids.append(entry.id)
            vectors.append(contentsOf: entry.vector)
        }
        guard !ids.isEmpty else { return }
        do { try index.insert(ids, vectors: vectors) } catch { throw .index(detail: "\(error)") }
    }
}
