import GRDB

extension Schema {
    /// What tells chunks that say the same (`DocumentStore+Duplicates`).
    ///
    /// A chunk has either keys, and leads those that say the same, or a leader; one without words has neither.
    private static let duplicates = """
        CREATE TABLE duplicate_keys (
            chunk_id INTEGER NOT NULL REFERENCES chunks ON DELETE CASCADE,
            key INTEGER NOT NULL,                       -- TextSketch.keys
            PRIMARY KEY (chunk_id, key)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX duplicate_keys_by_key ON duplicate_keys (key);
        CREATE TABLE duplicate_chunks (
            chunk_id INTEGER PRIMARY KEY REFERENCES chunks ON DELETE CASCADE,
            leader_id INTEGER NOT NULL REFERENCES chunks ON DELETE CASCADE
        ) STRICT;
        CREATE INDEX duplicate_chunks_by_leader ON duplicate_chunks (leader_id);
        """

    /// Makes the tables, and fills them from the chunks there are.
    static func addDuplicates(_ db: Database) throws {
        try db.execute(sql: duplicates)
        try DocumentStore.groupAllChunks(db)
    }
}
