import Foundation
import GRDB

extension DocumentStore {
    /// The greatest length of an external id in bytes.
    public static let maximumExternalIDBytes = 1_024

    /// Stores a document in place of its earlier version, if there is one, in one transaction.
    ///
    /// Readers see the old version or the new one. A chunk whose content hash the old version had keeps its id, vector
    /// and index entries; its place, headings and text are brought up to date.
    /// - Parameters:
    ///   - document: the document with its chunks; hashes decide what is new.
    ///   - collectionID: where it goes.
    ///   - itemID: the job item this finishes, in the same transaction.
    /// - Returns: what was kept, inserted and removed, and the change to wait for.
    /// - Throws: ``StorageError/wrongDimension(expected:actual:)``, ``StorageError/collectionNotFound(name:)``,
    ///   ``StorageError/invalidInput(field:reason:)``, or what the machine reports; then nothing has changed.
    /// - Complexity: O(chunks of both versions).
    @discardableResult
    public func replaceDocument(
        _ document: NewDocument, in collectionID: Int64, finishing itemID: Int64? = nil
    ) throws(StorageError) -> DocumentReplacement {
        try Self.validate(document)
        return try write { db in
            let collection = try Self.collection(db, id: collectionID)
            for chunk in document.chunks where chunk.vector.count != collection.dimension {
                throw StorageError.wrongDimension(expected: collection.dimension, actual: chunk.vector.count)
            }
            let documentID = try upsert(document, in: collectionID, db)
            let counts = try Self.replaceChunks(of: documentID, in: collectionID, with: document, db)
            try Self.bumpRevision(of: collectionID, db)
            if let itemID {
                try finish(itemID, state: .succeeded, error: nil, chunkCount: document.chunks.count, db)
            }
            return DocumentReplacement(
                sequence: try Self.latestSequence(db, in: collectionID), kept: counts.kept, inserted: counts.inserted,
                removed: counts.removed)
        }
    }

    private static func validate(_ document: NewDocument) throws(StorageError) {
        try validate(externalID: document.externalID)
        let byteCount = document.text.utf8.count
        for chunk in document.chunks {
            guard chunk.utf8Span.lowerBound >= 0, chunk.utf8Span.upperBound <= byteCount else {
                throw .invalidInput(
                    field: "chunks", reason: "the span \(chunk.utf8Span) is outside the text of \(byteCount) bytes")
            }
            guard chunk.vector.allSatisfy(\.isFinite) else {
                throw .invalidInput(field: "chunks", reason: "a vector holds a value that is not finite")
            }
            guard chunk.vector.contains(where: { $0 != 0 }) else {
                throw .invalidInput(field: "chunks", reason: "a vector has no direction: every value is 0")
            }
        }
    }

    static func validate(externalID: String) throws(StorageError) {
        guard !externalID.isEmpty, externalID.utf8.count <= maximumExternalIDBytes else {
            throw .invalidInput(
                field: "id", reason: "it has \(externalID.utf8.count) bytes, allowed are 1 to \(maximumExternalIDBytes)"
            )
        }
    }

    private func upsert(_ document: NewDocument, in collectionID: Int64, _ db: Database) throws -> Int64 {
        let now = Columns.milliseconds(clock())
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO documents (collection_id, external_id, title, url, content_type, language, content_hash,
                    metadata, state, error, byte_count, chunk_count, created_at, updated_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'indexed', NULL, ?, ?, ?, ?)
                ON CONFLICT (collection_id, external_id) DO UPDATE SET title = excluded.title, url = excluded.url,
                    content_type = excluded.content_type, language = excluded.language,
                    content_hash = excluded.content_hash, metadata = excluded.metadata, state = 'indexed',
                    error = NULL, byte_count = excluded.byte_count, chunk_count = excluded.chunk_count,
                    updated_at = excluded.updated_at
                RETURNING id
                """)
        let id = try Int64.fetchOne(
            statement,
            arguments: [
                collectionID, document.externalID, document.title, document.url, document.contentType,
                document.language, document.contentHash, Columns.metadata(document.metadata), document.byteCount,
                document.chunks.count, now, now,
            ])
        guard let id else { throw StorageError.failed(detail: "the document's row was not returned") }
        try db.cachedStatement(sql: "INSERT OR REPLACE INTO document_texts (document_id, text) VALUES (?, ?)")
            .execute(arguments: [id, document.text])
        return id
    }

    private static func replaceChunks(
        of documentID: Int64, in collectionID: Int64, with document: NewDocument, _ db: Database
    ) throws -> (kept: Int, inserted: Int, removed: Int) {
        // By hash, first one last, so that equal chunks are matched in the order of the text by popLast.
        var old: [String: [Int64]] = [:]
        let rows = try Row.fetchAll(
            db.cachedStatement(
                sql: "SELECT id, content_hash FROM chunks WHERE document_id = ? ORDER BY ordinal DESC"),
            arguments: [documentID])
        for row in rows { old[row[1], default: []].append(row[0]) }
        var inserted: [(id: Int64, ordinal: Int)] = []
        for (ordinal, chunk) in document.chunks.enumerated() {
            let headingPath = try Columns.json(chunk.headingPath, field: "heading_path")
            if let same = old[chunk.contentHash]?.popLast() {
                try db.cachedStatement(
                    sql: """
                        UPDATE chunks SET ordinal = ?, heading_path = ?, text = ?, utf8_start = ?, utf8_end = ?,
                            token_count = ? WHERE id = ?
                        """
                ).execute(arguments: [
                    ordinal, headingPath, chunk.text, chunk.utf8Span.lowerBound, chunk.utf8Span.upperBound,
                    chunk.tokenCount, same,
                ])
            } else {
                let id = try insert(chunk, ordinal, headingPath, of: documentID, in: collectionID, db)
                inserted.append((id, ordinal))
            }
        }
        let gone = old.values.joined().sorted()
        let followers = try followers(of: gone, db)
        for id in gone {
            try log(.removed, id, in: collectionID, db)
            try db.cachedStatement(sql: "DELETE FROM chunks WHERE id = ?").execute(arguments: [id])
        }
        // Last, so that none follows one that goes.
        try regroup(followers, db)
        for (id, ordinal) in inserted {
            let chunk = document.chunks[ordinal]
            let sketch = TextSketch(
                text: chunk.text, title: document.title, headingPath: chunk.headingPath, collectionID: collectionID)
            try group(id, sketch, db)
        }
        return (document.chunks.count - inserted.count, inserted.count, gone.count)
    }

    private static func insert(
        _ chunk: NewChunk, _ ordinal: Int, _ headingPath: String, of documentID: Int64, in collectionID: Int64,
        _ db: Database
    ) throws -> Int64 {
        try db.cachedStatement(
            sql: """
                INSERT INTO chunks (collection_id, document_id, ordinal, heading_path, text, utf8_start, utf8_end,
                    token_count, content_hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(arguments: [
            collectionID, documentID, ordinal, headingPath, chunk.text, chunk.utf8Span.lowerBound,
            chunk.utf8Span.upperBound, chunk.tokenCount, chunk.contentHash,
        ])
        let id = db.lastInsertedRowID
        try db.cachedStatement(sql: "INSERT INTO chunk_vectors (chunk_id, vector) VALUES (?, ?)")
            .execute(arguments: [id, Columns.blob(chunk.vector)])
        try log(.inserted, id, in: collectionID, db)
        return id
    }

    static func log(_ kind: ChunkChange.Kind, _ chunkID: Int64, in collectionID: Int64, _ db: Database) throws {
        try db.cachedStatement(sql: "INSERT INTO changes (collection_id, chunk_id, kind) VALUES (?, ?, ?)")
            .execute(arguments: [collectionID, chunkID, kind.rawValue])
    }

    static func bumpRevision(of collectionID: Int64, _ db: Database) throws {
        try db.cachedStatement(sql: "UPDATE collections SET revision = revision + 1 WHERE id = ?")
            .execute(arguments: [collectionID])
    }
}
