import Evaluation
import Foundation
import Testing

@Suite("Answer measures")
struct AnswerTests {
    private struct Row: Decodable {
        var answer: String
        var golds: [String]
        var exact: Double
        var f1: Double
    }

    @Test("exact match and F1 equal SQuAD 2.0's")
    func equalsReference() throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: Fixtures.path("answers.jsonl")))
        let rows = try data.split(separator: 0x0A).map { try JSONDecoder().decode(Row.self, from: $0) }
        #expect(rows.count > 500)
        for row in rows {
            #expect(AnswerText.exactMatch(row.answer, golds: row.golds) == row.exact, "\(row)")
            #expect(abs(AnswerText.f1(row.answer, golds: row.golds) - row.f1) < 1e-12, "\(row)")
        }
    }

    @Test("two empty answers are equal in SQuAD 2.0 and not in 1.1")
    func definitions() {
        #expect(AnswerText.f1("", golds: []) == 1)
        #expect(AnswerText.f1("", golds: [], definition: .v1) == 0)
        #expect(AnswerText.f1("Paris, France", golds: ["paris"], definition: .v1) == 2.0 / 3)
    }

    @Test("answer recall is the share of a gold answer's words")
    func recall() {
        #expect(AnswerText.recall("You can return it within thirty days.", golds: ["30 days", "thirty days"]) == 1)
        #expect(AnswerText.recall("within days", golds: ["thirty days"]) == 0.5)
        #expect(AnswerText.recall("anything", golds: []) == 0)
    }

    private var report: AnswerReport {
        let right = AnswerCase(id: "1", question: "How long?", answers: ["thirty days"], documents: ["returns", "faq"])
        let wrong = AnswerCase(id: "2", question: "How much?", answers: ["five euros"], documents: ["fees"])
        let none = AnswerCase(id: "3", question: "Who <b>?", answers: [], isUnanswerable: true)
        let missed = AnswerCase(id: "4", question: "Where?", answers: [], isUnanswerable: true)
        return AnswerReport(
            dataset: "shop", generator: "extractive",
            answers: [
                (
                    right,
                    AnswerOutcome(
                        answer: "Thirty days.", citedDocuments: ["returns", "returns", "other"],
                        supportedSentences: [true], latencyMilliseconds: 10)
                ),
                (wrong, AnswerOutcome(answer: "", isRefused: true, latencyMilliseconds: 20)),
                (none, AnswerOutcome(answer: "ignored", isRefused: true, latencyMilliseconds: 30)),
                (missed, AnswerOutcome(answer: "Here.", supportedSentences: [false, true], latencyMilliseconds: 40)),
            ])
    }

    @Test("measures by hand")
    func byHand() {
        let expected: [(String, Double)] = [
            ("exact_match", 0.5), ("f1", 0.5), ("answerable_f1", 0.5), ("answer_recall", 0.5),
            ("citation_precision", 0.5), ("citation_recall", 0.25), ("supported_rate", 2.0 / 3),
            ("refusal_precision", 0.5), ("refusal_recall", 0.5), ("latency_p50_ms", 25),
        ]
        let report = report
        for (key, value) in expected {
            #expect(abs((report.value(key) ?? -1) - value) < 1e-12, "\(key)")
        }
    }

    @Test("JSON has the contract's keys, and null for a mean over nothing")
    func json() throws {
        let empty = AnswerReport(
            dataset: "d", generator: "g",
            answers: [(AnswerCase(id: "1", question: "?", answers: ["a"]), AnswerOutcome(answer: "a"))])
        let text = String(decoding: try JSONEncoder().encode(empty), as: UTF8.self)
        for key in [
            "exact_match", "f1", "answer_recall", "citation_precision", "citation_recall", "supported_rate",
            "refusal_precision", "refusal_recall", "latency_p50_ms",
        ] { #expect(text.contains("\"\(key)\":"), "\(key)") }
        #expect(text.contains("\"refusal_recall\":null"))
    }

    @Test("the page escapes what it shows and loads nothing")
    func page() throws {
        var report = report
        let passed = report.apply([try Gate("f1>=0.9"), try Gate("extractive:refusal_recall>=0.5")])
        #expect(!passed)
        let html = report.html()
        #expect(html.contains("Who &lt;b&gt;?"))
        #expect(!html.contains("<script") && !html.contains("http"))
        #expect(report.gates.map(\.passed) == [false, true])
    }
}
