public import Kernels
import Synchronization
public import Tensors

/// A row-major matrix of vectors, as .npy files hold them.
public struct VectorMatrix: Sendable {
    /// The rows, one after the other.
    public let components: [Float]
    /// Components of a row, at least 1.
    public let dimension: Int
    /// Rows.
    public var rowCount: Int { components.count / dimension }

    /// Reads a .npy file of float32 or float16.
    ///
    /// - Throws: `NpyError`.
    public init(npy path: String) throws(NpyError) {
        let file = try NpyFile(path: path)
        guard file.columnCount > 0 else { throw .unsupported(path: path, reason: "its rows are empty") }
        components = try file.floats()
        dimension = file.columnCount
    }

    /// Takes `components` as rows of `dimension`; a last row that is not whole is left out.
    public init(components: [Float], dimension: Int) {
        self.dimension = max(dimension, 1)
        self.components = Array(components.prefix(components.count / self.dimension * self.dimension))
    }

    /// Row `index`, copied.
    public func row(_ index: Int) -> [Float] {
        Array(components[index * dimension..<(index + 1) * dimension])
    }

    /// The row numbers: the ids that files of vectors alone are indexed under.
    public var ids: [Int64] { (0..<Int64(rowCount)).map { $0 } }
}

/// What `docent index build` and `docent index search` do: an index over a file's rows, under their numbers.
public enum IndexFile {
    /// The stamp of an index that belongs to no collection.
    public static let stamp = SnapshotStamp(collectionID: 0, fingerprint: "", watermark: 0)

    /// Builds an index over `vectors` and saves it to `path`.
    ///
    /// - Returns: the index.
    /// - Throws: `VectorIndexError`.
    @discardableResult
    public static func build(
        _ vectors: VectorMatrix, metric: Metric, parameters: HNSWParameters, to path: String, pool: ThreadPool
    ) throws(VectorIndexError) -> HNSWIndex {
        let index = try HNSWIndex(dimension: vectors.dimension, metric: metric, parameters: parameters, pool: pool)
        try index.insert(vectors.ids, vectors: vectors.components)
        try index.save(to: path, stamp: stamp)
        return index
    }

    /// Loads an index file.
    ///
    /// - Returns: the index and the file's length in bytes.
    /// - Throws: `VectorIndexError.snapshot`.
    public static func load(_ path: String, pool: ThreadPool) throws(VectorIndexError) -> (HNSWIndex, byteCount: Int) {
        let (index, _) = try HNSWIndex.load(path: path, pool: pool)
        let bytes: Int
        do {
            bytes = try MappedFile(path: path).byteCount
        } catch {
            throw .snapshot(.unreadable(path: path, reason: "\(error)"))
        }
        return (index, bytes)
    }

    /// Writes the ids of `hits` as int32, row-major [queries, topK]; −1 where there were fewer.
    ///
    /// - Throws: `NpyError`.
    public static func write(_ hits: [[VectorHit]], topK: Int, to path: String) throws(NpyError) {
        var ids: [Int32] = []
        for row in hits {
            ids += row.prefix(topK).map { Int32(truncatingIfNeeded: $0.id) }
            ids += repeatElement(-1, count: max(0, topK - row.count))
        }
        try NpyFile.write(ids, columnCount: topK, to: path)
    }
}

extension VectorSearching {
    /// Answers every row of `queries`, shared among the threads of `pool`.
    ///
    /// - Returns: the hits of each query, in the order of the rows.
    /// - Throws: `VectorIndexError` of the first query that was refused.
    public func search(
        _ queries: VectorMatrix, topK: Int, efSearch: Int?, allowing: Bitmap? = nil, pool: ThreadPool
    ) throws(VectorIndexError) -> [[VectorHit]] {
        let chunk = 16
        let parts = Mutex<[(first: Int, hits: [[VectorHit]])]>([])
        let refused = Mutex<VectorIndexError?>(nil)
        pool.run(taskCount: (queries.rowCount + chunk - 1) / chunk) { task in
            var hits: [[VectorHit]] = []
            let rows = task * chunk..<min((task + 1) * chunk, queries.rowCount)
            do throws(VectorIndexError) {
                for row in rows {
                    hits.append(try search(queries.row(row), topK: topK, efSearch: efSearch, allowing: allowing))
                }
                parts.withLock { $0.append((rows.lowerBound, hits)) }
            } catch {
                refused.withLock { $0 = error }
            }
        }
        if let error = refused.withLock({ $0 }) { throw error }
        return parts.withLock { $0 }.sorted { $0.first < $1.first }.flatMap(\.hits)
    }
}
