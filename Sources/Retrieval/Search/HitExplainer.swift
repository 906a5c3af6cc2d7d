import LexicalIndex

/// Says of a hit which place each leg gave it and what its words are worth.
struct HitExplainer {
    private let query: String?
    private let denseRanks: [Int64: Int]
    private let lexicalRanks: [Int64: Int]
    private let normalisedDense: [Int64: Float]
    private let normalisedLexical: [Int64: Float]

    init(candidates: SearchPipeline.Candidates, request: SearchRequest) {
        query = request.mode == .dense ? nil : request.query
        denseRanks = Self.ranks(candidates.dense)
        lexicalRanks = Self.ranks(candidates.lexical)
        if candidates.isFused, case .convex = request.fusion {
            normalisedDense = FusionLeg.dense(candidates.dense, depth: request.depth).normalised
            normalisedLexical = FusionLeg.lexical(candidates.lexical, depth: request.depth).normalised
        } else {
            normalisedDense = [:]
            normalisedLexical = [:]
        }
    }

    func explanation(of id: Int64, _ lexical: any LexicalSearching) -> HitExplanation {
        HitExplanation(
            denseRank: denseRanks[id], lexicalRank: lexicalRanks[id], normalisedDense: normalisedDense[id],
            normalisedLexical: normalisedLexical[id], terms: query.map { lexical.explain($0, id: id) } ?? [])
    }

    private static func ranks(_ ranking: [ScoredChunk]) -> [Int64: Int] {
        Dictionary(ranking.enumerated().map { ($0.element.id, $0.offset + 1) }, uniquingKeysWith: { first, _ in first })
    }
}
