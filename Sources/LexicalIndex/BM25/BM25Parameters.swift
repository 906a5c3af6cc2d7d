/// The two constants of BM25.
///
/// The defaults are the literature's: k1 = 1.2 and b = 0.75 are what Robertson and Zaragoza call reasonable, and what
/// Lucene and the reference figures of the public collections use.
///
/// Source: Robertson, Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), section 3.4.
public struct BM25Parameters: Sendable, Equatable {
    /// k1 as MIN / DEFAULT / MAX.
    public static let minimumK1: Float = 0
    /// The default of `k1`.
    public static let defaultK1: Float = 1.2
    /// The greatest `k1`.
    public static let maximumK1: Float = 100
    /// The least `b`.
    public static let minimumB: Float = 0
    /// The default of `b`.
    public static let defaultB: Float = 0.75
    /// The greatest `b`.
    public static let maximumB: Float = 1

    /// How slowly repeated terms saturate: 0 counts a term once, larger values let repetitions count more.
    public var k1: Float
    /// How much a chunk's length counts: 0 not at all, 1 in full proportion.
    public var b: Float

    /// Creates parameters; out-of-range values are found by `validate()`.
    public init(k1: Float = BM25Parameters.defaultK1, b: Float = BM25Parameters.defaultB) {
        self.k1 = k1
        self.b = b
    }

    /// Checks both ranges.
    /// - Throws: `LexicalIndexError.parameterOutOfRange` for the first value outside its range, NaN included.
    public func validate() throws(LexicalIndexError) {
        guard k1 >= Self.minimumK1, k1 <= Self.maximumK1 else {
            throw .parameterOutOfRange(
                name: "k1", value: Double(k1), minimum: Double(Self.minimumK1), maximum: Double(Self.maximumK1))
        }
        guard b >= Self.minimumB, b <= Self.maximumB else {
            throw .parameterOutOfRange(
                name: "b", value: Double(b), minimum: Double(Self.minimumB), maximum: Double(Self.maximumB))
        }
    }
}
