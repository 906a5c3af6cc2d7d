import Foundation
import GRDB

/// Listing, pausing and retrying jobs, and letting go of old ones.
extension DocumentStore {
    /// One page of jobs without their items, newest first.
    /// - Parameters:
    ///   - collectionID: lists only jobs of that collection.
    ///   - state: lists only jobs in that state.
    ///   - cursor: the last page's ``JobPage/nextCursor``; nil for the first page.
    ///   - limit: jobs per page, 1 to ``maximumPageSize``.
    /// - Returns: the page and where the next one begins.
    /// - Throws: ``StorageError/invalidInput(field:reason:)`` for a cursor that no page gave or a limit out of range.
    public func jobs(
        in collectionID: Int64? = nil, state: JobState? = nil, after cursor: String? = nil, limit: Int = 100
    ) throws(StorageError) -> JobPage {
        guard (1...Self.maximumPageSize).contains(limit) else {
            throw .invalidInput(field: "limit", reason: "\(limit) is not within 1…\(Self.maximumPageSize)")
        }
        var firstID = Int64.max
        if let cursor {
            guard cursor.hasPrefix("j"), let id = Int64(cursor.dropFirst()), id >= 0 else {
                throw .invalidInput(field: "cursor", reason: "'\(cursor.prefix(40))' is not one that a page gave")
            }
            firstID = id
        }
        return try read { db in
            let ids = try Int64.fetchAll(
                db,
                sql: """
                    SELECT id FROM jobs WHERE id < ?1 AND (?2 IS NULL OR collection_id = ?2)
                        AND (?3 IS NULL OR state = ?3) ORDER BY id DESC LIMIT ?4
                    """,
                arguments: [firstID, collectionID, state?.rawValue, limit + 1])
            let jobs = try ids.prefix(limit).map { try job(db, id: $0, includingItems: false) }
            return JobPage(jobs: jobs, nextCursor: ids.count > limit ? jobs.last.map { "j\($0.id)" } : nil)
        }
    }

    /// Has a job wait: no further item is taken, what is almost done ends; it stays so over restarts until it is resumed.
    ///
    /// A job that has ended stays as it is.
    /// - Throws: ``StorageError/jobNotFound(id:)``.
    @discardableResult
    public func pauseJob(_ id: Int64) throws(StorageError) -> JobRecord {
        try setPaused(true, id)
    }

    /// Lets a paused job go on; who works off jobs has to be told of it.
    /// - Throws: ``StorageError/jobNotFound(id:)``.
    @discardableResult
    public func resumeJob(_ id: Int64) throws(StorageError) -> JobRecord {
        try setPaused(false, id)
    }

    /// Whether a job is paused; false for one that has ended or is not there.
    public func isPaused(job id: Int64) throws(StorageError) -> Bool {
        try read { db in
            try Bool.fetchOne(
                db.cachedStatement(sql: "SELECT paused FROM jobs WHERE id = ?"), arguments: [id]) ?? false
        }
    }

    private func setPaused(_ isPaused: Bool, _ id: Int64) throws(StorageError) -> JobRecord {
        try write { db in
            try db.execute(
                sql: "UPDATE jobs SET paused = ? WHERE id = ? AND state IN ('queued', 'running')",
                arguments: [isPaused, id])
            return try job(db, id: id, includingItems: true)
        }
    }

    /// Has a job's failed items wait again, and a job that has ended with them.
    ///
    /// Items whose document was taken in by a later job are left as they are, for they are out of date, and so are
    /// uploads so old that their bytes are no longer kept.
    /// - Parameter id: the job.
    /// - Returns: the job, and how many items wait again; none leaves it as it is.
    /// - Throws: ``StorageError/jobNotFound(id:)``.
    public func retryJob(_ id: Int64) throws(StorageError) -> (job: JobRecord, count: Int) {
        try write { db in
            try db.execute(
                sql: """
                    UPDATE job_items SET state = 'queued', error = NULL, attempt = 0, started_at = NULL,
                        finished_at = NULL
                    WHERE job_id = ?1 AND state = 'failed'
                        AND (path IS NOT NULL OR EXISTS (SELECT 1 FROM job_payloads WHERE item_id = job_items.id))
                        AND NOT EXISTS (SELECT 1 FROM documents d JOIN jobs j ON j.collection_id = d.collection_id
                            WHERE j.id = ?1 AND d.external_id = job_items.external_id AND d.state = 'indexed'
                                AND d.updated_at > job_items.finished_at)
                    """,
                arguments: [id])
            let count = db.changesCount
            if count > 0 {
                try db.execute(
                    sql: """
                        UPDATE jobs SET state = 'queued', error = NULL, finished_at = NULL, worker = NULL,
                            is_synced = 0, sync_note = NULL
                        WHERE id = ? AND state NOT IN ('queued', 'running')
                        """,
                    arguments: [id])
            }
            return (try job(db, id: id, includingItems: true), count)
        }
    }

    /// Jobs removed at once, so that making a job never waits long.
    private static let mostForgotten = 50

    /// Removes the oldest jobs that have ended and are kept no longer.
    func forgetOldJobs(_ db: Database) throws {
        let day: Double = 24 * 3600
        let cutoff = jobRetention.days > 0 ? clock().addingTimeInterval(-day * Double(jobRetention.days)) : nil
        try db.execute(
            sql: """
                DELETE FROM jobs WHERE id IN (
                    SELECT j.id FROM jobs j WHERE j.state NOT IN ('queued', 'running')
                        AND (j.finished_at < ?1 OR ?2 > 0 AND j.id <= (SELECT id FROM jobs
                            WHERE state NOT IN ('queued', 'running') ORDER BY id DESC LIMIT 1 OFFSET ?2))
                        AND NOT EXISTS (SELECT 1 FROM job_items i WHERE i.job_id = j.id AND i.state = 'running')
                    ORDER BY j.id LIMIT \(Self.mostForgotten))
                """,
            arguments: [cutoff.map(Columns.milliseconds), jobRetention.count])
    }
}
