import Foundation
import GRDB
import Synchronization

/// Jobs are durable: what was accepted is done, by this process or the next.
///
/// A job belongs to one process at a time (``WorkerLock``); several threads of it may take items. The last item to end
/// ends the job in the same transaction, so no crash can leave a finished job open.
extension DocumentStore {
    /// Makes a job and its items; what was returned survives a crash.
    /// - Parameters:
    ///   - kind: what is to be done, such as `ingest`.
    ///   - collectionID: the collection to work on.
    ///   - options: what the job's runner wants to find again.
    ///   - items: the work, done in this order; none makes a job that has succeeded already.
    /// - Returns: the job with its items.
    /// - Throws: ``StorageError/collectionNotFound(name:)``, or ``StorageError/invalidInput(field:reason:)`` for an id.
    public func createJob(
        kind: String, in collectionID: Int64, options: [String: JSONValue] = [:], items: [NewJobItem]
    ) throws(StorageError) -> JobRecord {
        for item in items { try Self.validate(externalID: item.externalID) }
        return try write { db in
            _ = try Self.collection(db, id: collectionID)
            let now = Columns.milliseconds(clock())
            try db.execute(
                sql: """
                    INSERT INTO jobs (collection_id, kind, state, options, created_at, finished_at)
                    VALUES (?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    collectionID, kind, (items.isEmpty ? JobState.succeeded : .queued).rawValue,
                    Columns.json(options, field: "options"), now, items.isEmpty ? now : nil,
                ])
            let id = db.lastInsertedRowID
            try Self.append(items, to: id, db)
            return try Self.job(db, id: id, includingItems: true)
        }
    }

    /// The job of that id, with or without its items.
    /// - Throws: ``StorageError/jobNotFound(id:)``.
    public func job(id: Int64, includingItems: Bool = true) throws(StorageError) -> JobRecord {
        try read { try Self.job($0, id: id, includingItems: includingItems) }
    }

    /// The collection's jobs without their items, newest first.
    public func jobs(in collectionID: Int64, limit: Int = 100) throws(StorageError) -> [JobRecord] {
        try read { db in
            let ids = try Int64.fetchAll(
                db, sql: "SELECT id FROM jobs WHERE collection_id = ? ORDER BY id DESC LIMIT ?",
                arguments: [collectionID, limit])
            return try ids.map { try Self.job(db, id: $0, includingItems: false) }
        }
    }

    /// Jobs that have not ended and that no other living process works on, oldest first, without their items.
    public func unfinishedJobs() throws(StorageError) -> [JobRecord] {
        let (ownToken, folder) = (workerLock.withLock { $0?.token }, workerFolder)
        return try read { db in
            let rows = try Row.fetchAll(
                db, sql: "SELECT id, worker FROM jobs WHERE state IN ('queued', 'running') ORDER BY id")
            return try rows.compactMap { row in
                if let worker: String = row["worker"], worker != ownToken, WorkerLock.isAlive(worker, in: folder) {
                    return nil
                }
                return try Self.job(db, id: row["id"], includingItems: false)
            }
        }
    }

    /// Stops a job: items that wait are cancelled, those that run may end.
    ///
    /// A job that has ended stays as it is.
    /// - Throws: ``StorageError/jobNotFound(id:)``.
    @discardableResult
    public func cancelJob(_ id: Int64) throws(StorageError) -> JobRecord {
        try end(id, as: .cancelled, error: nil)
    }

    /// Ends a job that can't go on; items that wait are cancelled.
    /// - Throws: ``StorageError/jobNotFound(id:)``.
    @discardableResult
    public func failJob(_ id: Int64, error: String) throws(StorageError) -> JobRecord {
        try end(id, as: .failed, error: error)
    }

    /// Lets go of a job at shutdown, so that another process may go on with it; its running items wait again.
    public func releaseJob(_ id: Int64) throws(StorageError) {
        let token = try workerToken()
        try write { db in
            let worker = try String.fetchOne(db, sql: "SELECT worker FROM jobs WHERE id = ?", arguments: [id])
            guard worker == token else { return }
            try db.execute(
                sql: """
                    UPDATE job_items SET state = 'queued', attempt = attempt - 1
                    WHERE job_id = ? AND state = 'running'
                    """,
                arguments: [id])
            try db.execute(sql: "UPDATE jobs SET worker = NULL WHERE id = ?", arguments: [id])
        }
    }

    private func end(_ id: Int64, as state: JobState, error: String?) throws(StorageError) -> JobRecord {
        try write { db in
            let job = try Self.job(db, id: id, includingItems: false)
            guard !job.state.isFinal else { return try Self.job(db, id: id, includingItems: true) }
            let now = Columns.milliseconds(clock())
            try db.execute(
                sql: """
                    DELETE FROM job_payloads WHERE item_id IN
                        (SELECT id FROM job_items WHERE job_id = ? AND state = 'queued')
                    """,
                arguments: [id])
            try db.execute(
                sql: "UPDATE job_items SET state = 'cancelled', finished_at = ? WHERE job_id = ? AND state = 'queued'",
                arguments: [now, id])
            try db.execute(
                sql: "UPDATE jobs SET state = ?, error = ?, finished_at = ? WHERE id = ?",
                arguments: [state.rawValue, error, now, id])
            return try Self.job(db, id: id, includingItems: true)
        }
    }

    static func job(_ db: Database, id: Int64, includingItems: Bool) throws -> JobRecord {
        let row = try Row.fetchOne(db.cachedStatement(sql: "SELECT * FROM jobs WHERE id = ?"), arguments: [id])
        guard let row else { throw StorageError.jobNotFound(id: id) }
        var items: [JobItemRecord] = []
        if includingItems {
            items = try Row.fetchAll(
                db.cachedStatement(sql: "SELECT * FROM job_items WHERE job_id = ? ORDER BY id"), arguments: [id]
            ).map(jobItem)
        }
        return JobRecord(
            id: id, collectionID: row["collection_id"], kind: row["kind"],
            state: JobState(rawValue: row["state"]) ?? .failed, error: row["error"],
            options: try Columns.object(row["options"]), progress: try progress(of: id, db), items: items,
            createdAt: Columns.date(row["created_at"]),
            startedAt: (row["started_at"] as Int64?).map(Columns.date),
            finishedAt: (row["finished_at"] as Int64?).map(Columns.date))
    }

    private static func jobItem(_ row: Row) -> JobItemRecord {
        var duration: Duration?
        if let start: Int64 = row["started_at"], let end: Int64 = row["finished_at"] {
            duration = .milliseconds(max(0, end - start))
        }
        return JobItemRecord(
            id: row["id"], externalID: row["external_id"],
            state: row["is_skipped"] ? .skipped : JobItemState(rawValue: row["state"]) ?? .failed,
            error: row["error"], duration: duration, chunkCount: row["chunk_count"])
    }

    private static func progress(of id: Int64, _ db: Database) throws -> JobProgress {
        var progress = JobProgress(done: 0, total: 0, failed: 0, unchanged: 0)
        let rows = try Row.fetchAll(
            db.cachedStatement(
                sql: "SELECT state, count(*), sum(is_skipped) FROM job_items WHERE job_id = ? GROUP BY state"),
            arguments: [id])
        for row in rows {
            let count: Int = row[1]
            progress.total += count
            switch JobItemState(rawValue: row[0]) {
            case .queued, .running: break
            case .failed:
                progress.failed += count
                progress.done += count
            case .unchanged:
                let skipped: Int = row[2]
                progress.skipped += skipped
                progress.unchanged += count - skipped
                progress.done += count
            default: progress.done += count
            }
        }
        return progress
    }
}
