import Evaluation
import Retrieval

/// Retrieval over a collection: what the search service returns, with each document at the place of its best chunk.
struct CollectionRetrieval {
    /// Chunks asked for per query; documents have several.
    private static let chunkDepth = 1000

    let search: SearchService
    let collection: String

    /// The runs of `modes` over `queries`, tagged with the mode's name.
    func runs(
        _ modes: [SearchMode], _ queries: [BEIRDataset.Query], progress: (_ done: Int, _ total: Int) -> Void
    ) async throws -> [Run] {
        var runs: [Run] = []
        for (position, mode) in modes.enumerated() {
            var results: [String: [RankedDocument]] = [:]
            for (index, query) in queries.enumerated() {
                // Judgements name every document, so copies count as documents of their own.
                let request = SearchRequest(
                    query: query.text, topK: Self.chunkDepth, mode: mode, collapseDuplicates: false)
                let response = try await search.search(request, in: collection)
                var seen: Set<String> = []
                results[query.id] = response.hits.compactMap { hit in
                    guard seen.insert(hit.documentID).inserted else { return nil }
                    return RankedDocument(documentID: hit.documentID, score: Double(hit.score))
                }
                progress(position * queries.count + index + 1, modes.count * queries.count)
            }
            runs.append(Run(tag: mode.rawValue, results: results))
        }
        return runs
    }
}
