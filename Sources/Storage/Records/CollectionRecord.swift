public import Foundation

/// A named set of documents, bound for life to the encoder that made its vectors.
public struct CollectionRecord: Sendable, Equatable, Identifiable {
    /// The row id; never used again after the collection is deleted.
    public var id: Int64
    /// The name in URLs and on the command line.
    public var name: String
    /// What the collection is for, in the owner's words.
    public var description: String
    /// The encoder's catalogue name or path.
    public var encoder: String
    /// The name and weight checksum that every vector of the collection was made with.
    public var encoderFingerprint: String
    /// The length of every vector.
    public var dimension: Int
    /// How documents are cut.
    public var chunking: ChunkingSettings
    /// When the collection was made.
    public var createdAt: Date
}

extension CollectionRecord: Encodable {
    private enum CodingKeys: String, CodingKey {
        case name, description, encoder
        case encoderFingerprint = "encoder_fingerprint"
        case dimension, chunking
        case createdAt = "created_at"
    }
}

/// What a new collection is made from.
public struct NewCollection: Sendable, Equatable {
    /// The name: letters, digits, `.`, `_`, `-`; starts with a letter or digit; at most 128 characters.
    public var name: String
    /// What the collection is for.
    public var description: String
    /// The encoder's catalogue name or path.
    public var encoder: String
    /// The encoder's fingerprint.
    public var encoderFingerprint: String
    /// The length of the encoder's vectors, 1 to 65,536.
    public var dimension: Int
    /// How documents are cut.
    public var chunking: ChunkingSettings

    /// Describes a collection to create.
    public init(
        name: String, description: String = "", encoder: String, encoderFingerprint: String, dimension: Int,
        chunking: ChunkingSettings = ChunkingSettings()
    ) {
        self.name = name
        self.description = description
        self.encoder = encoder
        self.encoderFingerprint = encoderFingerprint
        self.dimension = dimension
        self.chunking = chunking
    }
}

/// What a collection holds.
public struct CollectionStatistics: Sendable, Equatable, Encodable {
    /// Documents that are indexed.
    public var documentCount: Int
    /// Documents whose last ingestion failed.
    public var failedDocumentCount: Int
    /// Chunks of all documents.
    public var chunkCount: Int
    /// The size of the sources.
    public var byteCount: Int
    /// The last change's sequence number; what an index that has applied it calls its watermark.
    public var latestSequence: Int64

    private enum CodingKeys: String, CodingKey {
        case documentCount = "documents"
        case failedDocumentCount = "failed_documents"
        case chunkCount = "chunks"
        case byteCount = "bytes"
        case latestSequence = "latest_sequence"
    }
}
