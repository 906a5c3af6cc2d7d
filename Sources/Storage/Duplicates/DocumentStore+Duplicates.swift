import Foundation
import GRDB

/// Groups of chunks that say the same (``TextSketch``).
///
/// The first chunk of its kind *leads*: it has keys that others find it by. Each other one *follows* one leader, with
/// which it was compared word by word; there are no chains of small differences. When a leader goes, its followers are
/// grouped anew in the same transaction, so that a group never hangs on what is gone.
extension DocumentStore {
    /// Leaders that a chunk is compared with at most; more share a key only when that was made so on purpose.
    private static let mostCandidates = 64

    // MARK: - Reading

    /// The leaders of those chunks of `ids` that are in a group of several: another chunk's id, or its own.
    ///
    /// Most chunks are in none, so this is one look-up for all candidates of a search.
    public func duplicateLeaders(of ids: [Int64]) throws(StorageError) -> [Int64: Int64] {
        guard !ids.isEmpty else { return [:] }
        return try read { db in
            var leaders: [Int64: Int64] = [:]
            let rows = try Row.fetchCursor(
                db.cachedStatement(
                    sql: """
                        SELECT i.value, d.leader_id FROM json_each(?1) i JOIN duplicate_chunks d ON d.chunk_id = i.value
                        UNION ALL SELECT i.value, i.value FROM json_each(?1) i
                        WHERE EXISTS (SELECT 1 FROM duplicate_chunks WHERE leader_id = i.value)
                        """),
                arguments: [Self.list(ids)])
            while let row = try rows.next() { leaders[row[0]] = row[1] }
            return leaders
        }
    }

    /// The chunks that follow each of `leaders`, ascending; leaders without any are left out.
    public func duplicateFollowers(of leaders: [Int64]) throws(StorageError) -> [Int64: [Int64]] {
        guard !leaders.isEmpty else { return [:] }
        return try read { db in
            var followers: [Int64: [Int64]] = [:]
            let rows = try Row.fetchCursor(
                db.cachedStatement(
                    sql: """
                        SELECT leader_id, chunk_id FROM duplicate_chunks
                        WHERE leader_id IN (SELECT value FROM json_each(?)) ORDER BY leader_id, chunk_id
                        """),
                arguments: [Self.list(leaders)])
            while let row = try rows.next() { followers[row[0], default: []].append(row[1]) }
            return followers
        }
    }

    /// The greatest chunk id of a collection; 0 when it has none.
    public func lastChunkID(in collectionID: Int64) throws(StorageError) -> Int64 {
        try read { db in
            try Int64.fetchOne(
                db.cachedStatement(sql: "SELECT max(id) FROM chunks WHERE collection_id = ?"),
                arguments: [collectionID]) ?? 0
        }
    }

    private static func list(_ ids: [Int64]) -> String { "[" + ids.map(String.init).joined(separator: ",") + "]" }

    // MARK: - Grouping

    /// Puts a chunk that is in no group behind the leader that says the same, the one most like it; or makes it lead.
    static func group(_ id: Int64, _ sketch: TextSketch, _ db: Database) throws {
        guard !sketch.keys.isEmpty else { return }
        if let leader = try leader(for: sketch, db) {
            try db.cachedStatement(sql: "INSERT INTO duplicate_chunks (chunk_id, leader_id) VALUES (?, ?)")
                .execute(arguments: [id, leader])
        } else {
            let insert = try db.cachedStatement(sql: "INSERT INTO duplicate_keys (chunk_id, key) VALUES (?, ?)")
            for key in Set(sketch.keys) { try insert.execute(arguments: [id, key]) }
        }
    }

    private static func leader(for sketch: TextSketch, _ db: Database) throws -> Int64? {
        let find = try db.cachedStatement(
            sql: "SELECT DISTINCT chunk_id FROM duplicate_keys WHERE key = ? ORDER BY chunk_id LIMIT \(mostCandidates)")
        var candidates: Set<Int64> = []
        for key in sketch.keys { candidates.formUnion(try Int64.fetchAll(find, arguments: [key])) }
        var best: (id: Int64, overlap: Double)?
        for id in candidates.sorted().prefix(mostCandidates) {
            guard let other = try self.sketch(of: id, db), let overlap = sketch.overlap(with: other) else { continue }
            if overlap > best?.overlap ?? 0 { best = (id, overlap) }
        }
        return best?.id
    }

    /// What a stored chunk is compared by.
    static func sketch(of id: Int64, _ db: Database) throws -> TextSketch? {
        try Row.fetchOne(
            db.cachedStatement(sql: sketchedColumns + " WHERE c.id = ?"), arguments: [id]
        ).map(sketch)
    }

    static let sketchedColumns = """
        SELECT c.id, c.text, d.title, c.heading_path, c.collection_id FROM chunks c JOIN documents d ON d.id = c.document_id
        """

    static func sketch(_ row: Row) throws -> TextSketch {
        TextSketch(
            text: row[1], title: row[2], headingPath: try Columns.headingPath(row[3]), collectionID: row[4])
    }

    // MARK: - Leaving

    /// The chunks that follow one of `gone` and are not among them: to be grouped anew once those are deleted.
    static func followers(of gone: [Int64], _ db: Database) throws -> [Int64] {
        guard !gone.isEmpty else { return [] }
        return try Int64.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT chunk_id FROM duplicate_chunks WHERE leader_id IN (SELECT value FROM json_each(?1))
                    AND chunk_id NOT IN (SELECT value FROM json_each(?1))
                    """),
            arguments: [list(gone)])
    }

    /// The chunks of other documents that follow one of this document's.
    static func followersElsewhere(ofDocument id: Int64, _ db: Database) throws -> [Int64] {
        try Int64.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT g.chunk_id FROM chunks l JOIN duplicate_chunks g ON g.leader_id = l.id
                    JOIN chunks c ON c.id = g.chunk_id WHERE l.document_id = ?1 AND c.document_id != ?1
                    """),
            arguments: [id])
    }

    /// Groups chunks anew whose leaders have been deleted.
    ///
    /// The youngest leads: when documents go one after the other, oldest first, the others still have their leader.
    static func regroup(_ followers: [Int64], _ db: Database) throws {
        for id in followers.sorted(by: >) {
            try db.cachedStatement(sql: "DELETE FROM duplicate_chunks WHERE chunk_id = ?").execute(arguments: [id])
            if let sketch = try sketch(of: id, db) { try group(id, sketch, db) }
        }
    }

    /// Groups all chunks of a database that has no groups yet, oldest first.
    static func groupAllChunks(_ db: Database) throws {
        var last: Int64 = 0
        while true {
            let rows = try Row.fetchAll(
                db, sql: sketchedColumns + " WHERE c.id > ? ORDER BY c.id LIMIT 1000", arguments: [last])
            guard let end = rows.last else { return }
            for row in rows { try group(row[0], try sketch(row), db) }
            last = end[0]
        }
    }
}
