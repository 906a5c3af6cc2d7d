public import Storage

/// What ingestion would make of a document, for its owner to look at before anything is stored.
///
/// The JSON is that of ``ExtractedDocument`` (title, language, url, format, text, blocks, metadata, warnings, dropped)
/// and beside it what chunking makes of it.
public struct DocumentPreview: Sendable, Encodable {
    /// A chunk as it would be stored and embedded.
    public struct ChunkView: Sendable, Encodable {
        /// The place among the document's chunks, from 0.
        public var ordinal: Int
        /// The headings above it, outermost first.
        public var headingPath: [String]
        /// Its text.
        public var text: String
        /// Where it stands in the extracted text, in UTF-8 bytes.
        public var span: UTF8SpanValue
        /// The encoder's tokens in `text`.
        public var tokenCount: Int
        /// What is embedded and indexed: title, headings and text.
        public var embeddedText: String

        private enum CodingKeys: String, CodingKey {
            case ordinal, text, span
            case headingPath = "heading_path"
            case tokenCount = "tokens"
            case embeddedText = "embedded_text"
        }
    }

    /// The id it would have.
    public var id: String
    /// Whether it would be searchable.
    public var state: DocumentState
    /// Why it would not.
    public var error: String?
    /// The size of the source.
    public var byteCount: Int
    /// What was extracted, cut where a preview ends; nil when that failed.
    public var document: ExtractedDocument?
    /// The bytes of the whole extracted text.
    public var textByteCount = 0
    /// The first chunks.
    public var chunks: [ChunkView] = []
    /// All chunks.
    public var chunkCount = 0
    /// The encoder's tokens in all chunks.
    public var tokenCount = 0

    private enum CodingKeys: String, CodingKey {
        case id, state, error, date, markdown, chunks, warnings
        case byteCount = "bytes"
        case textByteCount = "text_bytes"
        case chunkCount = "chunk_count"
        case tokenCount = "token_count"
    }

    /// Writes the fields of the document, then those of the preview.
    public func encode(to encoder: any Encoder) throws {
        try document?.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(state, forKey: .state)
        try container.encodeIfPresent(error, forKey: .error)
        try container.encode(byteCount, forKey: .byteCount)
        guard let document else { return try container.encode([String](), forKey: .warnings) }
        try container.encodeIfPresent(document.metadata["published"], forKey: .date)
        try container.encode(document.markdown, forKey: .markdown)
        try container.encode(textByteCount, forKey: .textByteCount)
        try container.encode(chunks, forKey: .chunks)
        try container.encode(chunkCount, forKey: .chunkCount)
        try container.encode(tokenCount, forKey: .tokenCount)
    }
}
