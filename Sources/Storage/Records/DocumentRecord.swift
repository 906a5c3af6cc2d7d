public import Foundation

/// Whether a document can be found.
public enum DocumentState: String, Sendable, Codable, CaseIterable {
    /// Its chunks are searchable.
    case indexed
    /// The last attempt to ingest it failed; chunks of an earlier version, if any, stay searchable.
    case failed
}

/// A document as stored; the extracted text is fetched apart with ``DocumentStore/documentText(_:)``.
public struct DocumentRecord: Sendable, Equatable, Identifiable {
    /// The row id.
    public var id: Int64
    /// The owner's id, unique within the collection; what the API calls `id`.
    public var externalID: String
    /// The collection's row id.
    public var collectionID: Int64
    /// The title; may be empty.
    public var title: String
    /// Where the source lives.
    public var url: String?
    /// The source's media type.
    public var contentType: String
    /// A BCP 47 tag, when it is known.
    public var language: String?
    /// The hash of the source; an equal hash means nothing has to be done.
    public var contentHash: String
    /// The owner's fields, which filters look at.
    public var metadata: [String: JSONValue]
    /// Whether the last ingestion went well.
    public var state: DocumentState
    /// Why it did not.
    public var error: String?
    /// The size of the source.
    public var byteCount: Int
    /// The number of chunks.
    public var chunkCount: Int
    /// When the document was first ingested.
    public var createdAt: Date
    /// When it last changed.
    public var updatedAt: Date
}

extension DocumentRecord: Encodable {
    private enum CodingKeys: String, CodingKey {
        case externalID = "id"
        case title, url
        case contentType = "content_type"
        case language
        case contentHash = "content_hash"
        case metadata, state, error
        case byteCount = "bytes"
        case chunkCount = "chunks"
        case createdAt = "created_at"
        case updatedAt = "updated_at"
    }
}

/// One page of a listing.
public struct DocumentPage: Sendable, Equatable, Encodable {
    /// The documents, oldest first.
    public var documents: [DocumentRecord]
    /// What to pass for the next page; nil on the last one.
    public var nextCursor: String?

    private enum CodingKeys: String, CodingKey {
        case documents
        case nextCursor = "next_cursor"
    }
}
