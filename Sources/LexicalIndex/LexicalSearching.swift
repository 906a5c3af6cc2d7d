public import Kernels

/// One result of a lexical search.
public struct LexicalHit: Sendable, Equatable {
    /// The chunk's id.
    public var id: Int64
    /// The BM25 score, above 0; greater is better.
    ///
    /// Scores of different queries are not comparable.
    public var score: Float

    /// Creates a hit.
    public init(id: Int64, score: Float) {
        self.id = id
        self.score = score
    }
}

/// What one query term adds to one chunk's score, for `--explain`.
public struct TermContribution: Sendable, Equatable {
    /// The term as it is indexed (folded, stemmed).
    public var term: String
    /// How often the term stands in the chunk; 0 when it does not.
    public var termFrequency: Int
    /// How many chunks hold the term.
    public var documentFrequency: Int
    /// The inverse document frequency, ln(1 + (N − df + ½) / (df + ½)).
    public var inverseDocumentFrequency: Double
    /// The part of the score that is this term's, 0 when the chunk lacks it.
    public var score: Double

    /// Creates a contribution.
    public init(
        term: String, termFrequency: Int, documentFrequency: Int, inverseDocumentFrequency: Double, score: Double
    ) {
        self.term = term
        self.termFrequency = termFrequency
        self.documentFrequency = documentFrequency
        self.inverseDocumentFrequency = inverseDocumentFrequency
        self.score = score
    }
}

/// Finds chunks by the words they share with a query.
///
/// What retrieval needs of a lexical index.
///
/// Every change is visible to the next search. All methods may be called from any thread; searches do not wait for
/// changes.
public protocol LexicalSearching: Sendable {
    /// The number of chunks in the index.
    var count: Int { get }

    /// The best chunks for `query`, best first, equal scores by ascending id.
    /// - Parameters:
    ///   - query: any text; one without a single word finds nothing.
    ///   - topK: the most hits wanted; below 1 finds nothing.
    ///   - allowing: the ids that may be found; nil allows all. Applied before ranking: `topK` hits come back whenever
    ///     so many allowed chunks share a word with the query.
    /// - Returns: at most `topK` hits.
    func search(_ query: String, topK: Int, allowing: Bitmap?) -> [LexicalHit]

    /// Adds chunks; an id that is there already is replaced.
    func insert(_ entries: [(id: Int64, text: String)])

    /// Takes chunks out; ids that are not there are passed over.
    func remove(_ ids: [Int64])

    /// What each term of `query` adds to the score of chunk `id`; empty when the chunk is not there.
    func explain(_ query: String, id: Int64) -> [TermContribution]
}
