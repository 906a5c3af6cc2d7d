import Foundation
import GRDB

extension DocumentStore {
    /// Answers kept without feedback; older ones make room, those with feedback are kept.
    public static let maximumAnswerCount = 10_000

    /// Keeps an answer, and lets go of the oldest one without feedback beyond ``maximumAnswerCount``.
    /// - Parameters:
    ///   - id: the id the API gave it.
    ///   - collectionID: the collection it was answered from.
    ///   - question: the question.
    ///   - answer: the answer as the API gave it.
    /// - Throws: ``StorageError/collectionNotFound(name:)``, ``StorageError/invalidInput(field:reason:)``.
    public func recordAnswer(
        id: String, in collectionID: Int64, question: String, answer: some Encodable
    ) throws(StorageError) {
        try write { db in
            _ = try Self.collection(db, id: collectionID)
            try db.execute(
                sql: "INSERT INTO answers (id, collection_id, question, answer, created_at) VALUES (?, ?, ?, ?, ?)",
                arguments: [
                    id, collectionID, question, Columns.json(answer, field: "answer"), Columns.milliseconds(clock()),
                ])
            try db.execute(
                sql: """
                    DELETE FROM answers WHERE number <= ? - ?
                        AND NOT EXISTS (SELECT 1 FROM feedback WHERE answer_number = answers.number)
                    """,
                arguments: [db.lastInsertedRowID, Self.maximumAnswerCount])
        }
    }

    /// An answer with its feedback.
    /// - Throws: ``StorageError/answerNotFound(id:)``.
    public func answer(id: String) throws(StorageError) -> AnswerRecord {
        try read { db in
            let row = try Row.fetchOne(db, sql: "SELECT * FROM answers WHERE id = ?", arguments: [id])
            guard let row else { throw StorageError.answerNotFound(id: id) }
            let number: Int64 = row["number"]
            let feedback = try Row.fetchAll(
                db, sql: "SELECT * FROM feedback WHERE answer_number = ? ORDER BY id", arguments: [number])
            return AnswerRecord(
                id: id, collectionID: row["collection_id"], question: row["question"],
                answer: try Columns.decode(JSONValue.self, row["answer"]),
                createdAt: Columns.date(row["created_at"]), feedback: feedback.map(Self.feedback))
        }
    }

    /// Adds feedback to an answer.
    /// - Throws: ``StorageError/answerNotFound(id:)``, ``StorageError/invalidInput(field:reason:)``.
    public func addFeedback(_ feedback: FeedbackRecord, toAnswer id: String) throws(StorageError) {
        if let comment = feedback.comment, comment.utf8.count > 10_000 {
            throw .invalidInput(field: "comment", reason: "it has \(comment.utf8.count) bytes, the most is 10000")
        }
        try write { db in
            let number = try Int64.fetchOne(db, sql: "SELECT number FROM answers WHERE id = ?", arguments: [id])
            guard let number else { throw StorageError.answerNotFound(id: id) }
            try db.execute(
                sql: """
                    INSERT INTO feedback (answer_number, rating, comment, correct_document_id, created_at)
                    VALUES (?, ?, ?, ?, ?)
                    """,
                arguments: [
                    number, feedback.rating.rawValue, feedback.comment, feedback.correctDocumentID,
                    Columns.milliseconds(clock()),
                ])
        }
    }

    private static func feedback(_ row: Row) -> FeedbackRecord {
        var record = FeedbackRecord(
            rating: FeedbackRecord.Rating(rawValue: row["rating"]) ?? .down, comment: row["comment"],
            correctDocumentID: row["correct_document_id"])
        record.createdAt = Columns.date(row["created_at"])
        return record
    }
}
