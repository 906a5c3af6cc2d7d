import Foundation
import GRDB

extension DocumentStore {
    /// The collection's last change; 0 when there was none.
    ///
    /// - Throws: ``StorageError/collectionNotFound(name:)``.
    public func latestSequence(in collectionID: Int64) throws(StorageError) -> Int64 {
        try read { try Self.latestSequence($0, in: collectionID) }
    }

    /// How many transactions have changed the collection's documents: what a cache of their metadata is keyed by.
    /// - Throws: ``StorageError/collectionNotFound(name:)``.
    public func revision(of collectionID: Int64) throws(StorageError) -> Int64 {
        try read { db in
            let revision = try Int64.fetchOne(
                db.cachedStatement(sql: "SELECT revision FROM collections WHERE id = ?"), arguments: [collectionID])
            guard let revision else { throw StorageError.collectionNotFound(name: "#\(collectionID)") }
            return revision
        }
    }

    /// The changes after `sequence`, oldest first.
    /// - Throws: ``StorageError/changesPruned(through:)`` when the log no longer reaches back to `sequence`.
    public func changes(
        after sequence: Int64, in collectionID: Int64, limit: Int
    ) throws(StorageError) -> [ChunkChange] {
        try read { db in
            let pruned = try Int64.fetchOne(
                db.cachedStatement(sql: "SELECT pruned_through FROM collections WHERE id = ?"),
                arguments: [collectionID])
            guard let pruned else { throw StorageError.collectionNotFound(name: "#\(collectionID)") }
            guard sequence >= pruned else { throw StorageError.changesPruned(through: pruned) }
            return try Row.fetchAll(
                db.cachedStatement(
                    sql: """
                        SELECT sequence, chunk_id, kind FROM changes
                        WHERE collection_id = ? AND sequence > ? ORDER BY sequence LIMIT ?
                        """),
                arguments: [collectionID, sequence, limit]
            ).map { row in
                ChunkChange(sequence: row[0], chunkID: row[1], kind: ChunkChange.Kind(rawValue: row[2]) ?? .removed)
            }
        }
    }

    /// Forgets changes up to `sequence`, which every index snapshot has applied.
    public func pruneChanges(through sequence: Int64, in collectionID: Int64) throws(StorageError) {
        try write { db in
            try db.execute(
                sql: "DELETE FROM changes WHERE collection_id = ? AND sequence <= ?",
                arguments: [collectionID, sequence])
            try db.execute(
                sql: "UPDATE collections SET pruned_through = max(pruned_through, ?) WHERE id = ?",
                arguments: [sequence, collectionID])
        }
    }

    /// What indexes hold of these chunks, ascending by id; ids that are gone are left out.
    public func indexEntries(ids: [Int64]) throws(StorageError) -> [IndexEntry] {
        try read { db in
            var entries: [IndexEntry] = []
            entries.reserveCapacity(ids.count)
            for batch in ids.sorted().batches(of: Self.batchSize) {
                try Self.appendEntries(
                    to: &entries, db, condition: "c.id IN (\(Self.marks(batch.count)))",
                    arguments: StatementArguments(batch))
            }
            return entries
        }
    }

    /// The collection's next `limit` chunks after chunk `id`, ascending: a whole collection in pieces of bounded size.
    public func indexEntries(
        in collectionID: Int64, after id: Int64, limit: Int
    ) throws(StorageError) -> [IndexEntry] {
        try read { db in
            var entries: [IndexEntry] = []
            entries.reserveCapacity(limit)
            try Self.appendEntries(
                to: &entries, db, condition: "c.collection_id = ? AND c.id > ?", arguments: [collectionID, id],
                limit: limit)
            return entries
        }
    }

    /// The metadata and chunk ids of all indexed documents of a collection, with the revision they were read at.
    public func documentMetadata(
        in collectionID: Int64
    ) throws(StorageError) -> (revision: Int64, entries: [DocumentFilterEntry]) {
        try read { db in
            let revision = try Int64.fetchOne(
                db, sql: "SELECT revision FROM collections WHERE id = ?", arguments: [collectionID])
            guard let revision else { throw StorageError.collectionNotFound(name: "#\(collectionID)") }
            var entries: [DocumentFilterEntry] = []
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT d.id, d.metadata, c.id FROM documents d INDEXED BY documents_by_collection
                    JOIN chunks c INDEXED BY chunks_by_document ON c.document_id = d.id
                    WHERE d.collection_id = ? ORDER BY d.id
                    """,
                arguments: [collectionID])
            while let row = try rows.next() {
                let documentID: Int64 = row[0]
                if entries.last?.documentID != documentID {
                    let metadata = try Columns.object(row[1])
                    entries.append(DocumentFilterEntry(documentID: documentID, metadata: metadata, chunkIDs: []))
                }
                entries[entries.count - 1].chunkIDs.append(row[2])
            }
            return (revision, entries)
        }
    }

    static func latestSequence(_ db: Database, in collectionID: Int64) throws -> Int64 {
        let latest = try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT max(sequence) FROM changes WHERE collection_id = ?"),
            arguments: [collectionID])
        if let latest { return latest }
        let pruned = try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT pruned_through FROM collections WHERE id = ?"), arguments: [collectionID])
        guard let pruned else { throw StorageError.collectionNotFound(name: "#\(collectionID)") }
        return pruned
    }

    private static func appendEntries(
        to entries: inout [IndexEntry], _ db: Database, condition: String, arguments: StatementArguments,
        limit: Int? = nil
    ) throws {
        let statement = try db.cachedStatement(
            sql: """
                SELECT c.id, v.vector, d.title, c.heading_path, c.text FROM chunks c
                JOIN chunk_vectors v ON v.chunk_id = c.id JOIN documents d ON d.id = c.document_id
                WHERE \(condition) ORDER BY c.id LIMIT ?
                """)
        let rows = try Row.fetchCursor(statement, arguments: arguments + [limit ?? -1])
        while let row = try rows.next() {
            entries.append(
                IndexEntry(
                    id: row[0], vector: Columns.vector(row[1]), title: row[2],
                    headingPath: try Columns.headingPath(row[3]), text: row[4]))
        }
    }
}
