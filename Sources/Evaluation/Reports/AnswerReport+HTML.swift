// The page of `docent eval answers --report`.
extension AnswerReport {
    /// A page with the measures and every question, the worst answers first.
    public func html() -> String {
        var page = HTMLPage()
        let unanswerable = rows.count { $0.question.isUnanswerable }
        page.paragraph("\(rows.count) questions, \(unanswerable) of them unanswerable; generator \(generator).")
        if !gates.isEmpty { page.gates(gates) }
        page.heading("Measures")
        page.table(["measure", "value"], measures.map { [$0.key, HTMLPage.number($0.value)] })
        page.bars(
            "Shares",
            measures.compactMap { measure in
                guard !measure.key.hasSuffix("_ms"), let value = measure.value else { return nil }
                return (measure.key, value, nil)
            })
        page.heading("Questions")
        page.table(
            ["question", "gold", "answer", "f1", "citation precision", "citation recall", "ms"],
            rows.sorted { ($0.f1, $0.question.id) < ($1.f1, $1.question.id) }.map { row in
                [
                    row.question.question,
                    row.question.isUnanswerable ? "(unanswerable)" : row.question.answers.joined(separator: " | "),
                    row.outcome.isRefused ? "(refused)" : row.outcome.answer, HTMLPage.number(row.f1),
                    HTMLPage.number(row.citationPrecision), HTMLPage.number(row.citationRecall),
                    HTMLPage.number(row.outcome.latencyMilliseconds),
                ]
            })
        return page.document(title: "Answers on \(dataset)")
    }
}
