// The page of `docent eval retrieval --report`.
extension RetrievalReport {
    /// How many queries each list of differences shows.
    private static let listedQueryCount = 25

    /// A page with the measures, the comparisons and the queries on which modes differ most.
    public func html() -> String {
        var page = HTMLPage()
        page.paragraph("\(queryCount) queries, \(modes.count) mode(s).")
        if !gates.isEmpty { page.gates(gates) }
        let measures = modes.first?.scores.measures ?? []
        page.heading("Measures")
        page.table(
            ["mode"] + measures.map(\.name),
            modes.map { mode in [mode.mode] + measures.map { HTMLPage.number(mode.scores.mean($0)) } })
        for measure in measures {
            page.bars(
                "\(measure.name), with 95 % confidence intervals",
                modes.map { ($0.mode, $0.scores.mean(measure), $0.intervals[measure]) })
        }
        if !significance.isEmpty {
            page.heading("Differences between modes")
            page.paragraph("Paired randomisation test, p-values corrected after Holm within each measure.")
            page.table(
                ["measure", "a", "b", "a - b", "p", "p (Holm)", "significant"],
                significance.map {
                    [
                        $0.measure, $0.a, $0.b, HTMLPage.number($0.difference), HTMLPage.number($0.p),
                        HTMLPage.number($0.pHolm), $0.significant ? "yes" : "no",
                    ]
                })
        }
        if let measure = measures.first { addQueries(to: &page, measure) }
        if !timings.isEmpty {
            page.heading("Timings")
            page.table(
                ["what", "value"], timings.sorted { $0.key < $1.key }.map { [$0.key, HTMLPage.number($0.value)] })
        }
        return page.document(title: "Retrieval on \(dataset)")
    }

    private func addQueries(to page: inout HTMLPage, _ measure: RetrievalMeasure) {
        let columns = modes.map { mode in
            Dictionary(
                zip(mode.scores.queryIDs, mode.scores.perQuery[measure] ?? []), uniquingKeysWith: { first, _ in first })
        }
        let queries = Set(modes.flatMap(\.scores.queryIDs)).sorted()
        func row(_ query: String) -> [String] {
            ["#" + query, queryTexts[query] ?? ""] + columns.map { HTMLPage.number($0[query]) }
        }
        func spread(_ query: String) -> Double {
            let values = columns.compactMap { $0[query] }
            return (values.max() ?? 0) - (values.min() ?? 0)
        }
        let header = ["query", "text"] + modes.map(\.mode)
        if modes.count > 1 {
            page.heading("Queries on which \(measure.name) differs most")
            let ordered = queries.sorted { (spread($0), $1) > (spread($1), $0) }.filter { spread($0) > 0 }
            page.table(header, ordered.prefix(Self.listedQueryCount).map(row))
        }
        page.heading("Queries with the lowest \(measure.name)")
        func best(_ query: String) -> Double { columns.compactMap { $0[query] }.max() ?? 0 }
        let lowest = queries.sorted { (best($0), $0) < (best($1), $1) }
        page.table(header, lowest.prefix(Self.listedQueryCount).map(row))
    }
}

extension HTMLPage {
    mutating func gates(_ gates: [Gate.Outcome]) {
        heading("Gates")
        table(
            ["gate", "value", "met"], gates.map { [$0.gate, HTMLPage.number($0.value), $0.passed ? "yes" : "NO"] })
    }
}
