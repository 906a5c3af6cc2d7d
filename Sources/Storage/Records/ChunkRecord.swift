/// A chunk as stored.
public struct ChunkRecord: Sendable, Equatable, Identifiable {
    /// The row id, greater than 0; never used again after the chunk is gone.
    public var id: Int64
    /// The document's row id.
    public var documentID: Int64
    /// The place among the document's chunks, from 0.
    public var ordinal: Int
    /// The headings above the chunk, outermost first.
    public var headingPath: [String]
    /// The text.
    public var text: String
    /// Where it stands in the document's extracted text, in UTF-8 bytes.
    public var utf8Span: Range<Int>
    /// The encoder's tokens in the text.
    public var tokenCount: Int
    /// The hash of what the vector was made from.
    public var contentHash: String
}

extension ChunkRecord: Encodable {
    private enum CodingKeys: String, CodingKey {
        case id, ordinal
        case headingPath = "heading_path"
        case text, span
        case tokenCount = "tokens"
    }

    /// Writes the chunk as the API shows it.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(ordinal, forKey: .ordinal)
        try container.encode(headingPath, forKey: .headingPath)
        try container.encode(text, forKey: .text)
        try container.encode(UTF8SpanValue(utf8Span), forKey: .span)
        try container.encode(tokenCount, forKey: .tokenCount)
    }
}

/// A range of UTF-8 bytes in the form the API shows: `{"start": 0, "end": 12}`.
public struct UTF8SpanValue: Sendable, Codable, Equatable {
    /// The first byte.
    public var start: Int
    /// The byte after the last one.
    public var end: Int

    /// Wraps `range`.
    public init(_ range: Range<Int>) {
        start = range.lowerBound
        end = range.upperBound
    }
}

/// A chunk with what a search hit shows of its document.
public struct StoredChunk: Sendable, Equatable {
    /// The chunk.
    public var chunk: ChunkRecord
    /// The document's external id.
    public var externalID: String
    /// The document's title.
    public var title: String
    /// Where the document's source lives.
    public var url: String?
    /// The document's fields.
    public var metadata: [String: JSONValue]
}

/// Where a chunk stands, without its text.
public struct ChunkSource: Sendable, Equatable {
    /// The chunk's id.
    public var chunkID: Int64
    /// The document's external id.
    public var externalID: String
    /// The document's title.
    public var title: String
    /// Where the document's source lives.
    public var url: String?
    /// The headings above the chunk, outermost first.
    public var headingPath: [String]
    /// Where the chunk stands in the document's extracted text, in UTF-8 bytes.
    public var utf8Span: Range<Int>
    /// The document's fields.
    public var metadata: [String: JSONValue]
}

/// A chunk's place and size, for choosing what stands around another one.
public struct ChunkOutline: Sendable, Equatable {
    /// The chunk's id.
    public var id: Int64
    /// The headings above the chunk, outermost first.
    public var headingPath: [String]
    /// Where it stands in the document's extracted text, in UTF-8 bytes.
    public var utf8Span: Range<Int>
    /// The encoder's tokens in its text.
    public var tokenCount: Int

    /// Describes a chunk.
    public init(id: Int64, headingPath: [String], utf8Span: Range<Int>, tokenCount: Int) {
        self.id = id
        self.headingPath = headingPath
        self.utf8Span = utf8Span
        self.tokenCount = tokenCount
    }
}

/// A slice of a document's extracted text, made of whole chunks.
public struct ChunkSurroundings: Sendable, Equatable {
    /// The chunks, in the order of the text.
    public var chunkIDs: [Int64]
    /// Where the slice stands in the extracted text, in UTF-8 bytes.
    public var utf8Span: Range<Int>
    /// The slice.
    public var text: String
}

/// A chunk in the form the indexes take it.
public struct IndexEntry: Sendable, Equatable {
    /// The chunk's id.
    public var id: Int64
    /// The vector: [dimension].
    public var vector: [Float]
    /// The document's title.
    public var title: String
    /// The headings above the chunk.
    public var headingPath: [String]
    /// The chunk's text.
    public var text: String

    /// What the lexical index reads.
    public var embeddedText: String { EmbeddedText.compose(title: title, headingPath: headingPath, text: text) }
}

/// One entry of a collection's change log, which indexes catch up from.
public struct ChunkChange: Sendable, Equatable {
    /// What happened to the chunk.
    public enum Kind: Int, Sendable {
        /// The chunk is new.
        case inserted = 1
        /// The chunk is gone.
        case removed = 2
    }

    /// The place in the log: ascending, without reuse, shared by all collections and therefore with gaps.
    public var sequence: Int64
    /// The chunk.
    public var chunkID: Int64
    /// What happened to it.
    public var kind: Kind
}

/// A document's fields with its chunks: what filters are worked out from.
public struct DocumentFilterEntry: Sendable, Equatable {
    /// The document's row id.
    public var documentID: Int64
    /// The document's fields.
    public var metadata: [String: JSONValue]
    /// The document's chunks.
    public var chunkIDs: [Int64]
}
