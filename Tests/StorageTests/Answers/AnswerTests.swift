import GRDB
import Storage
import Testing

struct AnswerTests {
    @Test("an answer is found by its id with what was said about it")
    func feedback() throws {
        let samples = try Samples()
        try samples.store.recordAnswer(id: "ans_1", in: samples.id, question: "why?", answer: ["answer": "because"])
        try samples.store.addFeedback(
            FeedbackRecord(rating: .down, comment: "wrong", correctDocumentID: "d"), toAnswer: "ans_1")
        let answer = try samples.store.answer(id: "ans_1")
        #expect(answer.question == "why?" && answer.answer == ["answer": "because"])
        #expect(answer.feedback.map(\.rating) == [.down] && answer.feedback[0].correctDocumentID == "d")
        #expect(throws: StorageError.answerNotFound(id: "no")) {
            try samples.store.addFeedback(FeedbackRecord(rating: .up), toAnswer: "no")
        }
        #expect(throws: StorageError.self) {
            try samples.store.addFeedback(
                FeedbackRecord(rating: .up, comment: String(repeating: "x", count: 10_001)), toAnswer: "ans_1")
        }
    }

    @Test("old answers make room, those with feedback stay")
    func bounded() throws {
        let samples = try Samples()
        for id in ["plain", "rated"] {
            try samples.store.recordAnswer(id: id, in: samples.id, question: "q", answer: ["a": 1])
        }
        try samples.store.addFeedback(FeedbackRecord(rating: .up), toAnswer: "rated")
        // As if so many answers had been given since.
        try samples.sql { try $0.execute(sql: "UPDATE sqlite_sequence SET seq = 20000 WHERE name = 'answers'") }
        try samples.store.recordAnswer(id: "new", in: samples.id, question: "q", answer: ["a": 1])
        #expect(throws: StorageError.answerNotFound(id: "plain")) { _ = try samples.store.answer(id: "plain") }
        #expect(try samples.store.answer(id: "rated").feedback.count == 1)
        #expect(try samples.store.answer(id: "new").feedback.isEmpty)
    }

    @Test("an evaluation keeps its request and result")
    func evaluations() throws {
        let samples = try Samples()
        let made = try samples.store.createEvaluation(kind: "retrieval", request: ["collection": "help"])
        #expect(made.state == .queued && made.result == nil)
        try samples.store.updateEvaluation(made.id, state: .succeeded, result: ["ndcg@10": 0.5])
        let ended = try samples.store.evaluation(id: made.id)
        #expect(ended.state == .succeeded && ended.result == ["ndcg@10": 0.5] && ended.finishedAt != nil)
        #expect(try samples.store.evaluations().map(\.id) == [made.id])
    }
}
