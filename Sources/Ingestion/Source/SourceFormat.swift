/// The formats that ingestion reads, and how one is told from another.
///
/// A signature in the bytes goes first (PDF, zip and its kinds), then a specific declared Content-Type, the file's
/// extension and a look at the text. Bytes that are no text, or that start with the signature of a format this version
/// can't read, are refused whatever they are called.
public enum SourceFormat: String, Sendable, CaseIterable {
    /// HTML and XHTML.
    case html = "text/html"
    /// Markdown, with front matter and tables.
    case markdown = "text/markdown"
    /// Plain text.
    case text = "text/plain"
    /// JSON Lines: a document a line.
    case jsonLines = "application/jsonl"
    /// JSON: one document.
    case json = "application/json"
    /// Comma-separated values (or semicolons, bars).
    case csv = "text/csv"
    /// Tab-separated values.
    case tsv = "text/tab-separated-values"
    /// Word documents (Office Open XML).
    case docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    /// Excel workbooks (Office Open XML).
    case xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    /// PowerPoint presentations (Office Open XML).
    case pptx = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
    /// OpenDocument texts.
    case odt = "application/vnd.oasis.opendocument.text"
    /// OpenDocument spreadsheets.
    case ods = "application/vnd.oasis.opendocument.spreadsheet"
    /// OpenDocument presentations.
    case odp = "application/vnd.oasis.opendocument.presentation"
    /// EPUB books.
    case epub = "application/epub+zip"
    /// A mail message.
    case mail = "message/rfc822"
    /// A mailbox (mbox): a document a message.
    case mailbox = "application/mbox"
    /// PDF with a text layer.
    case pdf = "application/pdf"
    /// A zip, tar or 7-Zip file: a document an entry.
    case archive = "application/zip"

    /// The media type stored with the document.
    public var contentType: String { rawValue }

    /// The format that goes with a file extension (without the dot, any case), nil if none does.
    public init?(fileExtension: String) {
        switch fileExtension.lowercased() {
        case "html", "htm", "xhtml", "xht", "shtml": self = .html
        case "md", "markdown", "mdown", "mkd", "mdx": self = .markdown
        case "txt", "text", "rst", "adoc", "asciidoc", "org", "log": self = .text
        case "jsonl", "ndjson": self = .jsonLines
        case "json": self = .json
        case "csv": self = .csv
        case "tsv", "tab": self = .tsv
        case "docx", "docm", "dotx": self = .docx
        case "xlsx", "xlsm": self = .xlsx
        case "pptx", "pptm", "ppsx": self = .pptx
        case "odt", "ott": self = .odt
        case "ods": self = .ods
        case "odp": self = .odp
        case "epub": self = .epub
        case "eml": self = .mail
        case "mbox": self = .mailbox
        case "pdf": self = .pdf
        case "zip", "tar", "tgz", "tbz2", "txz", "7z": self = .archive
        default: return nil
        }
    }

    /// The format a Content-Type names, nil if it names none or says too little.
    init?(mediaType: String) {
        switch mediaType {
        case "text/html", "application/xhtml+xml": self = .html
        case "text/markdown", "text/x-markdown": self = .markdown
        case "application/jsonl", "application/x-ndjson", "application/ndjson", "application/jsonlines",
            "application/x-jsonlines":
            self = .jsonLines
        case "application/x-tar", "application/x-zip-compressed", "application/x-7z-compressed": self = .archive
        default:
            // text/plain says too little: senders write it for Markdown, CSV and all the rest.
            guard let format = SourceFormat(rawValue: mediaType), format != .text else { return nil }
            self = format
        }
    }

    /// Whether the file holds documents instead of being one.
    public var isContainer: Bool { self == .archive || self == .mailbox || self == .jsonLines }

    /// Whether the document is text in some encoding, to be converted before it is read.
    var isText: Bool {
        switch self {
        case .html, .markdown, .text, .jsonLines, .json, .csv, .tsv: true
        default: false
        }
    }

    /// Whether damaged bytes may be in it: the format says itself what it is.
    private var isPacked: Bool {
        switch self {
        case .docx, .xlsx, .pptx, .odt, .ods, .odp, .epub, .pdf, .archive: true
        default: false
        }
    }

    /// Tells the format of a document.
    /// - Parameters:
    ///   - bytes: the document, in any encoding; the first few kilobytes are looked at.
    ///   - fileName: the name it came under, if any.
    ///   - contentType: the declared Content-Type, if any.
    /// - Returns: the format.
    /// - Throws: `IngestionError.unsupportedFormat`, `IngestionError.binary`.
    public static func sniff(
        _ bytes: [UInt8], fileName: String?, contentType: String?
    ) throws(IngestionError) -> SourceFormat {
        let name = fileName ?? "the document"
        let ending = Self.fileExtension(of: fileName)
        if let format = PackedFormat.signature(of: bytes, fileName: fileName) { return format }
        if let known = ForeignFormat.signature(of: bytes, fileExtension: ending) { throw known.error }
        let media = MediaType(contentType)
        if bytes.isEmpty { return SourceFormat(fileExtension: ending) ?? .text }
        if let format = SourceFormat(mediaType: media.essence) ?? SourceFormat(fileExtension: ending), format.isPacked {
            throw .damaged(format: format.name, reason: "it doesn't start as one")
        }
        if TextEncoding.looksBinary(bytes), !MailPart.looksLikeMail(bytes, ending: ending) { throw .binary(name: name) }
        if let format = SourceFormat(mediaType: media.essence) { return format }
        if let format = SourceFormat(fileExtension: ending) { return format }
        if let foreign = ForeignFormat(mediaType: media.essence) ?? ForeignFormat(fileExtension: ending) {
            throw foreign.error
        }
        if media.essence == "text/plain" { return .text }
        if Mailbox.matches(bytes) { return .mailbox }
        return looksLikeHTML(bytes) ? .html : .text
    }

    /// What a user calls the format.
    var name: String {
        switch self {
        case .docx: "Word document"
        case .xlsx, .ods: "spreadsheet"
        case .pptx, .odp: "presentation"
        case .odt: "OpenDocument file"
        case .epub: "e-book"
        case .pdf: "PDF"
        case .archive: "archive"
        default: rawValue
        }
    }

    /// The part of a file name after its last dot, lower-cased; empty if there is none.
    static func fileExtension(of fileName: String?) -> String {
        guard let last = fileName?.split(separator: "/").last, let dot = last.lastIndex(of: "."), dot > last.startIndex
        else { return "" }
        return last[last.index(after: dot)...].lowercased()
    }

    /// Whether the start of the document is HTML's: a doctype or one of the elements a page begins with.
    static func looksLikeHTML(_ bytes: [UInt8]) -> Bool {
        // NUL bytes go, so that UTF-16 reads as ASCII here.
        let head = String(decoding: bytes.prefix(2048).filter { $0 != 0 && $0 < 0x80 }, as: UTF8.self).lowercased()
        let start = head.drop { $0.isWhitespace }
        for opening in ["<!doctype html", "<html", "<head", "<body", "<title", "<div", "<p>", "<h1", "<table", "<ul>"]
        where start.hasPrefix(opening) { return true }
        guard start.hasPrefix("<?xml") || start.hasPrefix("<!--") else { return false }
        return head.contains("<html") || head.contains("<!doctype html")
    }
}

/// A Content-Type header's two parts that matter here.
struct MediaType {
    /// Type and subtype, lower-cased; empty when there is none.
    let essence: String
    /// The `charset` parameter, as written.
    let charset: String?

    init(_ contentType: String?) {
        let parts = (contentType ?? "").split(separator: ";").map { String($0).trimmingWhitespace() }
        essence = parts.first?.lowercased() ?? ""
        charset = parts.dropFirst().first { $0.lowercased().hasPrefix("charset=") }
            .map { String($0.dropFirst("charset=".count)).trimmingCharacters("\"' ") }
    }
}
