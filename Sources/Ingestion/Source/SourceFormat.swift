/// The formats that ingestion reads, and how one is told from another.
///
/// A specific declared Content-Type goes first, then the file's extension, then a look at the bytes. Bytes that are no
/// text, or that start with the signature of a format this version can't read, are refused whatever they are called.
public enum SourceFormat: String, Sendable, CaseIterable {
    /// HTML and XHTML.
    case html = "text/html"
    /// Markdown, with front matter and tables.
    case markdown = "text/markdown"
    /// Plain text.
    case text = "text/plain"
    /// JSON Lines: a document a line.
    case jsonLines = "application/jsonl"

    /// The media type stored with the document.
    public var contentType: String { rawValue }

    /// The format that goes with a file extension (without the dot, any case), nil if none does.
    public init?(fileExtension: String) {
        switch fileExtension.lowercased() {
        case "html", "htm", "xhtml", "xht", "shtml": self = .html
        case "md", "markdown", "mdown", "mkd", "mdx": self = .markdown
        case "txt", "text", "rst", "adoc", "asciidoc", "org", "log", "csv", "tsv": self = .text
        case "jsonl", "ndjson": self = .jsonLines
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
        default: return nil
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
        if let known = ForeignFormat.signature(of: bytes, fileExtension: ending) { throw known.error }
        let media = MediaType(contentType)
        if bytes.isEmpty { return SourceFormat(fileExtension: ending) ?? .text }
        if TextEncoding.looksBinary(bytes) { throw .binary(name: name) }
        if let format = SourceFormat(mediaType: media.essence) { return format }
        if let format = SourceFormat(fileExtension: ending) { return format }
        if let foreign = ForeignFormat(mediaType: media.essence) ?? ForeignFormat(fileExtension: ending) {
            throw foreign.error
        }
        if media.essence == "text/plain" { return .text }
        return looksLikeHTML(bytes) ? .html : .text
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
