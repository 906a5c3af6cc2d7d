import GRDB

/// The tables, as named migrations that are only ever added to.
///
///     collections ─┬─ documents ─┬─ document_texts
///                  │             ├─ document_sources      where it came from, what its file looked like
///                  │             └─ chunks ─┬─ chunk_vectors
///                  │                         └─ duplicate_keys, duplicate_chunks   which chunks say the same
///                  ├─ changes                        log of chunks that came and went
///                  ├─ jobs ─┬─ job_items ── job_payloads
///                  │        ├─ job_removals               documents that a sync has removed
///                  │        └─ crawls, crawl_urls         the addresses that a crawl knows
///                  ├─ crawl_pages                    what the next crawl asks servers by
///                  └─ answers ── feedback
///     evaluations
///
/// Arrows are foreign keys that cascade. Text and vectors have tables of their own, because listings, filters and
/// searches read the rows beside them far more often. Dates are milliseconds since 1970, vectors little-endian f32.
enum Schema {
    /// "DOCT": marks the file as Docent's for `file(1)` and for ``DocumentStore``.
    static let applicationID: Int32 = 0x444F_4354

    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 documents") { try $0.execute(sql: documents) }
        migrator.registerMigration("2 jobs") { try $0.execute(sql: jobs) }
        migrator.registerMigration("3 answers and evaluations") { try $0.execute(sql: answers) }
        migrator.registerMigration("4 sync and jobs") { try $0.execute(sql: syncAndJobs) }
        migrator.registerMigration("5 crawl") { try $0.execute(sql: crawl) }
        migrator.registerMigration("6 duplicates", migrate: addDuplicates)
        return migrator
    }

    private static let documents = """
        CREATE TABLE collections (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL UNIQUE,
            description TEXT NOT NULL,
            encoder TEXT NOT NULL,
            encoder_fingerprint TEXT NOT NULL,
            dimension INTEGER NOT NULL CHECK (dimension BETWEEN 1 AND 65536),
            chunking TEXT NOT NULL,
            revision INTEGER NOT NULL DEFAULT 0,        -- counts transactions that changed its documents
            pruned_through INTEGER NOT NULL DEFAULT 0,  -- changes up to here are no longer in the log
            created_at INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE documents (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            collection_id INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE,
            external_id TEXT NOT NULL,
            title TEXT NOT NULL,
            url TEXT,
            content_type TEXT NOT NULL,
            language TEXT,
            content_hash TEXT NOT NULL,
            metadata TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('indexed', 'failed')),
            error TEXT,
            byte_count INTEGER NOT NULL,
            chunk_count INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            UNIQUE (collection_id, external_id)
        ) STRICT;
        CREATE INDEX documents_by_collection ON documents (collection_id);
        CREATE TABLE document_texts (
            document_id INTEGER PRIMARY KEY REFERENCES documents ON DELETE CASCADE,
            text TEXT NOT NULL
        ) STRICT;
        CREATE TABLE chunks (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            collection_id INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE,
            document_id INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
            ordinal INTEGER NOT NULL,
            heading_path TEXT NOT NULL,
            text TEXT NOT NULL,
            utf8_start INTEGER NOT NULL,
            utf8_end INTEGER NOT NULL,
            token_count INTEGER NOT NULL,
            content_hash TEXT NOT NULL
        ) STRICT;
        CREATE INDEX chunks_by_document ON chunks (document_id, ordinal);
        CREATE INDEX chunks_by_collection ON chunks (collection_id);
        CREATE INDEX chunks_by_hash ON chunks (content_hash, collection_id);
        CREATE TABLE chunk_vectors (
            chunk_id INTEGER PRIMARY KEY REFERENCES chunks ON DELETE CASCADE,
            vector BLOB NOT NULL
        ) STRICT;
        CREATE TABLE changes (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            collection_id INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE,
            chunk_id INTEGER NOT NULL,
            kind INTEGER NOT NULL CHECK (kind IN (1, 2))  -- inserted, removed
        ) STRICT;
        CREATE INDEX changes_by_collection ON changes (collection_id);
        """

    private static let jobs = """
        CREATE TABLE jobs (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            collection_id INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE,
            kind TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
            error TEXT,
            options TEXT NOT NULL,
            worker TEXT,                                -- the process that works on it (WorkerLock)
            created_at INTEGER NOT NULL,
            started_at INTEGER,
            finished_at INTEGER
        ) STRICT;
        CREATE INDEX jobs_by_collection ON jobs (collection_id);
        CREATE INDEX jobs_unfinished ON jobs (state) WHERE state IN ('queued', 'running');
        CREATE TABLE job_items (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            job_id INTEGER NOT NULL REFERENCES jobs ON DELETE CASCADE,
            external_id TEXT NOT NULL,
            path TEXT,
            content_type TEXT,
            file_name TEXT,
            title TEXT,
            url TEXT,
            metadata TEXT NOT NULL,
            state TEXT NOT NULL
                CHECK (state IN ('queued', 'running', 'succeeded', 'unchanged', 'failed', 'cancelled')),
            error TEXT,
            attempt INTEGER NOT NULL DEFAULT 0,
            chunk_count INTEGER,
            started_at INTEGER,
            finished_at INTEGER
        ) STRICT;
        CREATE INDEX job_items_by_state ON job_items (job_id, state);
        CREATE TABLE job_payloads (
            item_id INTEGER PRIMARY KEY REFERENCES job_items ON DELETE CASCADE,
            bytes BLOB NOT NULL
        ) STRICT;
        """

    private static let answers = """
        CREATE TABLE answers (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            collection_id INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE,
            question TEXT NOT NULL,
            answer TEXT NOT NULL,
            created_at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX answers_by_collection ON answers (collection_id);
        CREATE TABLE feedback (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            answer_number INTEGER NOT NULL REFERENCES answers ON DELETE CASCADE,
            rating TEXT NOT NULL CHECK (rating IN ('up', 'down')),
            comment TEXT,
            correct_document_id TEXT,
            created_at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX feedback_by_answer ON feedback (answer_number);
        CREATE TABLE evaluations (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            kind TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
            request TEXT NOT NULL,
            result TEXT,
            error TEXT,
            created_at INTEGER NOT NULL,
            finished_at INTEGER
        ) STRICT;
        """
}
