package import LexicalIndex
package import Tensors
package import VectorIndex

/// A vector index that can be written to a snapshot.
package protocol PersistentVectorIndex: VectorSearching {
    /// Writes the index beside `path` and moves it there.
    func save(to path: String, stamp: SnapshotStamp) throws
    /// The ids whose codes are not those of their vectors.
    func idsWithForeignCodes() -> [Int64]
}

/// A lexical index that can be written to a snapshot.
package protocol PersistentLexicalIndex: LexicalSearching {
    /// Writes the index beside `path` and moves it there.
    func save(to path: String, stamp: SnapshotStamp) throws
    /// For each chunk a number over its postings, equal in two indexes that hold the same.
    func postingDigests() -> [Int64: UInt64]
}

/// Makes and loads the two indexes of a collection; the one place that names their types.
package protocol IndexFactory: Sendable {
    /// What the lexical index makes of text; another value makes its snapshots void.
    var lexicalFingerprint: String { get }
    /// An empty vector index for cosine similarity.
    func makeVectorIndex(dimension: Int) throws -> any PersistentVectorIndex
    /// An empty vector index that compares every vector: the answers while a graph is built.
    func makeExactIndex(dimension: Int) throws -> any VectorSearching
    /// The vector index in a snapshot, and what it is a snapshot of.
    func loadVectorIndex(path: String) throws -> (index: any PersistentVectorIndex, stamp: SnapshotStamp)
    /// An empty lexical index.
    func makeLexicalIndex() throws -> any PersistentLexicalIndex
    /// The lexical index in a snapshot, and what it is a snapshot of.
    func loadLexicalIndex(path: String) throws -> (index: any PersistentLexicalIndex, stamp: SnapshotStamp)
}
