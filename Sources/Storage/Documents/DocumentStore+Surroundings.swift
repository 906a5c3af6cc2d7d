import Foundation
import GRDB

extension DocumentStore {
    /// What stands around a chunk in its document, as one slice of the extracted text.
    ///
    /// Chunks, spans and text are read in one transaction, so that they are of the same version.
    /// - Parameters:
    ///   - chunkID: the chunk.
    ///   - reach: the most chunks to look at on either side.
    ///   - choosing: gets the chunks in order and the place of `chunkID` among them, and returns which to take, that
    ///     place among them.
    /// - Returns: the slice from the first byte of the chosen chunks to the last; nil when the chunk is gone.
    /// - Throws: what the machine reports.
    public func surroundings(
        of chunkID: Int64, reach: Int, choosing: ([ChunkOutline], Int) -> ClosedRange<Int>
    ) throws(StorageError) -> ChunkSurroundings? {
        try read { db in
            let place = try Row.fetchOne(
                db.cachedStatement(sql: "SELECT document_id, ordinal FROM chunks WHERE id = ?"), arguments: [chunkID])
            guard let place else { return nil }
            let (documentID, ordinal): (Int64, Int) = (place[0], place[1])
            let outlines = try Row.fetchAll(
                db.cachedStatement(
                    sql: """
                        SELECT id, heading_path, utf8_start, utf8_end, token_count FROM chunks
                        WHERE document_id = ? AND ordinal BETWEEN ? AND ? ORDER BY ordinal
                        """),
                arguments: [documentID, ordinal - reach, ordinal + reach]
            ).map { row in
                ChunkOutline(
                    id: row["id"], headingPath: try Columns.headingPath(row["heading_path"]),
                    utf8Span: try Self.utf8Span(row), tokenCount: row["token_count"])
            }
            guard let index = outlines.firstIndex(where: { $0.id == chunkID }) else { return nil }
            let chosen = outlines[choosing(outlines, index).clamped(to: 0...(outlines.count - 1))]
            let start = chosen.reduce(outlines[index].utf8Span.lowerBound) { min($0, $1.utf8Span.lowerBound) }
            let end = chosen.reduce(outlines[index].utf8Span.upperBound) { max($0, $1.utf8Span.upperBound) }
            let bytes = try Data.fetchOne(
                db.cachedStatement(
                    sql: "SELECT substr(CAST(text AS BLOB), ?, ?) FROM document_texts WHERE document_id = ?"),
                arguments: [start + 1, end - start, documentID])
            guard let bytes, bytes.count == end - start else {
                throw StorageError.failed(detail: "a chunk reaches outside its text; 'docent fsck' says which")
            }
            return ChunkSurroundings(
                chunkIDs: chosen.map(\.id), utf8Span: start..<end, text: String(decoding: bytes, as: UTF8.self))
        }
    }
}
