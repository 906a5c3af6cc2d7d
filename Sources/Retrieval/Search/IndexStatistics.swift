import LexicalIndex
import VectorIndex

/// Where a collection's indexes stand.
public struct IndexStatistics: Sendable, Equatable {
    /// Whether searches can begin.
    public enum State: String, Sendable, Codable {
        /// Not needed yet; the first search opens them.
        case closed
        /// Being loaded or built.
        case opening
        /// Up to date.
        case ready
        /// Searchable, with changes still to be applied.
        case catchingUp = "catching_up"
    }

    /// Whether searches can begin.
    public var state: State
    /// Chunks in the vector index.
    public var vectorCount: Int
    /// Chunks in the lexical index.
    public var lexicalCount: Int
    /// The last change both have applied.
    public var watermark: Int64

    init(state: State) {
        self.state = state
        vectorCount = 0
        lexicalCount = 0
        watermark = 0
    }

    init(_ indexes: CollectionIndexes, latestSequence: Int64) {
        let legs = indexes.current
        state = legs.watermark < latestSequence ? .catchingUp : .ready
        vectorCount = legs.vectors.count
        lexicalCount = legs.lexical.count
        watermark = legs.watermark
    }
}

extension IndexStatistics: Encodable {
    private enum CodingKeys: String, CodingKey {
        case state
        case vectorCount = "vectors"
        case lexicalCount = "lexical"
        case watermark
    }
}
