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
    /// - Returns: the item; nil when none waits or the job has ended or is paused.
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
    /// - Returns: how many of them are unchanged and have ended already.
    /// - Throws: ``StorageError/jobNotFound(id:)``; ``StorageError/invalidInput(field:reason:)`` for a job that has ended.
    @discardableResult
    public func addItems(
        _ items: [NewJobItem], to jobID: Int64, replacing itemID: Int64? = nil
    ) throws(StorageError) -> Int {
        for item in items { try Self.validate(externalID: item.externalID) }
        return try write { db in
            let row = try Row.fetchOne(
                db.cachedStatement(sql: "SELECT state, collection_id FROM jobs WHERE id = ?"), arguments: [jobID])
            guard let row else { throw StorageError.jobNotFound(id: jobID) }
            guard JobState(rawValue: row["state"])?.isFinal == false else {
                throw StorageError.invalidInput(field: "job", reason: "job \(jobID) has ended: start another")
            }
            let count = try append(items, to: jobID, in: row["collection_id"], knowsUnchanged: true, db)
            if let itemID {
                try db.execute(sql: "DELETE FROM job_items WHERE id = ?", arguments: [itemID])
                // Its documents may all have ended before the last of it was read.
                try endIfDone(jobID, db)
            }
            return count
        }
    }

    /// Makes the job this process's; false when it has ended or is paused.
    func takeOver(_ jobID: Int64, as token: String, _ db: Database) throws -> Bool {
        let row = try Row.fetchOne(
            db.cachedStatement(sql: "SELECT state, worker, paused FROM jobs WHERE id = ?"), arguments: [jobID])
        guard let row else { throw StorageError.jobNotFound(id: jobID) }
        let isPaused: Bool = row["paused"]
        guard JobState(rawValue: row["state"])?.isFinal == false, !isPaused else { return false }
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
        try Self.noteSource(of: id, db)
        // What failed may be tried again.
        if state != .failed {
            try db.cachedStatement(sql: "DELETE FROM job_payloads WHERE item_id = ?").execute(arguments: [id])
        }
        try endIfDone(jobID, db)
    }

    /// Writes down where the item's document came from and what its file looked like.
    private static func noteSource(of itemID: Int64, _ db: Database) throws {
        try db.cachedStatement(
            sql: """
                INSERT INTO document_sources (document_id, source, stamp, content_hash)
                SELECT d.id, i.source, CASE WHEN i.state = 'failed' THEN NULL ELSE i.stamp END, d.content_hash
                FROM job_items i JOIN jobs j ON j.id = i.job_id
                JOIN documents d ON d.collection_id = j.collection_id AND d.external_id = i.external_id
                WHERE i.id = ?
                ON CONFLICT (document_id) DO UPDATE
                SET source = excluded.source, stamp = excluded.stamp, content_hash = excluded.content_hash
                WHERE source IS NOT excluded.source OR stamp IS NOT excluded.stamp
                    OR content_hash IS NOT excluded.content_hash
                """
        ).execute(arguments: [itemID])
    }

    /// Ends a job of which no item waits or runs; a sync ends with its removals.
    func endIfDone(_ jobID: Int64, _ db: Database) throws {
        try db.cachedStatement(
            sql: """
                UPDATE jobs SET finished_at = ?, paused = 0, state = CASE WHEN EXISTS
                        (SELECT 1 FROM job_items WHERE job_id = jobs.id AND state IN ('succeeded', 'unchanged'))
                        OR NOT EXISTS (SELECT 1 FROM job_items WHERE job_id = jobs.id)
                    THEN 'succeeded' ELSE 'failed' END
                WHERE id = ? AND state IN ('queued', 'running') AND (sync IS NULL OR is_synced) AND NOT EXISTS
                    (SELECT 1 FROM job_items WHERE job_id = jobs.id AND state IN ('queued', 'running'))
                """
        ).execute(arguments: [Columns.milliseconds(clock()), jobID])
    }

    /// Adds items; returns how many of them have ended already, being unchanged.
    @discardableResult
    func append(
        _ items: [NewJobItem], to jobID: Int64, in collectionID: Int64, knowsUnchanged: Bool, _ db: Database
    ) throws -> Int {
        var unchangedCount = 0
        for item in items {
            let origin = item.origin
            var (path, byteCount) = (String?.none, origin.byteCount)
            switch item.payload {
            case .path(let file): path = file
            case .bytes(let bytes): byteCount = bytes.count
            }
            let isUnchanged = try knowsUnchanged && Self.isUnchanged(item, in: collectionID, db)
            try db.cachedStatement(
                sql: """
                    INSERT INTO job_items (job_id, external_id, path, content_type, file_name, title, url, metadata,
                        state, finished_at, source, stamp, byte_count, is_container)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """
            ).execute(arguments: [
                jobID, item.externalID, path, item.contentType, item.fileName, item.title, item.url,
                Columns.metadata(item.metadata), (isUnchanged ? JobItemState.unchanged : .queued).rawValue,
                isUnchanged ? Columns.milliseconds(clock()) : nil, origin.source, origin.stamp, byteCount,
                origin.isContainer,
            ])
            let id = db.lastInsertedRowID
            if isUnchanged {
                unchangedCount += 1
                try Self.noteSource(of: id, db)
            } else if case .bytes(let bytes) = item.payload {
                try db.cachedStatement(sql: "INSERT INTO job_payloads (item_id, bytes) VALUES (?, ?)")
                    .execute(arguments: [id, Data(bytes)])
            }
        }
        return unchangedCount
    }

    /// Whether the item's document is stored with the item's hash, and no item that waits may change that.
    private static func isUnchanged(_ item: NewJobItem, in collectionID: Int64, _ db: Database) throws -> Bool {
        guard let hash = item.origin.contentHash else { return false }
        return try Bool.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT 1 FROM documents
                    WHERE collection_id = ?1 AND external_id = ?2 AND state = 'indexed' AND content_hash = ?3
                        AND NOT EXISTS (SELECT 1 FROM job_items i JOIN jobs j ON j.id = i.job_id
                            WHERE i.external_id = ?2 AND i.state IN ('queued', 'running') AND j.collection_id = ?1)
                    """),
            arguments: [collectionID, item.externalID, hash]) ?? false
    }

    static func hasNoUnfinishedJob(_ collectionID: Int64, _ db: Database) throws -> Bool {
        try Bool.fetchOne(
            db,
            sql: "SELECT NOT EXISTS (SELECT 1 FROM jobs WHERE collection_id = ? AND state IN ('queued', 'running'))",
            arguments: [collectionID]) ?? false
    }

    /// How long the bytes of uploads that failed are kept, to be tried again.
    static let failedPayloadLifetime: Double = 7 * 24 * 3600

    static func forgetOldPayloads(before date: Date, _ db: Database) throws {
        try db.execute(
            sql: """
                DELETE FROM job_payloads WHERE item_id IN (SELECT i.id FROM job_payloads p
                    JOIN job_items i ON i.id = p.item_id WHERE i.state = 'failed' AND i.finished_at < ?)
                """,
            arguments: [Columns.milliseconds(date)])
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
                metadata: try Columns.object(row["metadata"]),
                origin: JobItemOrigin(
                    source: row["source"], stamp: row["stamp"], isContainer: row["is_container"])))
    }
}
