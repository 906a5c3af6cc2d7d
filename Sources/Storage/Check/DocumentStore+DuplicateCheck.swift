import GRDB

extension DocumentStore {
    /// Looks whether each chunk leads a group with the keys of its text, or follows a leader that says the same.
    static func duplicateFindings(
        _ db: Database, _ collectionID: Int64?, _ names: [Int64: String]
    ) throws -> [Finding] {
        var findings: [Finding] = []
        let rows = try Row.fetchCursor(
            db, sql: sketchedColumns + " WHERE ?1 IS NULL OR c.collection_id = ?1", arguments: [collectionID])
        while let row = try rows.next(), findings.count < mostFindings {
            guard let detail = try fault(inGroupOf: row[0], try sketch(row), db) else { continue }
            let (id, collection): (Int64, Int64) = (row[0], row[4])
            findings.append(
                Finding(
                    check: .duplicates, collection: names[collection], subject: "chunk \(id)", detail: detail,
                    advice: "delete its document and ingest it again; please report this"))
        }
        return findings
    }

    /// What is wrong with what is stored of a chunk's group.
    private static func fault(inGroupOf id: Int64, _ sketch: TextSketch, _ db: Database) throws -> String? {
        let keys = try Int64.fetchSet(
            db.cachedStatement(sql: "SELECT key FROM duplicate_keys WHERE chunk_id = ?"), arguments: [id])
        let leader = try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT leader_id FROM duplicate_chunks WHERE chunk_id = ?"), arguments: [id])
        guard let leader else {
            return keys == Set(sketch.keys) ? nil : "the keys of its group are not those of its text"
        }
        guard keys.isEmpty else { return "it leads a group and follows another" }
        let follows = try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT leader_id FROM duplicate_chunks WHERE chunk_id = ?"), arguments: [leader])
        guard follows == nil, let other = try self.sketch(of: leader, db) else {
            return "it follows chunk \(leader), which leads no group"
        }
        return sketch.overlap(with: other) == nil ? "it does not say what chunk \(leader) says, which it follows" : nil
    }
}
