/// The vectors of some texts.
public struct Embeddings: Sendable, Equatable {
    /// Row-major [B, D], each row L2-normalised.
    public var vectors: [Float]
    /// D.
    public let dimension: Int
    /// Tokens of each text before truncation, special tokens included.
    public var tokenCounts: [Int]
    /// Whether a text had more tokens than the model reads, so that its end is not in its vector.
    public var truncated: [Bool]

    /// B: how many texts there are.
    public var count: Int { tokenCounts.count }

    /// Puts together the vectors of `tokenCounts.count` texts.
    /// - Parameters:
    ///   - vectors: row-major [B, D].
    ///   - dimension: D, at least 1.
    ///   - tokenCounts: [B], before truncation.
    ///   - truncated: [B].
    public init(vectors: [Float], dimension: Int, tokenCounts: [Int], truncated: [Bool]) {
        precondition(vectors.count == tokenCounts.count * dimension && truncated.count == tokenCounts.count)
        self.vectors = vectors
        self.dimension = dimension
        self.tokenCounts = tokenCounts
        self.truncated = truncated
    }

    /// The vector of text `index`, 0..<count.
    public func row(_ index: Int) -> [Float] {
        Array(vectors[(index * dimension)..<((index + 1) * dimension)])
    }
}
