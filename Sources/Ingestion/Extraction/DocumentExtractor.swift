import Storage

/// Turns the bytes of a document into its main content: tells format and encoding, then reads it.
///
/// ```swift
/// let document = try DocumentExtractor().extract(SourceDocument(externalID: "a", bytes: html, fileName: "a.html"))
/// ```
public struct DocumentExtractor: Sendable {
    /// Changes when the same bytes would give another text, so that unchanged files are read again.
    public static let version = 4
    /// The default size limit of one document: 32 MiB.
    ///
    /// A document, its text and its vectors are in memory together until they are stored in one transaction, so a limit
    /// is what keeps memory bounded. A larger file is refused before it is read, but for plain text, which comes in parts; JSON Lines files have no limit, since
    /// each of their lines is a document.
    public static let defaultByteLimit = 32 << 20
    /// The most bytes of a title; longer ones are cut at a word.
    public static let longestTitle = 200
    /// The most bytes of a value that the document's own metadata gives.
    private static let longestValue = 2000

    /// The size limit of one document in bytes.
    public let byteLimit: Int

    /// Makes an extractor that refuses documents of more than `byteLimit` bytes.
    public init(byteLimit: Int = defaultByteLimit) {
        self.byteLimit = byteLimit
    }

    /// Extracts one document; with `explaining`, it says what was left out of a page and why.
    ///
    /// The title is the sender's, else the document's, else the file's name. What the sender says goes before what the
    /// document says, value by value.
    /// - Throws: `IngestionError`: too large, binary, a foreign format, hostile mark-up, no text, filler. A JSON Lines file is
    ///   no document: its lines are (``JSONLines``).
    public func extract(
        _ source: SourceDocument, explaining: Bool = false
    ) throws(IngestionError) -> ExtractedDocument {
        guard source.bytes.count <= byteLimit else {
            throw .tooLarge(byteCount: source.bytes.count, limit: byteLimit)
        }
        let format = try SourceFormat.sniff(source.bytes, fileName: source.fileName, contentType: source.contentType)
        var document =
            format.isText
            ? try extractText(source, as: format, explaining: explaining)
            : try extractPacked(source.bytes, as: format)
        guard !document.blocks.isEmpty else { throw .noText }
        guard !FillerText.matches(document.text.utf8.span) else { throw .filler(byteCount: document.text.utf8.count) }
        complete(&document, from: source)
        return document
    }

    private func extractText(
        _ source: SourceDocument, as format: SourceFormat, explaining: Bool
    ) throws(IngestionError) -> ExtractedDocument {
        let charset = MediaType(source.contentType).charset
        let decoded = try TextEncoding.decode(source.bytes, charset: charset, isHTML: format == .html)
        var document: ExtractedDocument
        switch format {
        case .html: document = try HTMLExtractor.extract(decoded.bytes, explaining: explaining)
        case .markdown: document = try MarkdownExtractor.extract(decoded.bytes)
        case .json: document = try JSONExtractor.extract(decoded.bytes)
        case .csv, .tsv:
            document = DelimitedExtractor.extract(decoded.bytes, isTab: format == .tsv, format: format)
        case .jsonLines: throw Self.container("JSON Lines", "line")
        default: document = PlainTextExtractor.extract(decoded.bytes)
        }
        (document.encoding, document.isEncodingGuessed) = (decoded.name, decoded.isGuessed)
        if decoded.replacementCount > 0 {
            document.warnings.append(
                "\(decoded.replacementCount) byte sequences are not \(decoded.name) and became U+FFFD: save it as UTF-8"
            )
        }
        return document
    }

    private func extractPacked(_ bytes: [UInt8], as format: SourceFormat) throws(IngestionError) -> ExtractedDocument {
        switch format {
        case .docx: return try WordExtractor.extract(bytes)
        case .xlsx: return try SpreadsheetExtractor.extract(bytes)
        case .pptx: return try PresentationExtractor.extract(bytes)
        case .odt, .ods, .odp: return try OpenDocumentExtractor.extract(bytes, format: format)
        case .epub: return try EPUBExtractor.extract(bytes)
        case .mail: return try MailExtractor.extract(bytes)
        case .pdf: return try PDFExtractor.extract(bytes)
        case .mailbox: throw Self.container("A mailbox", "message")
        default: throw Self.container("An archive", "file")
        }
    }

    private static func container(_ name: String, _ part: String) -> IngestionError {
        .unsupportedFormat(format: "\(name) as one document", advice: "ingest it: every \(part) is a document")
    }

    private func complete(_ document: inout ExtractedDocument, from source: SourceDocument) {
        if let title = source.title, !title.isEmpty { document.title = title }
        if document.title.isEmpty { document.title = Self.stem(of: source.fileName) }
        document.title = Self.shortened(document.title, to: Self.longestTitle)
        if let url = source.url, !url.isEmpty { document.url = url }
        for (key, value) in document.metadata {
            if case .string(let text) = value {
                document.metadata[key] = .string(Self.shortened(text, to: Self.longestValue))
            }
        }
        if document.language == nil { document.language = LanguageDetector.language(of: document.text) }
        if let language = document.language, document.metadata["language"] == nil {
            document.metadata["language"] = .string(language)
        }
        document.metadata.merge(source.metadata) { _, given in given }
    }

    private static func stem(of fileName: String?) -> String {
        guard let name = fileName?.split(separator: "/").last else { return "" }
        guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return String(name) }
        return String(name[..<dot])
    }

    /// At most `limit` bytes of a line: cut at a space if there is one, at a character if not.
    static func shortened(_ text: String, to limit: Int) -> String {
        var line = InlineText()
        line.append(text)
        let bytes = line.finish().map { $0 == 0x0A ? 0x20 : $0 }
        guard bytes.count > limit else { return String(decoding: bytes, as: UTF8.self) }
        var end = limit
        while end > limit / 2, bytes[end] != 0x20 { end -= 1 }
        if bytes[end] != 0x20 {
            end = limit
            while end > 0, bytes[end] & 0xC0 == 0x80 { end -= 1 }
        }
        return String(decoding: bytes[..<end], as: UTF8.self)
    }
}
