public import Tensors

/// Why a vector index refused a request.
///
/// Whatever was refused left the index as it was.
public enum VectorIndexError: Error, Equatable, CustomStringConvertible {
    /// A vector has another number of components than the index (the caller's fault: another encoder, most likely).
    case dimensionMismatch(found: Int, expected: Int)
    /// The vectors given are not one for each id (the caller's fault).
    case countMismatch(ids: Int, components: Int, dimension: Int)
    /// A component is NaN or infinite, or the vector is so long that its similarities would be (the data's fault).
    case notFinite(vector: Int)
    /// A vector of length zero has no direction to compare (the data's fault). Index without it.
    case zeroVector(vector: Int)
    /// An id is negative or beyond `Bitmap.maximumID` (the caller's fault).
    case invalidID(id: Int64)
    /// A parameter is outside its range (the caller's fault).
    case invalidParameter(name: String, value: Int, range: ClosedRange<Int>)
    /// The index holds as many vectors as it can address. Split the collection.
    case full(capacity: Int)
    /// A snapshot could not be written or read.
    case snapshot(SnapshotError)

    /// One line: what was wrong, and what to do.
    public var description: String {
        switch self {
        case .dimensionMismatch(let found, let expected):
            "a vector has \(found) components, this index takes \(expected): use the encoder the collection was made with"
        case .countMismatch(let ids, let components, let dimension):
            "\(ids) ids came with \(components) components: \(dimension) are needed for each id"
        case .notFinite(let vector):
            "vector \(vector) has a component that is NaN, infinite or too large: leave it out"
        case .zeroVector(let vector):
            "vector \(vector) is zero and has no direction for cosine: leave it out"
        case .invalidID(let id):
            "\(id) is no vector id: ids go from 0 to 4294967295"
        case .invalidParameter(let name, let value, let range):
            "\(name) is \(value), it has to be \(range.lowerBound) to \(range.upperBound)"
        case .full(let capacity):
            "the index is full with \(capacity) vectors: split the collection"
        case .snapshot(let error):
            error.description
        }
    }
}
