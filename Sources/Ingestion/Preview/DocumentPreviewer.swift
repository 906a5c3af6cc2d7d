public import Encoders
public import Storage

/// Extracts and cuts documents as ingestion does, and stores nothing.
///
/// The same extractor and chunker as a job's, so that what is shown is what would be indexed. A preview is bounded: so
/// many documents, so much text, so many chunks; the counts are of the whole.
public struct DocumentPreviewer: Sendable {
    /// What previews show at most.
    public struct Limits: Sendable, Equatable {
        /// Documents of one request; of an archive, its first ones.
        public var documentCount = 20
        /// Bytes of extracted text of all documents together.
        public var textBytes = 1 << 20
        /// Chunks of a document.
        public var chunkCount = 1_000

        /// The defaults.
        public init() {}
    }

    private let extractor: DocumentExtractor
    private let chunker: Chunker
    private let limits: Limits

    /// Makes a previewer.
    /// - Parameters:
    ///   - embedder: whose tokens chunks are sized in.
    ///   - settings: how documents are cut.
    ///   - extractor: reads documents; holds the size limit.
    ///   - limits: what is shown.
    public init(
        embedder: any TextEmbedding, settings: ChunkingSettings, extractor: DocumentExtractor = DocumentExtractor(),
        limits: Limits = Limits()
    ) {
        self.extractor = extractor
        self.limits = limits
        chunker = Chunker(settings: settings, maxTokenCount: embedder.maxTokenCount) { embedder.tokenCount(of: $0) }
    }

    /// Whether a source holds documents instead of being one.
    public static func isContainer(_ source: SourceDocument) -> Bool {
        Self.container(source) != nil
    }

    /// What would become of documents; archives, mailboxes and JSON Lines give each of theirs.
    /// - Returns: the previews in order, and how many more documents there are.
    public func previews(of sources: [SourceDocument]) -> (shown: [DocumentPreview], leftOut: Int) {
        var list = List(textBytes: limits.textBytes)
        for source in sources { add(source, to: &list) }
        return (list.shown, list.leftOut)
    }

    private struct List {
        var shown: [DocumentPreview] = []
        var leftOut = 0
        /// What is left of the text that may be shown.
        var textBytes: Int
    }

    private func add(_ source: SourceDocument, to list: inout List) {
        if let format = Self.container(source) { return addAll(of: source, as: format, to: &list) }
        guard list.shown.count < limits.documentCount else {
            list.leftOut += 1
            return
        }
        do throws(IngestionError) {
            list.shown.append(preview(try extractor.extract(source, explaining: true), of: source, &list.textBytes))
        } catch {
            list.shown.append(Self.failure(source.externalID, source.bytes.count, error))
        }
    }

    private func addAll(of source: SourceDocument, as format: SourceFormat, to list: inout List) {
        do throws(IngestionError) {
            try SourceContainer(byteLimit: extractor.byteLimit).forEach(
                .bytes(source.bytes), format: format, id: source.externalID, contentType: source.contentType
            ) { entry in
                switch entry {
                case .document(let inner): add(inner, to: &list)
                case .refused(let id, let reason):
                    guard list.shown.count < limits.documentCount else {
                        list.leftOut += 1
                        return
                    }
                    list.shown.append(Self.failure(id, 0, .badEntry(reason: reason)))
                }
            }
        } catch {
            list.shown.append(Self.failure(source.externalID, source.bytes.count, error))
        }
    }

    private func preview(
        _ extracted: ExtractedDocument, of source: SourceDocument, _ textBytes: inout Int
    ) -> DocumentPreview {
        let chunks = chunker.chunks(of: extracted)
        var document = extracted
        let whole = extracted.text.utf8.count
        let end = Self.end(of: extracted.text, atMost: textBytes)
        textBytes -= end
        if extracted.isEncodingGuessed {
            document.warnings.append(
                "no encoding is declared: read as \(extracted.encoding ?? "unknown"), save it as UTF-8 to be sure")
        }
        if end < whole {
            document.text = extracted.text.utf8Slice(0..<end)
            document.blocks.removeAll { $0.utf8Span.upperBound > end }
            document.warnings.append("the preview shows the first \(end) of \(whole) bytes of text; all are indexed")
        }
        let shown = chunks.prefix { $0.utf8Span.upperBound <= end }.prefix(limits.chunkCount)
        if shown.count < chunks.count {
            document.warnings.append("the preview shows the first \(shown.count) of \(chunks.count) chunks")
        }
        return DocumentPreview(
            id: source.externalID, state: .indexed, byteCount: source.bytes.count, document: document,
            textByteCount: whole,
            chunks: shown.enumerated().map { ordinal, chunk in
                DocumentPreview.ChunkView(
                    ordinal: ordinal, headingPath: chunk.headingPath, text: chunk.text,
                    span: UTF8SpanValue(chunk.utf8Span), tokenCount: chunk.tokenCount,
                    embeddedText: chunk.embeddedText(title: extracted.title))
            },
            chunkCount: chunks.count, tokenCount: chunks.reduce(0) { $0 + $1.tokenCount })
    }

    private static func failure(_ id: String, _ byteCount: Int, _ error: IngestionError) -> DocumentPreview {
        DocumentPreview(id: id, state: .failed, error: error.description, byteCount: byteCount)
    }

    private static func container(_ source: SourceDocument) -> SourceFormat? {
        let format = try? SourceFormat.sniff(
            source.bytes, fileName: source.fileName, contentType: source.contentType)
        return format?.isContainer == true ? format : nil
    }

    /// The end of the last whole character within `limit` bytes.
    private static func end(of text: String, atMost limit: Int) -> Int {
        let bytes = text.utf8
        guard bytes.count > limit else { return bytes.count }
        var index = bytes.index(bytes.startIndex, offsetBy: max(0, limit))
        var end = max(0, limit)
        while end > 0, bytes[index] & 0xC0 == 0x80 {
            index = bytes.index(before: index)
            end -= 1
        }
        return end
    }
}
