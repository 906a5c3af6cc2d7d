/// What ingestion and retrieval need of storage; ``DocumentStore`` has it, a store on a server could.
///
/// Every method is one transaction; ``DocumentStore`` documents each.
public protocol DocumentStoring: Sendable {
    /// The collection of that name.
    func collection(named name: String) throws(StorageError) -> CollectionRecord
    /// The collection of that row id.
    func collection(id: Int64) throws(StorageError) -> CollectionRecord
    /// All collections by name.
    func collections() throws(StorageError) -> [CollectionRecord]

    /// Stores a document in place of its earlier version.
    @discardableResult
    func replaceDocument(
        _ document: NewDocument, in collectionID: Int64, finishing itemID: Int64?
    ) throws(StorageError) -> DocumentReplacement
    /// Deletes a document with its chunks.
    @discardableResult
    func deleteDocument(externalID: String, in collectionID: Int64) throws(StorageError) -> Int64
    /// The document of that id.
    func document(externalID: String, in collectionID: Int64) throws(StorageError) -> DocumentRecord
    /// The hash of the stored source when the document is indexed.
    func contentHash(externalID: String, in collectionID: Int64) throws(StorageError) -> String?
    /// The extracted text of a document.
    func documentText(_ documentID: Int64) throws(StorageError) -> String

    /// Chunks with their documents, in the order of `ids`.
    func chunks(ids: [Int64]) throws(StorageError) -> [StoredChunk]
    /// The vectors the collection has for chunks of these content hashes.
    func chunkVectors(contentHashes: [String], in collectionID: Int64) throws(StorageError) -> [String: [Float]]

    /// The leaders of those chunks that are in a group of several.
    func duplicateLeaders(of ids: [Int64]) throws(StorageError) -> [Int64: Int64]
    /// The chunks that follow each of `leaders`.
    func duplicateFollowers(of leaders: [Int64]) throws(StorageError) -> [Int64: [Int64]]
    /// Where chunks stand, in the order of `ids`.
    func chunkSources(ids: [Int64]) throws(StorageError) -> [ChunkSource]
    /// What stands around a chunk in its document.
    func surroundings(
        of chunkID: Int64, reach: Int, choosing: ([ChunkOutline], Int) -> ClosedRange<Int>
    ) throws(StorageError) -> ChunkSurroundings?
    /// The greatest chunk id of a collection.
    func lastChunkID(in collectionID: Int64) throws(StorageError) -> Int64

    /// The collection's last change.
    func latestSequence(in collectionID: Int64) throws(StorageError) -> Int64
    /// The number of the collection's chunks.
    func chunkCount(in collectionID: Int64) throws(StorageError) -> Int
    /// How many transactions have changed the collection's documents.
    func revision(of collectionID: Int64) throws(StorageError) -> Int64
    /// The changes after `sequence`, oldest first.
    func changes(after sequence: Int64, in collectionID: Int64, limit: Int) throws(StorageError) -> [ChunkChange]
    /// Forgets changes up to `sequence`.
    func pruneChanges(through sequence: Int64, in collectionID: Int64) throws(StorageError)
    /// What indexes hold of these chunks.
    func indexEntries(ids: [Int64]) throws(StorageError) -> [IndexEntry]
    /// The collection's next `limit` chunks after chunk `id`.
    func indexEntries(in collectionID: Int64, after id: Int64, limit: Int) throws(StorageError) -> [IndexEntry]
    /// The metadata and chunk ids of all indexed documents of a collection.
    func documentMetadata(
        in collectionID: Int64
    ) throws(StorageError) -> (revision: Int64, entries: [DocumentFilterEntry])
}

extension DocumentStore: DocumentStoring {}
