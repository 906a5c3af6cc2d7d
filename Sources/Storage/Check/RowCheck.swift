/// A statement that finds rows which can't be, with what they mean; `?1` is the collection, or null for all.
///
/// Each returns a collection id, the name of what is wrong, and in words what is wrong with it.
struct RowCheck {
    var check: Finding.Check
    var advice: String
    var sql: String

    private static let ingestAgain = "ingest the document again, or delete it"
    private static let report = "restore a backup, or delete the collection and ingest again; please report this"

    static let all = documents + chunks + changes + jobs

    private static let documents = [
        RowCheck(
            check: .document, advice: ingestAgain,
            sql: """
                SELECT d.collection_id, d.external_id, 'it says ' || d.chunk_count || ' chunks and has ' || count(c.id)
                FROM documents d LEFT JOIN chunks c INDEXED BY chunks_by_document ON c.document_id = d.id
                WHERE ?1 IS NULL OR d.collection_id = ?1 GROUP BY d.id HAVING count(c.id) != d.chunk_count
                """),
        RowCheck(
            check: .document, advice: ingestAgain,
            sql: """
                SELECT collection_id, external_id, 'its text is missing' FROM documents
                WHERE (?1 IS NULL OR collection_id = ?1) AND (state = 'indexed' OR chunk_count > 0)
                AND id NOT IN (SELECT document_id FROM document_texts)
                """),
        RowCheck(
            check: .document, advice: ingestAgain,
            sql: """
                SELECT collection_id, external_id, CASE state WHEN 'failed' THEN 'it failed without a reason'
                ELSE 'it is indexed and has an error' END FROM documents
                WHERE (?1 IS NULL OR collection_id = ?1) AND (state = 'failed') = (error IS NULL)
                """),
    ]

    private static let chunks = [
        RowCheck(
            check: .chunk, advice: report,
            sql: """
                SELECT c.collection_id, 'chunk ' || c.id, CASE WHEN d.id IS NULL THEN 'it has no document'
                ELSE 'it is in another collection than its document' END
                FROM chunks c LEFT JOIN documents d ON d.id = c.document_id
                WHERE (?1 IS NULL OR c.collection_id = ?1) AND (d.id IS NULL OR d.collection_id != c.collection_id)
                """),
        RowCheck(
            check: .chunk, advice: ingestAgain,
            sql: """
                SELECT d.collection_id, d.external_id, 'its chunks are not numbered 0 to n - 1'
                FROM chunks c JOIN documents d ON d.id = c.document_id
                WHERE ?1 IS NULL OR d.collection_id = ?1 GROUP BY d.id
                HAVING min(c.ordinal) != 0 OR max(c.ordinal) != count(*) - 1 OR count(DISTINCT c.ordinal) != count(*)
                """),
        RowCheck(
            check: .chunk, advice: ingestAgain,
            sql: """
                SELECT d.collection_id, d.external_id, 'a chunk reaches outside its text'
                FROM (SELECT document_id, min(utf8_start) AS first, max(utf8_end) AS last,
                    max(utf8_start > utf8_end) AS reversed FROM chunks
                    WHERE ?1 IS NULL OR collection_id = ?1 GROUP BY document_id) s
                JOIN documents d ON d.id = s.document_id JOIN document_texts t ON t.document_id = d.id
                WHERE s.first < 0 OR s.reversed OR s.last > length(CAST(t.text AS BLOB))
                """),
        RowCheck(
            check: .vector, advice: ingestAgain,
            sql: """
                SELECT collection_id, 'chunk ' || id, 'it has no vector' FROM chunks
                WHERE (?1 IS NULL OR collection_id = ?1) AND id NOT IN (SELECT chunk_id FROM chunk_vectors)
                """),
    ]

    private static let rebuild =
        "stop Docent and remove the collection's folder under 'collections': its indexes are built anew"

    private static let changes = [
        // max() makes SQLite take the other columns of the row it came from.
        RowCheck(
            check: .changes, advice: rebuild,
            sql: """
                SELECT l.collection_id, 'chunk ' || l.chunk_id, CASE l.kind
                    WHEN 1 THEN 'the log says it was inserted, it is not there'
                    ELSE 'the log says it was removed, it is there' END
                FROM (SELECT collection_id, chunk_id, kind, max(sequence) FROM changes
                    WHERE ?1 IS NULL OR collection_id = ?1 GROUP BY collection_id, chunk_id) l
                LEFT JOIN chunks c ON c.id = l.chunk_id WHERE (l.kind = 1) = (c.id IS NULL)
                """),
        RowCheck(
            check: .changes, advice: rebuild,
            sql: """
                SELECT c.collection_id, 'chunk ' || c.id, 'the log does not know it'
                FROM chunks c JOIN collections k ON k.id = c.collection_id
                WHERE (?1 IS NULL OR k.id = ?1) AND k.pruned_through = 0
                AND c.id NOT IN (SELECT chunk_id FROM changes WHERE ?1 IS NULL OR collection_id = ?1)
                """),
        RowCheck(
            check: .changes, advice: rebuild,
            sql: """
                SELECT k.id, 'change ' || min(x.sequence), 'the log is said to begin after ' || k.pruned_through
                FROM changes x JOIN collections k ON k.id = x.collection_id
                WHERE (?1 IS NULL OR k.id = ?1) GROUP BY k.id HAVING min(x.sequence) <= k.pruned_through
                """),
    ]

    private static let serve = "'docent serve' or 'docent ingest' goes on with it; or cancel the job"

    private static let jobs = [
        RowCheck(
            check: .job, advice: "ingest the same documents again",
            sql: """
                SELECT j.collection_id, 'job ' || j.id, 'it has ended, ' || count(*) || ' of its items have not'
                FROM jobs j JOIN job_items i ON i.job_id = j.id WHERE (?1 IS NULL OR j.collection_id = ?1)
                AND (j.state IN ('succeeded', 'failed') AND i.state IN ('queued', 'running')
                    OR j.state = 'cancelled' AND i.state = 'queued') GROUP BY j.id
                """),
        RowCheck(
            check: .job, advice: serve,
            sql: """
                SELECT j.collection_id, 'job ' || j.id, 'all its items have ended, it has not'
                FROM jobs j JOIN job_items i ON i.job_id = j.id WHERE (?1 IS NULL OR j.collection_id = ?1)
                AND j.state IN ('queued', 'running') AND (j.sync IS NULL OR j.is_synced) GROUP BY j.id
                HAVING sum(i.state IN ('queued', 'running')) = 0
                """),
        RowCheck(
            check: .job, advice: serve,
            sql: """
                SELECT j.collection_id, 'job ' || j.id, 'items run without a worker'
                FROM jobs j JOIN job_items i ON i.job_id = j.id WHERE (?1 IS NULL OR j.collection_id = ?1)
                AND j.worker IS NULL AND i.state = 'running' GROUP BY j.id
                """),
        RowCheck(
            check: .job, advice: "it only takes up room; please report this",
            sql: """
                SELECT j.collection_id, 'job ' || j.id, 'it keeps the bytes of ' || count(*) || ' items that have ended'
                FROM job_payloads p JOIN job_items i ON i.id = p.item_id JOIN jobs j ON j.id = i.job_id
                WHERE (?1 IS NULL OR j.collection_id = ?1) AND i.state IN ('succeeded', 'unchanged')
                GROUP BY j.id
                """),
        RowCheck(
            check: .job, advice: "ingest the document again",
            sql: """
                SELECT j.collection_id, 'job ' || j.id, 'an item failed without a reason'
                FROM jobs j JOIN job_items i ON i.job_id = j.id WHERE (?1 IS NULL OR j.collection_id = ?1)
                AND i.state = 'failed' AND i.error IS NULL GROUP BY j.id
                """),
    ]
}
