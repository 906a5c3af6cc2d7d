import Foundation
import GRDB
import Storage
import TestSupport

/// A store in a folder of its own, with one collection of 4-d vectors.
struct Samples {
    let folder: TemporaryDirectory
    let store: DocumentStore
    let collection: CollectionRecord

    init() throws {
        folder = try TemporaryDirectory()
        store = try DocumentStore(path: folder.file("docent.sqlite"))
        collection = try store.createCollection(Self.newCollection("help"))
    }

    var id: Int64 { collection.id }

    /// The same database opened again, as another process would.
    func reopened() throws -> DocumentStore { try DocumentStore(path: store.path) }

    static func newCollection(_ name: String) -> NewCollection {
        NewCollection(name: name, encoder: "tiny", encoderFingerprint: "tiny:1", dimension: 4)
    }

    static func vector(_ text: String) -> [Float] {
        var generator = SeededGenerator(seed: text.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) })
        let vector = (0..<4).map { _ in Float.random(in: -1...1, using: &generator) + 2 }
        let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return vector.map { $0 / length }
    }

    /// A document whose chunks are `texts`, hashed by their text.
    static func document(
        _ externalID: String, _ texts: [String], title: String = "Title", hash: String? = nil,
        metadata: [String: JSONValue] = [:]
    ) -> NewDocument {
        var (text, chunks): (String, [NewChunk]) = ("", [])
        for piece in texts {
            let start = text.utf8.count
            text += piece
            chunks.append(
                NewChunk(
                    headingPath: ["Section"], text: piece, utf8Span: start..<text.utf8.count, tokenCount: 3,
                    contentHash: "h:" + piece, vector: vector(piece)))
            text += "\n"
        }
        return NewDocument(
            externalID: externalID, title: title, url: "https://example.org/\(externalID)", contentType: "text/plain",
            language: "en", contentHash: hash ?? "doc:" + texts.joined(), text: text, metadata: metadata,
            byteCount: text.utf8.count, chunks: chunks)
    }

    /// Runs SQL behind the store's back.
    func sql<Result>(_ body: (Database) throws -> Result) throws -> Result {
        try DatabaseQueue(path: store.path).write(body)
    }

    /// Rows per table that belongs to collections, read behind the store's back.
    func rowCounts() throws -> [String: Int] {
        try sql { db in
            var counts: [String: Int] = [:]
            for table in Self.tables { counts[table] = try Int.fetchOne(db, sql: "SELECT count(*) FROM \(table)") }
            return counts
        }
    }

    static let tables = [
        "documents", "document_texts", "chunks", "chunk_vectors", "changes", "jobs", "job_items", "job_payloads",
        "answers", "feedback", "job_removals", "document_sources", "duplicate_keys", "duplicate_chunks",
    ]
}
