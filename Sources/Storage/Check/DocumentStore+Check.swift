import Foundation
import GRDB

extension DocumentStore {
    /// Findings of one kind that are listed; of more only the number is told.
    static let mostFindings = 100
    /// How far from 1 the length of a vector may be.
    private static let lengthTolerance: Float = 0.01

    /// Looks whether the database agrees with itself, in one snapshot of it: others may go on writing.
    ///
    /// What indexes hold is not looked at here.
    /// - Parameter collectionID: the collection; nil for all, and for SQLite's own check of the whole file.
    /// - Returns: what is wrong; nothing when all is well.
    /// - Throws: what the machine reports.
    public func check(collection collectionID: Int64? = nil) throws(StorageError) -> [Finding] {
        try read { db in
            var names: [Int64: String] = [:]
            for row in try Row.fetchAll(db, sql: "SELECT id, name FROM collections") { names[row[0]] = row[1] }
            var findings = collectionID == nil ? try Self.fileFindings(db) : []
            for check in RowCheck.all {
                let rows = try Row.fetchAll(db, sql: check.sql, arguments: [collectionID])
                findings += rows.prefix(Self.mostFindings).map { row in
                    Finding(
                        check: check.check, collection: names[row[0] as Int64], subject: row[1], detail: row[2],
                        advice: check.advice)
                }
                if rows.count > Self.mostFindings {
                    findings.append(
                        Finding(
                            check: check.check, subject: "\(rows.count - Self.mostFindings) more",
                            detail: "the same is wrong with them", advice: check.advice))
                }
            }
            findings += try Self.vectorFindings(db, collectionID, names)
            return findings + (try Self.duplicateFindings(db, collectionID, names))
        }
    }

    /// SQLite's own checks.
    private static func fileFindings(_ db: Database) throws -> [Finding] {
        let lines = try String.fetchAll(db, sql: "PRAGMA integrity_check(\(mostFindings))")
        let damage = lines.filter { $0 != "ok" }.map {
            Finding(check: .database, subject: "docent.sqlite", detail: $0, advice: "restore a backup")
        }
        let orphans = try Row.fetchAll(db, sql: "PRAGMA foreign_key_check").prefix(mostFindings).map { row in
            let (table, id, parent): (String, Int64?, String) = (row[0], row[1], row[2])
            return Finding(
                check: .reference, subject: "\(table) \(id ?? 0)",
                detail: "it belongs to a row of \(parent) that is gone",
                advice: "restore a backup; please report this")
        }
        return damage + orphans
    }

    private static func vectorFindings(
        _ db: Database, _ collectionID: Int64?, _ names: [Int64: String]
    ) throws -> [Finding] {
        var findings: [Finding] = []
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT c.collection_id, c.id, k.dimension, v.vector FROM chunk_vectors v
                JOIN chunks c ON c.id = v.chunk_id JOIN collections k ON k.id = c.collection_id
                WHERE ?1 IS NULL OR c.collection_id = ?1
                """,
            arguments: [collectionID])
        while let row = try rows.next(), findings.count < mostFindings {
            let (blob, dimension): (Data, Int) = (row[3], row[2])
            guard let detail = fault(in: blob, dimension: dimension) else { continue }
            let id: Int64 = row[1]
            findings.append(
                Finding(
                    check: .vector, collection: names[row[0] as Int64], subject: "chunk \(id)", detail: detail,
                    advice: "delete its document and ingest it again"))
        }
        return findings
    }

    /// What is wrong with a stored vector.
    private static func fault(in blob: Data, dimension: Int) -> String? {
        guard blob.count == dimension * 4 else { return "it has \(blob.count) bytes, not \(dimension * 4)" }
        let square = Columns.vector(blob).reduce(Float(0)) { $0 + $1 * $1 }
        guard square.isFinite else { return "it holds a value that is not finite" }
        let length = square.squareRoot()
        return abs(length - 1) <= lengthTolerance ? nil : "its length is \(length), not 1"
    }
}
