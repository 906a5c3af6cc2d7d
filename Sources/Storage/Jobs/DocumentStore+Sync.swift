import GRDB

/// Removing what is gone from its source: the last step of a job that is a sync.
extension DocumentStore {
    /// Sets what a job removes at its end, for one whose items were not all known when it was made.
    /// - Parameters:
    ///   - scope: nil: nothing, and a job whose items have ended ends.
    ///   - jobID: the job; one that has ended stays as it is.
    /// - Throws: what the machine reports.
    public func setSync(_ scope: SyncScope?, of jobID: Int64) throws(StorageError) {
        try write { db in
            try db.execute(
                sql: "UPDATE jobs SET sync = ? WHERE id = ? AND state IN ('queued', 'running')",
                arguments: [scope.map { try Columns.json($0, field: "sync") }, jobID])
            try endIfDone(jobID, db)
        }
    }

    /// Removes the next documents that are in the job's scope and among none of its items, and ends it after the last.
    ///
    /// A document is removed only when every item of the job has ended well, because what could not be read may hold what
    /// seems to be gone; and only when it was stored before the job was made and is in no later job, because it may have
    /// come back since. Each step is a transaction of its own, found out anew: after a crash the next call goes on.
    /// - Parameters:
    ///   - jobID: the job.
    ///   - limit: documents per step.
    /// - Returns: what was removed, and whether that was all.
    /// - Throws: ``StorageError/jobNotFound(id:)``; ``StorageError/jobBusy(id:)`` when another process works on it.
    public func removeGone(job jobID: Int64, limit: Int = 250) throws(StorageError) -> SyncStep {
        let token = try workerToken()
        return try write { db in
            guard try takeOver(jobID, as: token, db) else { return SyncStep(removed: [], isDone: true) }
            let row = try Row.fetchOne(
                db, sql: "SELECT collection_id, sync, is_synced, created_at FROM jobs WHERE id = ?", arguments: [jobID])
            guard let row, let sync: String = row["sync"], !(row["is_synced"] as Bool),
                try !Self.hasItem(["queued", "running"], of: jobID, db)
            else { return SyncStep(removed: [], isDone: true) }
            let scope = try Columns.decode(SyncScope.self, sync)
            if let note = try scope.obstacle ?? Self.obstacle(of: jobID, db) {
                try endSync(of: jobID, scope, note: note, db)
                return SyncStep(removed: [], isDone: true)
            }
            let collectionID: Int64 = row["collection_id"]
            let (condition, arguments) = Self.condition(scope)
            let gone = try Row.fetchAll(
                db,
                sql: """
                    SELECT d.id, d.external_id FROM documents d LEFT JOIN document_sources s ON s.document_id = d.id
                    WHERE d.collection_id = ? AND d.updated_at <= ? AND \(condition)
                        AND d.external_id NOT IN (SELECT external_id FROM job_items WHERE job_id = ?)
                        AND d.external_id NOT IN (SELECT external_id FROM job_items
                            WHERE job_id IN (SELECT id FROM jobs WHERE collection_id = ? AND id > ?)
                                AND state IN ('queued', 'running', 'succeeded', 'unchanged'))
                    ORDER BY d.id LIMIT ?
                    """,
                arguments: [collectionID, row["created_at"]] + arguments + [jobID, collectionID, jobID, limit])
            for row in gone {
                try Self.delete(document: row["id"], db)
                try db.cachedStatement(sql: "INSERT OR IGNORE INTO job_removals (job_id, external_id) VALUES (?, ?)")
                    .execute(arguments: [jobID, row["external_id"] as String])
            }
            if !gone.isEmpty { try Self.bumpRevision(of: collectionID, db) }
            if gone.count < limit { try endSync(of: jobID, scope, note: nil, db) }
            return SyncStep(removed: gone.map { $0["external_id"] }, isDone: gone.count < limit)
        }
    }

    /// The ids of the documents in a scope.
    public func documentIDs(in scope: SyncScope, of collectionID: Int64) throws(StorageError) -> [String] {
        try read { db in
            let (condition, arguments) = Self.condition(scope)
            return try String.fetchAll(
                db,
                sql: """
                    SELECT d.external_id FROM documents d LEFT JOIN document_sources s ON s.document_id = d.id
                    WHERE d.collection_id = ? AND \(condition) ORDER BY d.external_id
                    """,
                arguments: [collectionID] + arguments)
        }
    }

    /// What is known of the files of these documents, by their ids; only what still describes the stored version.
    public func documentStamps(
        externalIDs: [String], in collectionID: Int64
    ) throws(StorageError) -> [String: DocumentStamp] {
        try read { db in
            var stamps: [String: DocumentStamp] = [:]
            for batch in externalIDs.batches(of: Self.batchSize) {
                let rows = try Row.fetchCursor(
                    db,
                    sql: """
                        SELECT d.external_id, s.stamp, s.content_hash FROM documents d
                        JOIN document_sources s ON s.document_id = d.id AND s.content_hash = d.content_hash
                        WHERE d.collection_id = ? AND d.external_id IN (\(Self.marks(batch.count)))
                            AND d.state = 'indexed' AND s.stamp IS NOT NULL
                        """,
                    arguments: [collectionID] + StatementArguments(batch))
                while let row = try rows.next() {
                    stamps[row[0]] = DocumentStamp(stamp: row[1], contentHash: row[2])
                }
            }
            return stamps
        }
    }

    private func endSync(of jobID: Int64, _ scope: SyncScope, note: String?, _ db: Database) throws {
        try db.execute(
            sql: "UPDATE jobs SET is_synced = 1, sync_note = ? WHERE id = ?", arguments: [note, jobID])
        try endIfDone(jobID, db)
        guard scope.dropsUnchanged else { return }
        try db.execute(
            sql: "DELETE FROM job_items WHERE job_id = ? AND state = 'unchanged' AND started_at IS NULL",
            arguments: [jobID])
    }

    private static func hasItem(_ states: [String], of jobID: Int64, _ db: Database) throws -> Bool {
        try Bool.fetchOne(
            db,
            sql: "SELECT EXISTS (SELECT 1 FROM job_items WHERE job_id = ? AND state IN (\(marks(states.count))))",
            arguments: [jobID] + StatementArguments(states)) ?? false
    }

    /// Why the items of a job forbid to remove anything; nil when all of them ended well.
    private static func obstacle(of jobID: Int64, _ db: Database) throws -> String? {
        let row = try Row.fetchOne(
            db,
            sql: """
                SELECT count(*), min(external_id), error FROM job_items
                WHERE job_id = ? AND state NOT IN ('succeeded', 'unchanged')
                """,
            arguments: [jobID])
        guard let row, (row[0] as Int) > 0, let id: String = row[1] else { return nil }
        let reason: String = row[2] ?? "cancelled"
        return "\(row[0] as Int) of its items could not be taken in (\(id): \(reason))"
    }

    private static func condition(_ scope: SyncScope) -> (String, StatementArguments) {
        var (terms, arguments) = ([String](), StatementArguments())
        if !scope.sources.isEmpty {
            terms.append("s.source IN (\(marks(scope.sources.count)))")
            arguments += StatementArguments(scope.sources)
        }
        // UTF-8 sorts as code points do: what begins with a prefix lies between it and it with the last one behind.
        let begins = "(d.external_id >= ? AND d.external_id < ? || char(1114111))"
        for prefix in scope.prefixes {
            terms.append(begins)
            arguments += [prefix, prefix]
        }
        var condition = terms.isEmpty ? "0" : "(\(terms.joined(separator: " OR ")))"
        for prefix in scope.keeping {
            condition += " AND NOT \(begins)"
            arguments += [prefix, prefix]
        }
        return (condition, arguments)
    }
}
