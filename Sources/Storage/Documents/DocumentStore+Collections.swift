import Foundation
import GRDB

extension DocumentStore {
    /// The characters of a collection's name after the first, which is a letter or a digit.
    static let nameCharacters = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")

    /// Makes a collection.
    /// - Throws: ``StorageError/collectionExists(name:)``, or ``StorageError/invalidInput(field:reason:)`` for a name,
    ///   dimension or chunking out of range.
    public func createCollection(_ new: NewCollection) throws(StorageError) -> CollectionRecord {
        try Self.validate(name: new.name)
        try new.chunking.validate()
        guard (1...65_536).contains(new.dimension) else {
            throw .invalidInput(field: "dimension", reason: "\(new.dimension) is not within 1…65536")
        }
        return try write { db in
            let taken = try Bool.fetchOne(db, sql: "SELECT 1 FROM collections WHERE name = ?", arguments: [new.name])
            if taken != nil { throw StorageError.collectionExists(name: new.name) }
            try db.execute(
                sql: """
                    INSERT INTO collections
                        (name, description, encoder, encoder_fingerprint, dimension, chunking, created_at)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    new.name, new.description, new.encoder, new.encoderFingerprint, new.dimension,
                    Columns.json(new.chunking, field: "chunking"), Columns.milliseconds(clock()),
                ])
            return try Self.collection(db, id: db.lastInsertedRowID)
        }
    }

    /// The collection of that name.
    /// - Throws: ``StorageError/collectionNotFound(name:)``.
    public func collection(named name: String) throws(StorageError) -> CollectionRecord {
        try read { db in
            guard
                let row = try Row.fetchOne(
                    db.cachedStatement(sql: "SELECT * FROM collections WHERE name = ?"), arguments: [name])
            else { throw StorageError.collectionNotFound(name: name) }
            return try Self.collection(row)
        }
    }

    /// The collection of that row id.
    /// - Throws: ``StorageError/collectionNotFound(name:)``.
    public func collection(id: Int64) throws(StorageError) -> CollectionRecord {
        try read { try Self.collection($0, id: id) }
    }

    /// All collections by name.
    public func collections() throws(StorageError) -> [CollectionRecord] {
        try read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM collections ORDER BY name").map(Self.collection)
        }
    }

    /// Deletes a collection with all that belongs to it: documents, chunks, vectors, jobs, answers, changes.
    /// - Returns: the record as it was; its id is never used again.
    /// - Throws: ``StorageError/collectionNotFound(name:)``.
    @discardableResult
    public func deleteCollection(named name: String) throws(StorageError) -> CollectionRecord {
        let deleted = try write { db in
            guard let row = try Row.fetchOne(db, sql: "SELECT * FROM collections WHERE name = ?", arguments: [name])
            else { throw StorageError.collectionNotFound(name: name) }
            let record = try Self.collection(row)
            try db.execute(sql: "DELETE FROM collections WHERE id = ?", arguments: [record.id])
            return record
        }
        // Gives the pages back to the file system; a failure leaves them for later rows.
        try? pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA incremental_vacuum") }
        return deleted
    }

    /// Counts what the collection holds.
    ///
    /// O(documents).
    /// - Throws: ``StorageError/collectionNotFound(name:)``.
    public func statistics(of collectionID: Int64) throws(StorageError) -> CollectionStatistics {
        try read { db in
            _ = try Self.collection(db, id: collectionID)
            let row = try Row.fetchOne(
                db,
                sql: """
                    SELECT count(*) FILTER (WHERE state = 'indexed') AS indexed,
                        count(*) FILTER (WHERE state = 'failed') AS failed,
                        total(chunk_count) AS chunks, total(byte_count) AS bytes
                    FROM documents WHERE collection_id = ?
                    """,
                arguments: [collectionID])
            return CollectionStatistics(
                documentCount: row?["indexed"] ?? 0, failedDocumentCount: row?["failed"] ?? 0,
                chunkCount: Int(row?["chunks"] as Double? ?? 0), byteCount: Int(row?["bytes"] as Double? ?? 0),
                latestSequence: try Self.latestSequence(db, in: collectionID))
        }
    }

    private static func validate(name: String) throws(StorageError) {
        guard let first = name.first, name.count <= 128, name.allSatisfy(nameCharacters.contains),
            first.isLetter || first.isNumber
        else {
            throw .invalidInput(
                field: "name",
                reason: "'\(name.prefix(140))' must have 1 to 128 of A–Z a–z 0–9 . _ - and start with a letter or digit"
            )
        }
    }

    static func collection(_ db: Database, id: Int64) throws -> CollectionRecord {
        guard
            let row = try Row.fetchOne(
                db.cachedStatement(sql: "SELECT * FROM collections WHERE id = ?"), arguments: [id])
        else { throw StorageError.collectionNotFound(name: "#\(id)") }
        return try collection(row)
    }

    private static func collection(_ row: Row) throws -> CollectionRecord {
        CollectionRecord(
            id: row["id"], name: row["name"], description: row["description"], encoder: row["encoder"],
            encoderFingerprint: row["encoder_fingerprint"], dimension: row["dimension"],
            chunking: try Columns.decode(ChunkingSettings.self, row["chunking"]),
            createdAt: Columns.date(row["created_at"]))
    }
}
