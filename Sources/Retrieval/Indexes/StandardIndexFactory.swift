package import Kernels
import LexicalIndex
package import Tensors
package import VectorIndex

extension HNSWIndex: PersistentVectorIndex {}
extension BM25Index: PersistentLexicalIndex {}

/// HNSW over cosine similarity, and BM25 over English words, with their published default parameters.
package struct StandardIndexFactory: IndexFactory {
    private let pool: ThreadPool
    private let analyzer = TextAnalyzer()

    /// Makes indexes that work on `pool`.
    package init(pool: ThreadPool) { self.pool = pool }

    package var lexicalFingerprint: String { analyzer.fingerprint }

    package func makeVectorIndex(dimension: Int) throws -> any PersistentVectorIndex {
        try HNSWIndex(dimension: dimension, metric: .cosine, parameters: HNSWParameters(), pool: pool)
    }

    package func makeExactIndex(dimension: Int) throws -> any VectorSearching {
        try FlatIndex(dimension: dimension, metric: .cosine, pool: pool)
    }

    package func loadVectorIndex(path: String) throws -> (index: any PersistentVectorIndex, stamp: SnapshotStamp) {
        // A snapshot of an older default gets today's codes.
        let (index, stamp) = try HNSWIndex.load(path: path, precision: HNSWParameters.defaultPrecision, pool: pool)
        return (index, stamp)
    }

    package func makeLexicalIndex() throws -> any PersistentLexicalIndex {
        try BM25Index(parameters: BM25Parameters(), analyzer: analyzer)
    }

    package func loadLexicalIndex(path: String) throws -> (index: any PersistentLexicalIndex, stamp: SnapshotStamp) {
        let (index, stamp) = try BM25Index.load(path: path, analyzer: analyzer)
        return (index, stamp)
    }
}
