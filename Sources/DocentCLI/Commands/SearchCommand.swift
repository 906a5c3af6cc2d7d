import ArgumentParser
import Retrieval

/// `docent search`: the passages nearest to a query.
struct SearchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search", abstract: "Finds the passages nearest to a query.")

    @Argument(help: "The query.")
    var query: String
    @Option(help: "The collection to look in.")
    var collection: String
    @Option(name: .customLong("top-k"), help: "How many passages.")
    var topK = 10
    @Option(help: "hybrid, dense or lexical.")
    var mode = "hybrid"
    @Option(help: "A metadata filter, such as {\"lang\": \"en\", \"year\": {\"$gte\": 2024}}.")
    var filter: String?
    @Flag(help: "Lets the cross-encoder of DOCENT_RERANKER put the passages in order.")
    var rerank = false
    @Flag(help: "Shows how each score comes about.")
    var explain = false
    @Flag(help: "Prints one JSON document.")
    var json = false
    @OptionGroup var passages: PassageOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        guard let mode = SearchMode(rawValue: mode) else {
            throw CommandFailure(message: "mode is '\(mode)': use hybrid, dense or lexical", exitCode: 64)
        }
        let runtime = try await Runtime(try await Settings(global))
        _ = try runtime.requireCollection(collection)
        var request = SearchRequest(query: query)
        request.topK = topK
        request.mode = mode
        request.rerank = rerank
        request.explain = explain
        request.collapseDuplicates = passages.collapseDuplicates
        request.context = passages.context
        request.filter = try filter.map { try MetadataFilter(json: try FilterArgument.parse($0)) }
        let response = try await runtime.search.search(request, in: collection)
        try show(response)
        await runtime.search.saveSnapshots()
    }

    private func show(_ response: SearchResponse) throws {
        if json { return try Terminal.printJSON(response) }
        for (index, hit) in response.hits.enumerated() {
            let place = ([hit.documentID] + hit.headingPath).joined(separator: " › ")
            Terminal.print("\(index + 1). \(score(hit.score))  \(place)")
            let legs = [
                ("dense", hit.scores.dense), ("lexical", hit.scores.lexical), ("fused", hit.scores.fused),
                ("rerank", hit.scores.rerank),
            ]
            Terminal.print(
                "   " + legs.compactMap { leg in leg.1.map { "\(leg.0) \(score($0))" } }.joined(separator: ", "))
            let text = (hit.context?.text ?? hit.text).split(whereSeparator: \.isWhitespace).joined(separator: " ")
            let isCut = text.count > 160 && hit.context == nil
            Terminal.print("   " + (isCut ? text.prefix(159) + "…" : text))
            if hit.duplicateCount > 0 {
                let others = (hit.duplicates ?? []).prefix(3).map(\.documentID).joined(separator: ", ")
                let rest = hit.duplicateCount > 3 ? " and \(hit.duplicateCount - 3) more" : ""
                Terminal.print("   also in \(others)\(rest)")
            }
            if let explanation = hit.explanation { Terminal.print("   " + (try Terminal.json(explanation))) }
        }
        if response.hits.isEmpty { Terminal.note("nothing found") }
    }

    private func score(_ value: Float) -> String {
        "\((value * 10_000).rounded() / 10_000)"
    }
}
