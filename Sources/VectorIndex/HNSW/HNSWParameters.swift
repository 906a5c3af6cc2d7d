/// What shapes a hierarchical navigable small-world graph and the searches in it.
public struct HNSWParameters: Sendable, Equatable {
    /// What `m` may be.
    public static let mRange = 2...128
    /// The links that served best on sentence embeddings of 384 dimensions.
    public static let defaultM = 16
    /// What `efConstruction` may be.
    public static let efConstructionRange = 4...4096
    /// The effort to build with that the peers use.
    public static let defaultEfConstruction = 200
    /// What `efSearch` may be.
    public static let efSearchRange = 1...65_536
    /// The effort to search with: recall@10 about 0.97 at 100,000 sentence embeddings.
    public static let defaultEfSearch = 64
    /// The type that is fastest at equal recall and takes the least memory (docs/decisions/0009).
    public static let defaultPrecision = Precision.int8
    /// What the levels are drawn from unless told otherwise.
    public static let defaultSeed: UInt64 = 100

    /// Links a node makes on each layer; the lowest layer lets it keep twice as many.
    public var m: Int
    /// Candidates kept while looking for a new node's neighbours.
    public var efConstruction: Int
    /// Candidates kept by a search that names no number.
    public var efSearch: Int
    /// The type of the codes that the graph is walked on.
    public var precision: Precision
    /// What the nodes' levels are drawn from: equal seeds and insertions give equal levels.
    public var seed: UInt64

    /// Creates parameters; `validate()` says whether they can be used.
    public init(
        m: Int = defaultM, efConstruction: Int = defaultEfConstruction, efSearch: Int = defaultEfSearch,
        precision: Precision = defaultPrecision, seed: UInt64 = defaultSeed
    ) {
        self.m = m
        self.efConstruction = efConstruction
        self.efSearch = efSearch
        self.precision = precision
        self.seed = seed
    }

    /// Checks every parameter against its range.
    ///
    /// - Throws: `VectorIndexError.invalidParameter` for the first one outside.
    public func validate() throws(VectorIndexError) {
        try VectorRules.check("m", m, in: Self.mRange)
        try VectorRules.check("ef_construction", efConstruction, in: Self.efConstructionRange)
        try VectorRules.check("ef_search", efSearch, in: Self.efSearchRange)
    }
}
