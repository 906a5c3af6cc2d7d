import Foundation
import GRDB

extension DocumentStore {
    /// The most documents one page lists.
    public static let maximumPageSize = 1_000

    /// The document of that id.
    /// - Throws: ``StorageError/documentNotFound(id:)``.
    public func document(externalID: String, in collectionID: Int64) throws(StorageError) -> DocumentRecord {
        try read { db in
            let row = try Row.fetchOne(
                db.cachedStatement(sql: "SELECT * FROM documents WHERE collection_id = ? AND external_id = ?"),
                arguments: [collectionID, externalID])
            guard let row else { throw StorageError.documentNotFound(id: externalID) }
            return try Self.document(row)
        }
    }

    /// The hash of the stored source when the document is indexed; nil when it is not there or failed.
    public func contentHash(externalID: String, in collectionID: Int64) throws(StorageError) -> String? {
        try read { db in
            try String.fetchOne(
                db.cachedStatement(
                    sql: """
                        SELECT content_hash FROM documents
                        WHERE collection_id = ? AND external_id = ? AND state = 'indexed'
                        """),
                arguments: [collectionID, externalID])
        }
    }

    /// One page of the collection's documents, in the order they were first ingested.
    ///
    /// The order is stable under writes: a document that is replaced keeps its place, a new one comes last.
    /// - Parameters:
    ///   - collectionID: the collection.
    ///   - cursor: the last page's ``DocumentPage/nextCursor``; nil for the first page.
    ///   - limit: documents per page, 1 to ``maximumPageSize``.
    ///   - state: lists only documents in that state.
    /// - Returns: the page and where the next one begins.
    /// - Throws: ``StorageError/invalidInput(field:reason:)`` for a cursor that no page gave or a limit out of range.
    public func documents(
        in collectionID: Int64, after cursor: String? = nil, limit: Int = 100, state: DocumentState? = nil
    ) throws(StorageError) -> DocumentPage {
        guard (1...Self.maximumPageSize).contains(limit) else {
            throw .invalidInput(field: "limit", reason: "\(limit) is not within 1…\(Self.maximumPageSize)")
        }
        var lastID: Int64 = 0
        if let cursor {
            guard cursor.hasPrefix("d"), let id = Int64(cursor.dropFirst()), id >= 0 else {
                throw .invalidInput(field: "cursor", reason: "'\(cursor.prefix(40))' is not one that a page gave")
            }
            lastID = id
        }
        return try read { db in
            let rows = try Row.fetchAll(
                db.cachedStatement(
                    sql: """
                        SELECT * FROM documents INDEXED BY documents_by_collection
                        WHERE collection_id = ? AND id > ? AND (? IS NULL OR state = ?) ORDER BY id LIMIT ?
                        """),
                arguments: [collectionID, lastID, state?.rawValue, state?.rawValue, limit + 1])
            let documents = try rows.prefix(limit).map(Self.document)
            let next = rows.count > limit ? documents.last.map { "d\($0.id)" } : nil
            return DocumentPage(documents: documents, nextCursor: next)
        }
    }

    /// The extracted text that the chunks' spans point into; empty for a document, by row id, that never succeeded.
    public func documentText(_ documentID: Int64) throws(StorageError) -> String {
        try read { db in
            try String.fetchOne(
                db.cachedStatement(sql: "SELECT text FROM document_texts WHERE document_id = ?"),
                arguments: [documentID]) ?? ""
        }
    }

    /// Deletes a document with its chunks.
    /// - Returns: the change to wait for.
    /// - Throws: ``StorageError/documentNotFound(id:)``.
    @discardableResult
    public func deleteDocument(externalID: String, in collectionID: Int64) throws(StorageError) -> Int64 {
        try write { db in
            let id = try Int64.fetchOne(
                db, sql: "SELECT id FROM documents WHERE collection_id = ? AND external_id = ?",
                arguments: [collectionID, externalID])
            guard let id else { throw StorageError.documentNotFound(id: externalID) }
            try Self.delete(document: id, db)
            try Self.bumpRevision(of: collectionID, db)
            return try Self.latestSequence(db, in: collectionID)
        }
    }

    /// Deletes a document, by its row id, with its chunks, and logs that they are gone.
    static func delete(document id: Int64, _ db: Database) throws {
        try db.cachedStatement(
            sql: """
                INSERT INTO changes (collection_id, chunk_id, kind)
                SELECT collection_id, id, ? FROM chunks WHERE document_id = ? ORDER BY id
                """
        ).execute(arguments: [ChunkChange.Kind.removed.rawValue, id])
        let followers = try followersElsewhere(ofDocument: id, db)
        try db.cachedStatement(sql: "DELETE FROM documents WHERE id = ?").execute(arguments: [id])
        try regroup(followers, db)
    }

    /// Notes that a document could not be ingested, so that its owner sees why.
    ///
    /// An earlier version stays as it is and searchable; the record then says `failed` with the reason.
    /// - Parameters:
    ///   - externalID: the owner's id.
    ///   - collectionID: the collection.
    ///   - title: shown while there is no earlier version.
    ///   - contentType: the source's media type, as far as it is known.
    ///   - byteCount: the size of the source.
    ///   - error: one line: what was wrong and what to do.
    ///   - itemID: the job item this finishes, in the same transaction.
    /// - Throws: ``StorageError/collectionNotFound(name:)``, ``StorageError/invalidInput(field:reason:)`` for the id.
    public func recordFailure(
        externalID: String, in collectionID: Int64, title: String = "", contentType: String = "", byteCount: Int = 0,
        error: String, finishing itemID: Int64? = nil
    ) throws(StorageError) {
        try Self.validate(externalID: externalID)
        try write { db in
            _ = try Self.collection(db, id: collectionID)
            let now = Columns.milliseconds(clock())
            try db.execute(
                sql: """
                    INSERT INTO documents (collection_id, external_id, title, content_type, content_hash, metadata,
                        state, error, byte_count, chunk_count, created_at, updated_at)
                    VALUES (?, ?, ?, ?, '', '{}', 'failed', ?, ?, 0, ?, ?)
                    ON CONFLICT (collection_id, external_id) DO UPDATE SET
                        state = 'failed', error = excluded.error, updated_at = excluded.updated_at
                    """,
                arguments: [collectionID, externalID, title, contentType, error, byteCount, now, now])
            if let itemID { try finish(itemID, state: .failed, error: error, chunkCount: nil, db) }
        }
    }

    static func document(_ row: Row) throws -> DocumentRecord {
        DocumentRecord(
            id: row["id"], externalID: row["external_id"], collectionID: row["collection_id"], title: row["title"],
            url: row["url"], contentType: row["content_type"], language: row["language"],
            contentHash: row["content_hash"], metadata: try Columns.object(row["metadata"]),
            state: DocumentState(rawValue: row["state"]) ?? .failed, error: row["error"], byteCount: row["byte_count"],
            chunkCount: row["chunk_count"], createdAt: Columns.date(row["created_at"]),
            updatedAt: Columns.date(row["updated_at"]))
    }
}
