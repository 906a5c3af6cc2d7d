public import Storage

/// Every score a hit came by; greater is better, nil where there is none.
public struct HitScores: Sendable, Equatable {
    /// The cosine of query and chunk.
    public var dense: Float?
    /// The BM25 score; 0 when no word is shared.
    public var lexical: Float?
    /// What the legs came to together.
    public var fused: Float?
    /// The reranker's score.
    public var rerank: Float?

    /// Bundles scores.
    public init(dense: Float? = nil, lexical: Float? = nil, fused: Float? = nil, rerank: Float? = nil) {
        self.dense = dense
        self.lexical = lexical
        self.fused = fused
        self.rerank = rerank
    }
}

extension HitScores: Encodable {
    private enum CodingKeys: String, CodingKey {
        case dense, lexical, fused, rerank
    }

    /// Writes all four keys, null where there is no score.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(dense, forKey: .dense)
        try container.encode(lexical, forKey: .lexical)
        try container.encode(fused, forKey: .fused)
        try container.encode(rerank, forKey: .rerank)
    }
}

/// A place that says what a hit says: another source to cite.
public struct DuplicateSource: Sendable, Equatable {
    /// The chunk's id.
    public var chunkID: Int64
    /// The document's external id.
    public var documentID: String
    /// The document's title.
    public var title: String
    /// Where the document's source lives.
    public var url: String?
    /// The headings above the chunk, outermost first.
    public var headingPath: [String]
    /// Where the chunk stands in its document's extracted text, in UTF-8 bytes.
    public var span: UTF8SpanValue

    init(_ source: ChunkSource) {
        chunkID = source.chunkID
        documentID = source.externalID
        title = source.title
        url = source.url
        headingPath = source.headingPath
        span = UTF8SpanValue(source.utf8Span)
    }
}

extension DuplicateSource: Encodable {
    private enum CodingKeys: String, CodingKey {
        case chunkID = "chunk_id"
        case documentID = "document_id"
        case title, url
        case headingPath = "heading_path"
        case span
    }

    /// Writes the source as the API shows it, with a null where there is no address.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(chunkID, forKey: .chunkID)
        try container.encode(documentID, forKey: .documentID)
        try container.encode(title, forKey: .title)
        try container.encode(url, forKey: .url)
        try container.encode(headingPath, forKey: .headingPath)
        try container.encode(span, forKey: .span)
    }
}

/// A chunk that was found.
public struct SearchHit: Sendable, Equatable {
    /// The chunk's id.
    public var chunkID: Int64
    /// The document's external id.
    public var documentID: String
    /// The document's title.
    public var title: String
    /// Where the document's source lives.
    public var url: String?
    /// The headings above the chunk, outermost first.
    public var headingPath: [String]
    /// The chunk's text.
    public var text: String
    /// Where it stands in the document's extracted text, in UTF-8 bytes.
    public var utf8Span: Range<Int>
    /// What the hits are ordered by.
    public var score: Float
    /// What it comes from.
    public var scores: HitScores
    /// The document's fields.
    public var metadata: [String: JSONValue]
    /// How it came by its scores, when that was asked for.
    public var explanation: HitExplanation?
    /// The other chunks that say the same and pass the filter, ascending by id, the first
    /// ``SearchRequest/mostDuplicates``; nil when each was to be a hit of its own.
    public var duplicates: [DuplicateSource]?
    /// How many those are, the ones not listed included.
    public var duplicateCount = 0
    /// What stands around it, when that was asked for.
    public var context: HitContext?

    /// Describes a hit.
    public init(
        chunkID: Int64, documentID: String, title: String, url: String? = nil, headingPath: [String] = [],
        text: String, utf8Span: Range<Int>, score: Float, scores: HitScores = HitScores(),
        metadata: [String: JSONValue] = [:], explanation: HitExplanation? = nil
    ) {
        self.chunkID = chunkID
        self.documentID = documentID
        self.title = title
        self.url = url
        self.headingPath = headingPath
        self.text = text
        self.utf8Span = utf8Span
        self.score = score
        self.scores = scores
        self.metadata = metadata
        self.explanation = explanation
    }
}

extension SearchHit: Encodable {
    private enum CodingKeys: String, CodingKey {
        case chunkID = "chunk_id"
        case documentID = "document_id"
        case title, url
        case headingPath = "heading_path"
        case text, span, score, scores, metadata, explanation, duplicates, context
        case duplicateCount = "duplicate_count"
    }

    /// Writes the hit as the API shows it.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(chunkID, forKey: .chunkID)
        try container.encode(documentID, forKey: .documentID)
        try container.encode(title, forKey: .title)
        try container.encode(url, forKey: .url)
        try container.encode(headingPath, forKey: .headingPath)
        try container.encode(text, forKey: .text)
        try container.encode(UTF8SpanValue(utf8Span), forKey: .span)
        try container.encode(score, forKey: .score)
        try container.encode(scores, forKey: .scores)
        try container.encode(metadata, forKey: .metadata)
        try container.encodeIfPresent(explanation, forKey: .explanation)
        try container.encodeIfPresent(context, forKey: .context)
        guard let duplicates else { return }
        try container.encode(duplicates, forKey: .duplicates)
        try container.encode(duplicateCount, forKey: .duplicateCount)
    }
}
