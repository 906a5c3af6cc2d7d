import Foundation
import GRDB

extension DocumentStore {
    /// Notes that an evaluation was asked for; it waits.
    /// - Returns: the record with its id.
    public func createEvaluation(kind: String, request: JSONValue) throws(StorageError) -> EvaluationRecord {
        try write { db in
            try db.execute(
                sql: "INSERT INTO evaluations (kind, state, request, created_at) VALUES (?, 'queued', ?, ?)",
                arguments: [kind, Columns.json(request, field: "request"), Columns.milliseconds(clock())])
            return try Self.evaluation(db, id: db.lastInsertedRowID)
        }
    }

    /// Brings an evaluation's state up to date.
    /// - Throws: ``StorageError/jobNotFound(id:)``.
    public func updateEvaluation(
        _ id: Int64, state: JobState, result: JSONValue? = nil, error: String? = nil
    ) throws(StorageError) {
        try write { db in
            _ = try Self.evaluation(db, id: id)
            let text = try result.map { try Columns.json($0, field: "result") }
            try db.execute(
                sql: "UPDATE evaluations SET state = ?, result = ?, error = ?, finished_at = ? WHERE id = ?",
                arguments: [
                    state.rawValue, text, error, state.isFinal ? Columns.milliseconds(clock()) : nil, id,
                ])
        }
    }

    /// The evaluation of that id.
    /// - Throws: ``StorageError/jobNotFound(id:)``.
    public func evaluation(id: Int64) throws(StorageError) -> EvaluationRecord {
        try read { try Self.evaluation($0, id: id) }
    }

    /// Evaluations, newest first.
    public func evaluations(limit: Int = 100) throws(StorageError) -> [EvaluationRecord] {
        try read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM evaluations ORDER BY id DESC LIMIT ?", arguments: [limit])
                .map(Self.evaluation)
        }
    }

    private static func evaluation(_ db: Database, id: Int64) throws -> EvaluationRecord {
        guard let row = try Row.fetchOne(db, sql: "SELECT * FROM evaluations WHERE id = ?", arguments: [id])
        else { throw StorageError.jobNotFound(id: id) }
        return try evaluation(row)
    }

    private static func evaluation(_ row: Row) throws -> EvaluationRecord {
        EvaluationRecord(
            id: row["id"], kind: row["kind"], state: JobState(rawValue: row["state"]) ?? .failed,
            request: try Columns.decode(JSONValue.self, row["request"]),
            result: try (row["result"] as String?).map { try Columns.decode(JSONValue.self, $0) },
            error: row["error"], createdAt: Columns.date(row["created_at"]),
            finishedAt: (row["finished_at"] as Int64?).map(Columns.date))
    }
}
