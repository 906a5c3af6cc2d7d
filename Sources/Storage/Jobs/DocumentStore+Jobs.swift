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
    ///   - sync: what it removes at its end when all went well; nil: nothing.
    ///   - items: the work, done in this order; none makes a job that has succeeded already, unless it is a sync.
    ///     Items whose document is stored with the same hash are unchanged from the start, as long as no other job of
    ///     the collection may change it.
    /// - Returns: the job with its items.
    /// - Throws: ``StorageError/collectionNotFound(name:)``, or ``StorageError/invalidInput(field:reason:)`` for an id.
    public func createJob(
        kind: String, in collectionID: Int64, options: [String: JSONValue] = [:], sync: SyncScope? = nil,
        items: [NewJobItem]
    ) throws(StorageError) -> JobRecord {
        for item in items { try Self.validate(externalID: item.externalID) }
        return try write { db in
            _ = try Self.collection(db, id: collectionID)
            try Self.forgetOldPayloads(before: clock().addingTimeInterval(-Self.failedPayloadLifetime), db)
            try forgetOldJobs(db)
            let isAlone = try Self.hasNoUnfinishedJob(collectionID, db)
            try db.execute(
                sql: """
                    INSERT INTO jobs (collection_id, kind, state, options, created_at, sync) VALUES (?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    collectionID, kind, JobState.queued.rawValue, Columns.json(options, field: "options"),
                    Columns.milliseconds(clock()), sync.map { try Columns.json($0, field: "sync") },
                ])
            let id = db.lastInsertedRowID
            try append(items, to: id, in: collectionID, knowsUnchanged: isAlone, db)
            try endIfDone(id, db)
            return try job(db, id: id, includingItems: true)
        }
    }

    /// The job of that id, with or without its items.
    /// - Throws: ``StorageError/jobNotFound(id:)``.
    public func job(id: Int64, includingItems: Bool = true) throws(StorageError) -> JobRecord {
        try read { try job($0, id: id, includingItems: includingItems) }
    }

    /// Jobs that have not ended and that no other living process works on, oldest first, without their items.
    ///
    /// Paused ones are left out.
    public func unfinishedJobs() throws(StorageError) -> [JobRecord] {
        let (ownToken, folder) = (workerLock.withLock { $0?.token }, workerFolder)
        return try read { db in
            let rows = try Row.fetchAll(
                db, sql: "SELECT id, worker FROM jobs WHERE state IN ('queued', 'running') AND NOT paused ORDER BY id")
            return try rows.compactMap { row in
                if let worker: String = row["worker"], worker != ownToken, WorkerLock.isAlive(worker, in: folder) {
                    return nil
                }
                return try job(db, id: row["id"], includingItems: false)
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
            guard try !job(db, id: id, includingItems: false).state.isFinal else {
                return try job(db, id: id, includingItems: true)
            }
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
                sql: "UPDATE jobs SET state = ?, error = ?, finished_at = ?, paused = 0 WHERE id = ?",
                arguments: [state.rawValue, error, now, id])
            return try job(db, id: id, includingItems: true)
        }
    }

    func job(_ db: Database, id: Int64, includingItems: Bool) throws -> JobRecord {
        let row = try Row.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT j.*, c.name AS collection_name FROM jobs j JOIN collections c ON c.id = j.collection_id
                    WHERE j.id = ?
                    """),
            arguments: [id])
        guard let row else { throw StorageError.jobNotFound(id: id) }
        var items: [JobItemRecord] = []
        var removed: [String] = []
        if includingItems {
            items = try Row.fetchAll(
                db.cachedStatement(sql: "SELECT * FROM job_items WHERE job_id = ? ORDER BY id"), arguments: [id]
            ).map(Self.jobItem)
            removed = try String.fetchAll(
                db.cachedStatement(sql: "SELECT external_id FROM job_removals WHERE job_id = ? ORDER BY external_id"),
                arguments: [id])
        }
        let state = JobState(rawValue: row["state"]) ?? .failed
        let isPaused: Bool = row["paused"]
        let (progress, waiting) = try Self.progress(of: id, db)
        return JobRecord(
            id: id, collectionID: row["collection_id"], collectionName: row["collection_name"], kind: row["kind"],
            state: state, isPaused: isPaused, error: row["error"], options: try Columns.object(row["options"]),
            progress: progress, pace: state == .running && !isPaused ? try pace(of: id, waiting, db) : nil,
            isSync: row["sync"] != nil, syncNote: row["sync_note"], items: items, removed: removed,
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

    private static func progress(of id: Int64, _ db: Database) throws -> (JobProgress, waiting: JobPace.Remainder) {
        var progress = JobProgress(done: 0, total: 0, failed: 0, unchanged: 0)
        var waiting = JobPace.Remainder(itemCount: 0, byteCount: 0, isTotalFinal: true)
        let rows = try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT state, count(*), sum(is_container), sum(byte_count), count(byte_count),
                        sum(is_skipped) FROM job_items
                    WHERE job_id = ? GROUP BY state
                    """),
            arguments: [id])
        for row in rows {
            let count: Int = row[1]
            progress.total += count
            switch JobItemState(rawValue: row[0]) {
            case .queued, .running:
                waiting.itemCount += count
                if (row[2] as Int) > 0 { waiting.isTotalFinal = false }
                let known = (row[4] as Int) == count ? (row[3] as Int?) : nil
                waiting.byteCount = waiting.byteCount.flatMap { sum in known.map { sum + $0 } }
            case .failed:
                progress.failed += count
                progress.done += count
            case .unchanged:
                let skipped: Int = row[5]
                progress.skipped += skipped
                progress.unchanged += count - skipped
                progress.done += count
            default: progress.done += count
            }
        }
        progress.isTotalFinal = waiting.isTotalFinal
        progress.removed =
            try Int.fetchOne(
                db.cachedStatement(sql: "SELECT count(*) FROM job_removals WHERE job_id = ?"), arguments: [id]) ?? 0
        return (progress, waiting)
    }

    /// Judged by the last items that were taken and ended; those known to be unchanged from the start were not taken.
    private func pace(of id: Int64, _ waiting: JobPace.Remainder, _ db: Database) throws -> JobPace? {
        var samples: [JobPace.Sample] = []
        let last = try db.cachedStatement(
            sql: """
                SELECT started_at, finished_at, byte_count FROM job_items
                WHERE job_id = ? AND state = ? AND started_at IS NOT NULL AND finished_at IS NOT NULL
                ORDER BY id DESC LIMIT 500
                """)
        for state in [JobItemState.succeeded, .unchanged, .failed] {
            samples += try Row.fetchAll(last, arguments: [id, state.rawValue]).map { row in
                JobPace.Sample(start: Columns.date(row[0]), end: Columns.date(row[1]), byteCount: row[2])
            }
        }
        return JobPace(samples, remainder: waiting, now: clock())
    }
}
