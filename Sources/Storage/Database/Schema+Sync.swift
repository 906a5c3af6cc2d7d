extension Schema {
    /// What synchronising with a source, pausing, retrying and estimating need.
    ///
    /// A job of an earlier version has no sync and is not paused; a document of one has no source until it is ingested
    /// again, and is removed by no sync before that.
    static let syncAndJobs = """
        ALTER TABLE jobs ADD COLUMN paused INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE jobs ADD COLUMN sync TEXT;                        -- what it may remove (SyncScope); NULL: nothing
        ALTER TABLE jobs ADD COLUMN is_synced INTEGER NOT NULL DEFAULT 0;  -- removed what is gone, or found why not to
        ALTER TABLE jobs ADD COLUMN sync_note TEXT;                   -- why nothing was removed
        ALTER TABLE job_items ADD COLUMN source TEXT;                 -- the folder or file it was found by
        ALTER TABLE job_items ADD COLUMN stamp TEXT;                  -- what its file looked like when it was listed
        ALTER TABLE job_items ADD COLUMN byte_count INTEGER;
        ALTER TABLE job_items ADD COLUMN is_container INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX job_items_waiting ON job_items (external_id) WHERE state IN ('queued', 'running');
        CREATE TABLE job_removals (
            job_id INTEGER NOT NULL REFERENCES jobs ON DELETE CASCADE,
            external_id TEXT NOT NULL,
            PRIMARY KEY (job_id, external_id)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE document_sources (
            document_id INTEGER PRIMARY KEY REFERENCES documents ON DELETE CASCADE,
            source TEXT,
            stamp TEXT,
            content_hash TEXT NOT NULL                                -- of the version that the stamp belongs to
        ) STRICT;
        CREATE INDEX document_sources_by_source ON document_sources (source);
        """
}
