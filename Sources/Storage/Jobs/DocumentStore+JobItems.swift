import Foundation
import GRDB

extension DocumentStore {
    /// How often an item is taken before it counts as what ends the process, and fails.
    ///
    /// Generous, because a worker takes dozens of items ahead of the one it works on.
    public static let maximumAttempts = 25

    /// Takes the job's next waiting item.
    ///
    /// The first call takes the job for this process. When the process that had it is gone, its unfinished items wait
    /// again; an item taken ``maximumAttempts`` times without an end fails, so that a document that kills the process
    /// can't do so for ever.
    /// - Returns: the item; nil when none waits or the job has ended.
    /// - Throws: ``StorageError/jobBusy(id:)`` when another living process works on the job, or
    ///   ``StorageError/jobNotFound(id:)``.
    public func claimNextItem(job jobID: Int64) throws(StorageError) -> ClaimedItem? {
        let token = try workerToken()
        return try write { db in
            guard try takeOver(jobID, as: token, db) else { return nil }
            let next = try db.cachedStatement(
                sql: "SELECT * FROM job_items WHERE job_id = ? AND state = 'queued' ORDER BY id LIMIT 1")
            while let row = try Row.fetchOne(next, arguments: [jobID]) {
                let id: Int64 = row["id"]
                let attempt: Int = row["attempt"] + 1
                guard attempt <= Self.maximumAttempts else {
                    let error = "the process ended \(attempt - 1) times while it worked on this document"
                    try finish(id, state: .failed, error: error, chunkCount: nil, db)
                    continue
                }
                let now = Columns.milliseconds(clock())
                try db.cachedStatement(
                    sql: "UPDATE job_items SET state = 'running', attempt = ?, started_at = ? WHERE id = ?"
                ).execute(arguments: [attempt, now, id])
                try db.cachedStatement(
                    sql: "UPDATE jobs SET state = 'running', started_at = coalesce(started_at, ?) WHERE id = ?"
                ).execute(arguments: [now, jobID])
                return try Self.claimedItem(row, attempt: attempt, db)
            }
            return nil
        }
    }

    /// Ends an item that needs no change to a document of its own.
    ///
    /// An item that makes a document is better finished by ``replaceDocument(_:in:finishing:)`` or
    /// ``recordFailure(externalID:in:title:contentType:byteCount:error:finishing:)``, in one transaction with it.
    /// - Parameters:
    ///   - id: the item.
    ///   - state: `succeeded` or `unchanged`.
    ///   - chunkCount: chunks stored for it.
    /// - Throws: what the machine reports.
    public func finishItem(
        _ id: Int64, state: JobItemState = .succeeded, chunkCount: Int? = nil
    ) throws(StorageError) {
        try write { try finish(id, state: state, error: nil, chunkCount: chunkCount, $0) }
    }

    /// Ends an item that could not be done.
    public func failItem(_ id: Int64, error: String) throws(StorageError) {
        try write { try finish(id, state: .failed, error: error, chunkCount: nil, $0) }
    }

    /// Puts a taken item back, as if it had not been taken.
    public func releaseItem(_ id: Int64) throws(StorageError) {
        try write { db in
            try db.execute(
                sql: "UPDATE job_items SET state = 'queued', attempt = attempt - 1 WHERE id = ? AND state = 'running'",
                arguments: [id])
        }
    }

    /// Adds items to a job that has not ended, such as the documents found inside a file.
    /// - Parameters:
    ///   - items: the work.
    ///   - jobID: the job.
    ///   - itemID: the item they were found in, which gives way to them in the same transaction: what is counted, and
    ///     what decides whether the job succeeds, is documents.
    /// - Throws: ``StorageError/jobNotFound(id:)``; ``StorageError/invalidInput(field:reason:)`` for a job that has ended.
    public func addItems(
        _ items: [NewJobItem], to jobID: Int64, replacing itemID: Int64? = nil
    ) throws(StorageError) {
        for item in items { try Self.validate(externalID: item.externalID) }
        try write { db in
            let job = try Self.job(db, id: jobID, includingItems: false)
            guard !job.state.isFinal else {
                throw StorageError.invalidInput(field: "job", reason: "job \(jobID) has ended: start another")
            }
            try Self.append(items, to: jobID, db)
            if let itemID {
                try db.execute(sql: "DELETE FROM job_items WHERE id = ?", arguments: [itemID])
                // Its documents may all have ended before the last of it was read.
                try endIfDone(jobID, db)
            }
        }
    }

    /// Makes the job this process's; false when it has ended.
    private func takeOver(_ jobID: Int64, as token: String, _ db: Database) throws -> Bool {
        let row = try Row.fetchOne(
            db.cachedStatement(sql: "SELECT state, worker FROM jobs WHERE id = ?"), arguments: [jobID])
        guard let row else { throw StorageError.jobNotFound(id: jobID) }
        guard JobState(rawValue: row["state"])?.isFinal == false else { return false }
        let worker: String? = row["worker"]
        if worker == token { return true }
        if let worker, WorkerLock.isAlive(worker, in: workerFolder) { throw StorageError.jobBusy(id: jobID) }
        try db.execute(
            sql: "UPDATE job_items SET state = 'queued' WHERE job_id = ? AND state = 'running'", arguments: [jobID])
        try db.execute(sql: "UPDATE jobs SET worker = ? WHERE id = ?", arguments: [token, jobID])
        return true
    }

    /// Ends an item, and its job with the last one; an item that has ended stays as it is.
    func finish(_ id: Int64, state: JobItemState, error: String?, chunkCount: Int?, _ db: Database) throws {
        let now = Columns.milliseconds(clock())
        let jobID = try Int64.fetchOne(
            db.cachedStatement(
                sql: """
                    UPDATE job_items SET state = ?, is_skipped = ?, error = ?, chunk_count = ?, finished_at = ?
                    WHERE id = ? AND state IN ('queued', 'running') RETURNING job_id
                    """),
            arguments: [
                // The column's check knows no skipped ones: they are unchanged with a mark.
                (state == .skipped ? .unchanged : state).rawValue, state == .skipped, error, chunkCount, now, id,
            ])
        guard let jobID else { return }
        try db.cachedStatement(sql: "DELETE FROM job_payloads WHERE item_id = ?").execute(arguments: [id])
        try endIfDone(jobID, db)
    }

    /// Ends a job of which no item waits or runs.
    private func endIfDone(_ jobID: Int64, _ db: Database) throws {
        try db.cachedStatement(
            sql: """
                UPDATE jobs SET finished_at = ?, state = CASE WHEN EXISTS
                        (SELECT 1 FROM job_items WHERE job_id = jobs.id AND state IN ('succeeded', 'unchanged'))
                    THEN 'succeeded' ELSE 'failed' END
                WHERE id = ? AND state IN ('queued', 'running') AND NOT EXISTS
                    (SELECT 1 FROM job_items WHERE job_id = jobs.id AND state IN ('queued', 'running'))
                """
        ).execute(arguments: [Columns.milliseconds(clock()), jobID])
    }

    static func append(_ items: [NewJobItem], to jobID: Int64, _ db: Database) throws {
        for item in items {
            var path: String?
            if case .path(let file) = item.payload { path = file }
            try db.cachedStatement(
                sql: """
                    INSERT INTO job_items
                        (job_id, external_id, path, content_type, file_name, title, url, metadata, state)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'queued')
                    """
            ).execute(arguments: [
                jobID, item.externalID, path, item.contentType, item.fileName, item.title, item.url,
                Columns.metadata(item.metadata),
            ])
            if case .bytes(let bytes) = item.payload {
                try db.cachedStatement(sql: "INSERT INTO job_payloads (item_id, bytes) VALUES (?, ?)")
                    .execute(arguments: [db.lastInsertedRowID, Data(bytes)])
            }
        }
    }

    private static func claimedItem(_ row: Row, attempt: Int, _ db: Database) throws -> ClaimedItem {
        let (id, jobID): (Int64, Int64) = (row["id"], row["job_id"])
        let collectionID = try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT collection_id FROM jobs WHERE id = ?"), arguments: [jobID])
        var payload = JobPayload.path(row["path"] ?? "")
        let statement = try db.cachedStatement(sql: "SELECT bytes FROM job_payloads WHERE item_id = ?")
        if let bytes = try Data.fetchOne(statement, arguments: [id]) { payload = .bytes(Array(bytes)) }
        return ClaimedItem(
            id: id, jobID: jobID, collectionID: collectionID ?? 0, attempt: attempt,
            item: NewJobItem(
                externalID: row["external_id"], payload: payload, contentType: row["content_type"],
                fileName: row["file_name"], title: row["title"], url: row["url"],
                metadata: try Columns.object(row["metadata"])))
    }
}
