import Foundation
import GRDB

extension DocumentStore {
    /// Ids per statement, below SQLite's limit on parameters.
    static let batchSize = 500

    /// Chunks with their documents, in the order of `ids`; one that is gone is left out.
    public func chunks(ids: [Int64]) throws(StorageError) -> [StoredChunk] {
        guard !ids.isEmpty else { return [] }
        return try read { db in
            var found: [Int64: StoredChunk] = [:]
            found.reserveCapacity(ids.count)
            for batch in ids.batches(of: Self.batchSize) {
                let rows = try Row.fetchCursor(
                    db,
                    sql: """
                        SELECT c.*, d.external_id, d.title, d.url, d.metadata
                        FROM chunks c JOIN documents d ON d.id = c.document_id WHERE c.id IN (\(Self.marks(batch.count)))
                        """,
                    arguments: StatementArguments(batch))
                while let row = try rows.next() {
                    let stored = StoredChunk(
                        chunk: try Self.chunk(row), externalID: row["external_id"], title: row["title"],
                        url: row["url"], metadata: try Columns.object(row["metadata"]))
                    found[stored.chunk.id] = stored
                }
            }
            return ids.compactMap { found[$0] }
        }
    }

    /// Where chunks stand, in the order of `ids`; one that is gone is left out.
    public func chunkSources(ids: [Int64]) throws(StorageError) -> [ChunkSource] {
        guard !ids.isEmpty else { return [] }
        return try read { db in
            var found: [Int64: ChunkSource] = [:]
            for batch in ids.batches(of: Self.batchSize) {
                let rows = try Row.fetchCursor(
                    db,
                    sql: """
                        SELECT c.id, c.heading_path, c.utf8_start, c.utf8_end, d.external_id, d.title, d.url, d.metadata
                        FROM chunks c JOIN documents d ON d.id = c.document_id WHERE c.id IN (\(Self.marks(batch.count)))
                        """,
                    arguments: StatementArguments(batch))
                while let row = try rows.next() {
                    found[row["id"]] = ChunkSource(
                        chunkID: row["id"], externalID: row["external_id"], title: row["title"], url: row["url"],
                        headingPath: try Columns.headingPath(row["heading_path"]), utf8Span: try Self.utf8Span(row),
                        metadata: try Columns.object(row["metadata"]))
                }
            }
            return ids.compactMap { found[$0] }
        }
    }

    /// The chunks of a document, by its row id, in order.
    public func chunks(ofDocument documentID: Int64) throws(StorageError) -> [ChunkRecord] {
        try read { db in
            try Row.fetchAll(
                db.cachedStatement(sql: "SELECT * FROM chunks WHERE document_id = ? ORDER BY ordinal"),
                arguments: [documentID]
            ).map(Self.chunk)
        }
    }

    /// The vectors the collection has for chunks of these content hashes, so that they need not be embedded again.
    /// - Returns: vectors by hash; hashes the collection does not know are left out.
    public func chunkVectors(
        contentHashes: [String], in collectionID: Int64
    ) throws(StorageError) -> [String: [Float]] {
        guard !contentHashes.isEmpty else { return [:] }
        return try read { db in
            var vectors: [String: [Float]] = [:]
            for batch in contentHashes.batches(of: Self.batchSize) {
                let rows = try Row.fetchCursor(
                    db,
                    sql: """
                        SELECT c.content_hash, v.vector FROM chunks c JOIN chunk_vectors v ON v.chunk_id = c.id
                        WHERE c.content_hash IN (\(Self.marks(batch.count))) AND c.collection_id = ?
                        """,
                    arguments: StatementArguments(batch) + [collectionID])
                while let row = try rows.next() {
                    let hash: String = row[0]
                    if vectors[hash] == nil { vectors[hash] = Columns.vector(row[1]) }
                }
            }
            return vectors
        }
    }

    /// The number of the collection's chunks.
    public func chunkCount(in collectionID: Int64) throws(StorageError) -> Int {
        try read { db in
            try Int.fetchOne(
                db.cachedStatement(sql: "SELECT count(*) FROM chunks WHERE collection_id = ?"),
                arguments: [collectionID]) ?? 0
        }
    }

    static func marks(_ count: Int) -> String {
        repeatElement("?", count: count).joined(separator: ",")
    }

    private static func chunk(_ row: Row) throws -> ChunkRecord {
        ChunkRecord(
            id: row["id"], documentID: row["document_id"], ordinal: row["ordinal"],
            headingPath: try Columns.headingPath(row["heading_path"]), text: row["text"], utf8Span: try utf8Span(row),
            tokenCount: row["token_count"], contentHash: row["content_hash"])
    }

    static func utf8Span(_ row: Row) throws -> Range<Int> {
        let (start, end): (Int, Int) = (row["utf8_start"], row["utf8_end"])
        guard start >= 0, start <= end else { throw StorageError.failed(detail: "a chunk's span is reversed") }
        return start..<end
    }
}

extension Array {
    /// The array in slices of at most `size` elements.
    func batches(of size: Int) -> [ArraySlice<Element>] {
        stride(from: 0, to: count, by: size).map { self[$0..<Swift.min($0 + size, count)] }
    }
}
