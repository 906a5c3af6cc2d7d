/// A chunk to store, with its vector.
public struct NewChunk: Sendable, Equatable {
    /// The headings above the chunk, outermost first, without the document's title.
    public var headingPath: [String]
    /// The chunk's text.
    public var text: String
    /// Where it stands in the document's extracted text, in UTF-8 bytes.
    public var utf8Span: Range<Int>
    /// The encoder's tokens in the text.
    public var tokenCount: Int
    /// The hash of all that vector and index entry are made from (``EmbeddedText``): an equal hash keeps the old chunk.
    public var contentHash: String
    /// The vector: [dimension], L2-normalised.
    public var vector: [Float]

    /// Describes a chunk to store.
    public init(
        headingPath: [String], text: String, utf8Span: Range<Int>, tokenCount: Int, contentHash: String,
        vector: [Float]
    ) {
        self.headingPath = headingPath
        self.text = text
        self.utf8Span = utf8Span
        self.tokenCount = tokenCount
        self.contentHash = contentHash
        self.vector = vector
    }
}

/// A document to store, with its chunks in order.
public struct NewDocument: Sendable, Equatable {
    /// The owner's id, 1 to 1,024 bytes, unique within the collection.
    public var externalID: String
    /// The title; may be empty.
    public var title: String
    /// Where the source lives.
    public var url: String?
    /// The source's media type.
    public var contentType: String
    /// A BCP 47 tag, when it is known.
    public var language: String?
    /// The hash of the source and of all else that a re-ingestion would have to notice.
    public var contentHash: String
    /// The extracted text that the chunks' spans point into.
    public var text: String
    /// The owner's fields; at most 64 KiB as JSON.
    public var metadata: [String: JSONValue]
    /// The size of the source.
    public var byteCount: Int
    /// The chunks, in the order of the text.
    public var chunks: [NewChunk]

    /// Describes a document to store.
    public init(
        externalID: String, title: String, url: String? = nil, contentType: String, language: String? = nil,
        contentHash: String, text: String, metadata: [String: JSONValue] = [:], byteCount: Int, chunks: [NewChunk]
    ) {
        self.externalID = externalID
        self.title = title
        self.url = url
        self.contentType = contentType
        self.language = language
        self.contentHash = contentHash
        self.text = text
        self.metadata = metadata
        self.byteCount = byteCount
        self.chunks = chunks
    }
}

/// What storing a document did.
public struct DocumentReplacement: Sendable, Equatable {
    /// The collection's last change after the transaction; an index whose watermark has reached it is up to date.
    public var sequence: Int64
    /// Chunks that were there already and kept id, vector and index entry.
    public var keptChunkCount: Int
    /// Chunks that are new.
    public var insertedChunkCount: Int
    /// Chunks of the old version that are gone.
    public var removedChunkCount: Int

    /// Bundles the counts.
    public init(sequence: Int64, kept: Int, inserted: Int, removed: Int) {
        self.sequence = sequence
        keptChunkCount = kept
        insertedChunkCount = inserted
        removedChunkCount = removed
    }
}

/// The one text that stands for a chunk in the encoder and in the lexical index.
public enum EmbeddedText {
    /// Title and headings, each once, on a line of their own, then the chunk's text.
    ///
    /// A chunk that says "It takes five days" is found by "refund" only because its headings go with it.
    public static func compose(title: String, headingPath: [String], text: String) -> String {
        let heading = self.heading(title: title, headingPath: headingPath)
        return heading.isEmpty ? text : heading + "\n" + text
    }

    /// Title and headings, each once, joined by " > ".
    public static func heading(title: String, headingPath: [String]) -> String {
        var parts: [String] = []
        for part in [title] + headingPath where !part.isEmpty && !parts.contains(part) { parts.append(part) }
        return parts.joined(separator: " > ")
    }
}
