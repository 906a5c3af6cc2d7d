import Foundation
import GRDB

/// What a crawl keeps: the addresses its job knows, and of each page what the next crawl can ask by.
///
/// A job's items are the pages to fetch, so that claiming, cancelling and going on after a crash are those of every job;
/// the tables here hold which addresses have been seen, and how deep they lie.
extension DocumentStore {
    /// The most pages of a crawl that are listed though they are not fetched.
    public static let maximumRefusedPages = 1_000

    /// The crawl of a job as it stands; begins it when it is new.
    /// - Parameters:
    ///   - jobID: the job.
    ///   - start: the address it was given.
    /// - Returns: where it is.
    /// - Throws: ``StorageError/jobNotFound(id:)``.
    public func crawlProgress(job jobID: Int64, start: String) throws(StorageError) -> CrawlProgress {
        try write { db in
            _ = try job(db, id: jobID, includingItems: false)
            try db.execute(
                sql: "INSERT OR IGNORE INTO crawls (job_id, start_url) VALUES (?, ?)", arguments: [jobID, start])
            let row = try Row.fetchOne(db, sql: "SELECT * FROM crawls WHERE job_id = ?", arguments: [jobID])
            guard let row else { throw StorageError.jobNotFound(id: jobID) }
            return CrawlProgress(
                start: row["start_url"], pageCount: row["page_count"], byteCount: row["byte_count"],
                hasReadSitemaps: row["has_read_sitemaps"])
        }
    }

    /// Where a page of the job was found; a page that wasn't found before becomes one at depth 0.
    public func crawlTarget(job jobID: Int64, url: String) throws(StorageError) -> CrawlTarget {
        try write { db in
            _ = try Self.note(CrawlTarget(url: url, depth: 0), job: jobID, db)
            let row = try Row.fetchOne(
                db.cachedStatement(sql: "SELECT depth, redirects FROM crawl_urls WHERE job_id = ? AND url = ?"),
                arguments: [jobID, url])
            return CrawlTarget(url: url, depth: row?["depth"] ?? 0, redirects: row?["redirects"] ?? 0)
        }
    }

    /// Adds the pages that the job doesn't know yet as items, until it has `mostPages`.
    ///
    /// Pages with a refusal become items that have ended as skipped; they don't count as pages.
    /// - Returns: how many items were added.
    public func addCrawlTargets(
        _ targets: [CrawlTarget], to jobID: Int64, metadata: [String: JSONValue] = [:], mostPages: Int
    ) throws(StorageError) -> Int {
        try write { db in
            let job = try job(db, id: jobID, includingItems: false)
            guard !job.state.isFinal else { return 0 }
            let counts = try Row.fetchOne(
                db, sql: "SELECT page_count, refused_count FROM crawls WHERE job_id = ?", arguments: [jobID])
            var (pages, refused): (Int, Int) = (counts?["page_count"] ?? 0, counts?["refused_count"] ?? 0)
            var added = 0
            for target in targets {
                let isRefused = target.refusal != nil
                guard isRefused ? refused < Self.maximumRefusedPages : pages < mostPages else { continue }
                guard try Self.note(target, job: jobID, db) else { continue }
                let item = NewJobItem(
                    externalID: target.url, payload: .bytes([]), url: target.url, metadata: metadata,
                    origin: JobItemOrigin(isContainer: true))
                try append([item], to: jobID, in: job.collectionID, knowsUnchanged: false, db)
                added += 1
                if let refusal = target.refusal {
                    refused += 1
                    let id = try Int64.fetchOne(db.cachedStatement(sql: "SELECT max(id) FROM job_items")) ?? 0
                    try finish(id, state: .skipped, error: refusal, chunkCount: nil, db)
                } else {
                    pages += 1
                }
            }
            return added
        }
    }

    /// Notes an address as seen; false when it was.
    private static func note(_ target: CrawlTarget, job jobID: Int64, _ db: Database) throws -> Bool {
        try db.cachedStatement(
            sql: "INSERT OR IGNORE INTO crawl_urls (job_id, url, depth, redirects) VALUES (?, ?, ?, ?)"
        ).execute(arguments: [jobID, target.url, target.depth, target.redirects])
        guard db.changesCount > 0 else { return false }
        let column = target.refusal == nil ? "page_count" : "refused_count"
        try db.cachedStatement(sql: "UPDATE crawls SET \(column) = \(column) + 1 WHERE job_id = ?")
            .execute(arguments: [jobID])
        return true
    }

    /// Counts bytes that were fetched.
    public func addCrawlBytes(_ count: Int, to jobID: Int64) throws(StorageError) {
        try write { db in
            try db.cachedStatement(sql: "UPDATE crawls SET byte_count = byte_count + ? WHERE job_id = ?")
                .execute(arguments: [count, jobID])
        }
    }

    /// Notes that the site's sitemaps have been read.
    public func finishCrawlSitemaps(of jobID: Int64) throws(StorageError) {
        try write { db in
            try db.execute(sql: "UPDATE crawls SET has_read_sitemaps = 1 WHERE job_id = ?", arguments: [jobID])
        }
    }

    /// Notes where the job's address redirects to.
    public func moveCrawl(_ jobID: Int64, to start: String) throws(StorageError) {
        try write { db in
            try db.execute(sql: "UPDATE crawls SET start_url = ? WHERE job_id = ?", arguments: [start, jobID])
        }
    }

    /// Notes that a page of the job gave way to its canonical address; false when that one had done so before.
    public func giveWay(_ url: String, to canonical: String, job jobID: Int64) throws(StorageError) -> Bool {
        try write { db in
            let target = try Bool.fetchOne(
                db, sql: "SELECT is_alias FROM crawl_urls WHERE job_id = ? AND url = ?",
                arguments: [jobID, canonical])
            if target == true { return false }
            try db.execute(
                sql: "UPDATE crawl_urls SET is_alias = 1 WHERE job_id = ? AND url = ?", arguments: [jobID, url])
            return true
        }
    }

    /// What is remembered of a page; nil if it was never fetched.
    public func crawledPage(_ url: String, in collectionID: Int64) throws(StorageError) -> CrawledPage? {
        try read { db in
            try Row.fetchOne(
                db.cachedStatement(sql: "SELECT * FROM crawl_pages WHERE collection_id = ? AND url = ?"),
                arguments: [collectionID, url]
            ).map { row in
                CrawledPage(
                    url: url, depth: row["depth"], etag: row["etag"], lastModified: row["last_modified"],
                    contentHash: row["content_hash"], recipe: row["recipe"],
                    links: try Columns.decode([String].self, row["links"]))
            }
        }
    }

    /// Remembers a page.
    public func saveCrawledPage(_ page: CrawledPage, in collectionID: Int64) throws(StorageError) {
        try write { db in
            try db.cachedStatement(
                sql: """
                    INSERT OR REPLACE INTO crawl_pages
                        (collection_id, url, depth, etag, last_modified, content_hash, recipe, links)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                    """
            ).execute(arguments: [
                collectionID, page.url, page.depth, page.etag, page.lastModified, page.contentHash, page.recipe,
                Columns.json(page.links, field: "links"),
            ])
        }
    }

    /// Removes the document of a page that is gone, and notes it as removed by the job.
    /// - Returns: whether there was a document.
    public func removeCrawledPage(
        _ url: String, in collectionID: Int64, job jobID: Int64
    ) throws(StorageError) -> Bool {
        try write { db in
            try db.execute(
                sql: "DELETE FROM crawl_pages WHERE collection_id = ? AND url = ?", arguments: [collectionID, url])
            let id = try Int64.fetchOne(
                db, sql: "SELECT id FROM documents WHERE collection_id = ? AND external_id = ?",
                arguments: [collectionID, url])
            guard let id else { return false }
            try Self.delete(document: id, db)
            try Self.bumpRevision(of: collectionID, db)
            try db.execute(
                sql: "INSERT OR IGNORE INTO job_removals (job_id, external_id) VALUES (?, ?)", arguments: [jobID, url])
            return true
        }
    }

    /// The pages that earlier crawls of the collection fetched, with their depth.
    public func crawledTargets(in collectionID: Int64) throws(StorageError) -> [CrawlTarget] {
        try read { db in
            try Row.fetchAll(
                db, sql: "SELECT url, depth FROM crawl_pages WHERE collection_id = ? ORDER BY depth, url",
                arguments: [collectionID]
            ).map { CrawlTarget(url: $0["url"], depth: $0["depth"]) }
        }
    }

    /// Ends an item that is passed over for a reason that is no failure.
    public func skipItem(_ id: Int64, reason: String) throws(StorageError) {
        try write { try finish(id, state: .skipped, error: reason, chunkCount: nil, $0) }
    }
}
