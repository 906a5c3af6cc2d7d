public import LexicalIndex

/// How one hit came by its scores.
public struct HitExplanation: Sendable, Equatable {
    /// The place in the vector index's ranking, from 1; nil when it was not among its candidates.
    public var denseRank: Int?
    /// The place in BM25's ranking, from 1; nil when it was not among its candidates.
    public var lexicalRank: Int?
    /// The dense score on the fusion's scale from 0 to 1; nil when it was not among the candidates.
    public var normalisedDense: Float?
    /// The lexical score on the fusion's scale from 0 to 1; nil when it was not among the candidates.
    public var normalisedLexical: Float?
    /// What each word of the query adds to the lexical score.
    public var terms: [TermContribution]
}

extension HitExplanation: Encodable {
    private enum CodingKeys: String, CodingKey {
        case denseRank = "dense_rank"
        case lexicalRank = "lexical_rank"
        case normalisedDense = "normalised_dense"
        case normalisedLexical = "normalised_lexical"
        case terms
    }

    private struct Term: Encodable {
        var term: String
        var tf: Int
        var df: Int
        var idf: Double
        var score: Double
    }

    /// Writes the explanation as the API shows it.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(denseRank, forKey: .denseRank)
        try container.encode(lexicalRank, forKey: .lexicalRank)
        try container.encodeIfPresent(normalisedDense, forKey: .normalisedDense)
        try container.encodeIfPresent(normalisedLexical, forKey: .normalisedLexical)
        let terms = terms.map {
            Term(
                term: $0.term, tf: $0.termFrequency, df: $0.documentFrequency, idf: $0.inverseDocumentFrequency,
                score: $0.score)
        }
        try container.encode(terms, forKey: .terms)
    }
}

/// What a search as a whole went through.
public struct SearchExplanation: Sendable, Equatable, Encodable {
    /// What the filter let pass.
    public struct Filter: Sendable, Equatable, Encodable {
        /// Chunks that passed.
        public var chunkCount: Int
        /// Documents that passed.
        public var documentCount: Int
        /// Documents there are.
        public var totalDocumentCount: Int

        /// Bundles the counts.
        public init(chunkCount: Int, documentCount: Int, totalDocumentCount: Int) {
            self.chunkCount = chunkCount
            self.documentCount = documentCount
            self.totalDocumentCount = totalDocumentCount
        }

        private enum CodingKeys: String, CodingKey {
            case chunkCount = "chunks"
            case documentCount = "documents"
            case totalDocumentCount = "of_documents"
        }
    }

    /// The mode that was used.
    public var mode: SearchMode
    /// How the legs became one ranking; nil when there was one leg.
    public var fusion: String?
    /// Hits of the vector index.
    public var denseCandidateCount: Int
    /// Hits of BM25.
    public var lexicalCandidateCount: Int
    /// Hits of either.
    public var candidateCount: Int
    /// What the filter let pass; nil without one.
    public var filter: Filter?
    /// Whether the query's vector was known already.
    public var isQueryEmbeddingCached: Bool

    private enum CodingKeys: String, CodingKey {
        case mode, fusion
        case denseCandidateCount = "dense_candidates"
        case lexicalCandidateCount = "lexical_candidates"
        case candidateCount = "candidates"
        case filter
        case isQueryEmbeddingCached = "query_embedding_cached"
    }
}
