public import Storage

/// What can go wrong in a search.
///
/// ``description`` is the line a user reads.
public enum RetrievalError: Error, Equatable {
    /// Caller: a field of the request is missing or out of range; the reason says which range.
    case invalidRequest(field: String, reason: String)
    /// Caller: the filter can't be used; the path points at the spot, from `$` for the whole filter.
    case invalidFilter(path: String, reason: String)
    /// Caller: the query vector's length is not the collection's.
    case wrongDimension(expected: Int, actual: Int)
    /// Caller: the loaded encoder is not the one the collection's vectors were made with. Load that one.
    case encoderMismatch(collection: String, bound: String, loaded: String)
    /// Machine: too much work waits already. Try again later; the server answers 429 or 503.
    case overloaded(queue: String, depth: Int)
    /// Caller: gave up waiting.
    case cancelled
    /// What storage reported, a missing collection included.
    case storage(StorageError)
    /// Caller: asked for a reranker, and there is none; the reason says how to get one.
    case rerankerUnavailable(reason: String)
    /// The query could not be embedded, or a passage not scored.
    case embedding(detail: String)
    /// An index refused; this is a fault of Docent's.
    case index(detail: String)
}

extension RetrievalError: CustomStringConvertible {
    /// One line: what was wrong and what to do.
    public var description: String {
        switch self {
        case .invalidRequest(let field, let reason): "\(field): \(reason)"
        case .invalidFilter(let path, let reason): "the filter is wrong at \(path): \(reason)"
        case .wrongDimension(let expected, let actual):
            "the query vector has \(actual) values where the collection's have \(expected)"
        case .encoderMismatch(let collection, let bound, let loaded):
            "the collection '\(collection)' was made with the encoder '\(bound)', loaded is '\(loaded)': "
                + "start with that encoder, search with mode lexical, or ingest into a new collection"
        case .overloaded(let queue, let depth):
            "the \(queue) queue is full with \(depth) waiting requests: try again in a moment"
        case .cancelled: "the request was cancelled"
        case .storage(let error): error.description
        case .rerankerUnavailable(let reason): "no reranker is available: \(reason); or search without rerank"
        case .embedding(let detail): "the query can't be embedded: \(detail)"
        case .index(let detail): "the index reported: \(detail)"
        }
    }
}

extension RetrievalError {
    /// What an error from below means to a caller of retrieval.
    init(_ error: any Error) {
        switch error {
        case let error as RetrievalError: self = error
        case let error as StorageError: self = .storage(error)
        case is CancellationError: self = .cancelled
        default: self = .index(detail: "\(error)")
        }
    }
}
