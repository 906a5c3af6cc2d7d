public import Kernels

/// How two vectors are compared.
///
/// A similarity is greater for closer vectors.
public enum Metric: String, Sendable, CaseIterable, Codable {
    /// The cosine of the angle; vectors are stored at length 1.
    case cosine
    /// The inner product of the vectors as given.
    case dot
    /// The negated squared Euclidean distance.
    case l2
}

/// One result of a search: an id and how similar its vector is to the query.
public struct VectorHit: Sendable, Equatable {
    /// The id the vector was inserted under.
    public var id: Int64
    /// The metric's similarity, greater is closer.
    public var similarity: Float

    /// Creates a hit.
    public init(id: Int64, similarity: Float) {
        self.id = id
        self.similarity = similarity
    }
}

/// An index over vectors under 64-bit ids that answers "which are closest".
///
/// Every member may be called from any thread at any time. A search sees each vector either wholly inserted or not at
/// all, never one that was removed before the search began, and never an id twice.
public protocol VectorSearching: Sendable {
    /// The number of components of every vector.
    var dimension: Int { get }
    /// How vectors are compared.
    var metric: Metric { get }
    /// The number of vectors that searches can find.
    var count: Int { get }

    /// The closest vectors to `query`, best first: as many as exist, up to `topK`.
    ///
    /// - Parameters:
    ///   - query: `dimension` finite components, not all zero for cosine; need not be of length 1.
    ///   - topK: how many to return, at least 1.
    ///   - efSearch: how many candidates an approximate index keeps; nil for its default. Exact indexes ignore it.
    ///   - allowing: the ids that may be returned; nil for all.
    /// - Returns: hits in descending similarity, equal ones in ascending id.
    /// - Throws: `VectorIndexError` when the query or a number is out of its range.
    func search(_ query: [Float], topK: Int, efSearch: Int?, allowing: Bitmap?) throws(VectorIndexError) -> [VectorHit]

    /// Stores vectors under ids; an id that is there already gets the new vector, the last of several equal ids wins.
    ///
    /// - Parameters:
    ///   - ids: from 0 to `Bitmap.maximumID`.
    ///   - vectors: row-major [ids.count, dimension], finite, for cosine none of length zero.
    /// - Throws: `VectorIndexError`; nothing at all is stored then.
    func insert(_ ids: [Int64], vectors: [Float]) throws(VectorIndexError)

    /// Takes vectors out; no search that begins afterwards finds them. Ids that are not there are passed over.
    func remove(_ ids: [Int64])

    /// Whether a vector is stored under `id`.
    func contains(_ id: Int64) -> Bool

    /// The vector stored under `id`, at length 1 for cosine; nil when there is none.
    func vector(of id: Int64) -> [Float]?
}

extension VectorSearching {
    /// The closest vectors to `query` among all, with the index's default effort.
    ///
    /// - Throws: `VectorIndexError` as `search(_:topK:efSearch:allowing:)`.
    public func search(_ query: [Float], topK: Int) throws(VectorIndexError) -> [VectorHit] {
        try search(query, topK: topK, efSearch: nil, allowing: nil)
    }
}
