extension Schema {
    /// What crawls need: the addresses a job knows, and of each page what the next crawl asks its server by.
    static let crawl = """
        ALTER TABLE job_items ADD COLUMN is_skipped INTEGER NOT NULL DEFAULT 0;  -- passed over; its state is 'unchanged'
        CREATE TABLE crawls (
            job_id INTEGER PRIMARY KEY REFERENCES jobs ON DELETE CASCADE,
            start_url TEXT NOT NULL,                    -- the job's address, or where it redirects to
            page_count INTEGER NOT NULL DEFAULT 0,
            refused_count INTEGER NOT NULL DEFAULT 0,
            byte_count INTEGER NOT NULL DEFAULT 0,
            has_read_sitemaps INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        CREATE TABLE crawl_urls (
            job_id INTEGER NOT NULL REFERENCES jobs ON DELETE CASCADE,
            url TEXT NOT NULL,
            depth INTEGER NOT NULL,
            redirects INTEGER NOT NULL,
            is_alias INTEGER NOT NULL DEFAULT 0,        -- gave way to its canonical address
            PRIMARY KEY (job_id, url)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE crawl_pages (
            collection_id INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE,
            url TEXT NOT NULL,
            depth INTEGER NOT NULL,
            etag TEXT,
            last_modified TEXT,
            content_hash TEXT,                          -- of the document it became; NULL: none
            recipe TEXT NOT NULL,                       -- versions and settings that document was made with
            links TEXT NOT NULL,
            PRIMARY KEY (collection_id, url)
        ) STRICT;
        """
}
