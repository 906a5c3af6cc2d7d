public import Kernels
import LexicalIndex
import Logging
public import Storage
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
        /// Searchable exactly, while the graph is built from the database.
        case rebuilding
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
    /// Why snapshots could not be used when the indexes were opened; empty when they could.
    public var remarks: [IndexRemark] = []

    init(state: State, remarks: [IndexRemark] = []) {
        self.state = state
        self.remarks = remarks
        vectorCount = 0
        lexicalCount = 0
        watermark = 0
    }

    init(_ indexes: CollectionIndexes, latestSequence: Int64) {
        let legs = indexes.current
        state = legs.isExact ? .rebuilding : legs.watermark < latestSequence ? .catchingUp : .ready
        remarks = legs.remarks
        vectorCount = legs.vectors.count
        lexicalCount = legs.lexical.count
        watermark = legs.watermark
    }
}

extension IndexStatistics {
    /// What the snapshots of a collection hold that no service has open, read for it and let go of again.
    /// - Parameters:
    ///   - collection: the collection.
    ///   - store: the database.
    ///   - dataDirectory: holds the snapshots, in `collections/<id>/`.
    ///   - pool: threads for reading them.
    /// - Returns: counts, watermarks, and what is wrong with the snapshots.
    /// - Throws: ``RetrievalError/storage(_:)`` when the database can't be read.
    public static func saved(
        _ collection: CollectionRecord, store: any DocumentStoring, dataDirectory: String, pool: ThreadPool
    ) throws(RetrievalError) -> IndexStatistics {
        let builder = IndexBuilder(
            collection: collection, store: store, factory: StandardIndexFactory(pool: pool),
            folder: SearchService.folder(of: collection.id, in: dataDirectory), rules: IndexRules(exactFrom: 0),
            logger: Logger(label: "docent") { _ in SwiftLogNoOpLogHandler() })
        let legs = try builder.open()
        var statistics = IndexStatistics(state: .closed, remarks: legs.remarks)
        if !legs.isExact { statistics.vectorCount = legs.vectors.count }
        let isLexicalBuilt = legs.remarks.contains { $0.file == "lexical.index" }
        if !isLexicalBuilt { statistics.lexicalCount = legs.lexical.count }
        statistics.watermark = legs.watermark
        return statistics
    }
}

extension IndexStatistics: Encodable {
    private enum CodingKeys: String, CodingKey {
        case state
        case vectorCount = "vectors"
        case lexicalCount = "lexical"
        case watermark, remarks
    }
}
