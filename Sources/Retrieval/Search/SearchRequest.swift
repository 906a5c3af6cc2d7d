/// Which legs search.
public enum SearchMode: String, Sendable, Codable, CaseIterable {
    /// Both, fused.
    case hybrid
    /// The vector index.
    case dense
    /// BM25.
    case lexical
}

/// What to look for in a collection.
public struct SearchRequest: Sendable, Equatable {
    /// The range of ``topK``.
    public static let topKRange = 1...1_000
    /// The range of ``candidateDepth``.
    public static let candidateDepthRange = 1...10_000
    /// The range of ``efSearch``.
    public static let efSearchRange = 1...10_000
    /// The greatest length of ``query`` in UTF-8 bytes: more is a document, not a question.
    public static let maximumQueryBytes = 8_192
    /// The range of ``rerankDepth``.
    public static let rerankDepthRange = 1...1_000
    /// Hits the reranker scores when ``rerankDepth`` is nil; ``topK`` if that is more.
    public static let defaultRerankDepth = 50
    /// Candidates per leg when ``candidateDepth`` is nil; ``topK`` if that is more.
    public static let defaultCandidateDepth = 100
    /// The most sources that a hit lists of those that say the same.
    public static let mostDuplicates = 100

    /// The words to look for; nil for a search by ``vector`` alone.
    public var query: String?
    /// The query's vector: [dimension]; nil lets the encoder make it from ``query``.
    public var vector: [Float]?
    /// The most hits wanted.
    public var topK: Int
    /// Which legs search; without a query, hybrid is dense.
    public var mode: SearchMode
    /// Which documents count.
    public var filter: MetadataFilter?
    /// Whether hits say how they came by their scores.
    public var explain: Bool
    /// How wide the vector index searches; nil for its default.
    public var efSearch: Int?
    /// Hits of each leg that are fused, at least ``topK``; nil for ``defaultCandidateDepth``.
    public var candidateDepth: Int?
    /// How the legs become one ranking.
    public var fusion: FusionMethod
    /// Whether a cross-encoder reads query and passage together and puts the hits in order; needs a query.
    public var rerank: Bool
    /// The best hits that the reranker scores, at least ``topK``; nil for ``defaultRerankDepth``.
    public var rerankDepth: Int?
    /// Whether of chunks that say the same only the best is a hit, with the others among its duplicates.
    public var collapseDuplicates: Bool
    /// What of its document comes with each hit; nil for nothing.
    public var context: ContextRequest?

    /// Describes a search.
    public init(
        query: String? = nil, vector: [Float]? = nil, topK: Int = 10, mode: SearchMode = .hybrid,
        filter: MetadataFilter? = nil, explain: Bool = false, efSearch: Int? = nil, candidateDepth: Int? = nil,
        fusion: FusionMethod = .standard, rerank: Bool = false, rerankDepth: Int? = nil,
        collapseDuplicates: Bool = true,
        context: ContextRequest? = nil
    ) {
        self.query = query
        self.vector = vector
        self.topK = topK
        self.mode = mode
        self.filter = filter
        self.explain = explain
        self.efSearch = efSearch
        self.candidateDepth = candidateDepth
        self.fusion = fusion
        self.rerank = rerank
        self.rerankDepth = rerankDepth
        self.collapseDuplicates = collapseDuplicates
        self.context = context
    }

    /// Checks all that can be checked without the collection.
    /// - Throws: ``RetrievalError/invalidRequest(field:reason:)`` naming the field and its range.
    public func validate() throws(RetrievalError) {
        try Self.check("top_k", topK, Self.topKRange)
        if let candidateDepth { try Self.check("candidate_depth", candidateDepth, Self.candidateDepthRange) }
        if let rerankDepth { try Self.check("rerank_depth", rerankDepth, Self.rerankDepthRange) }
        if rerank, query == nil { throw .invalidRequest(field: "rerank", reason: "it needs a query") }
        try context?.validate()
        if let efSearch { try Self.check("ef_search", efSearch, Self.efSearchRange) }
        guard query != nil || vector != nil else {
            throw .invalidRequest(field: "query", reason: "give a query, a vector or both")
        }
        if let query {
            guard query.utf8.count <= Self.maximumQueryBytes else {
                throw .invalidRequest(
                    field: "query", reason: "it has \(query.utf8.count) bytes, the most is \(Self.maximumQueryBytes)")
            }
            guard query.contains(where: { !$0.isWhitespace }) else {
                throw .invalidRequest(field: "query", reason: "it is empty")
            }
        }
        if query == nil, mode == .lexical {
            throw .invalidRequest(field: "query", reason: "the mode lexical needs a query")
        }
        if let vector {
            guard vector.allSatisfy(\.isFinite) else {
                throw .invalidRequest(field: "vector", reason: "it holds a value that is not finite")
            }
            guard vector.contains(where: { $0 != 0 }) else {
                throw .invalidRequest(field: "vector", reason: "it has no direction: every value is 0")
            }
        }
        switch fusion {
        case .convex(let weight) where !(0...1).contains(weight):
            throw .invalidRequest(field: "fusion", reason: "the weight \(weight) is not within 0…1")
        case .reciprocalRank(let constant): try Self.check("fusion", constant, 0...1_000_000)
        default: break
        }
    }

    static func check(_ field: String, _ value: Int, _ range: ClosedRange<Int>) throws(RetrievalError) {
        guard range.contains(value) else {
            throw .invalidRequest(
                field: field, reason: "\(value) is not within \(range.lowerBound)…\(range.upperBound)")
        }
    }

    var depth: Int { max(fetchCount, candidateDepth ?? Self.defaultCandidateDepth) }

    /// Hits that are read from the database: what is wanted, or what the reranker chooses from.
    var fetchCount: Int { rerank ? max(topK, rerankDepth ?? Self.defaultRerankDepth) : topK }
}
