import Storage

/// A mail message to blocks: the text under its subject, sender and date as metadata, attachments named but not read.
///
/// Of alternatives the plain text is taken, unless there is hardly any; HTML is read as a fragment: in mail there is no
/// chrome to leave out.
struct MailExtractor {
    /// Multipart bodies nested deeper aren't entered.
    private static let maxDepth = 16
    /// Parts of a message, all levels together.
    private static let mostParts = 1000

    private var builder = DocumentBuilder()
    private var attachments: [String] = []
    private var partCount = 0

    /// Extracts a message.
    /// - Throws: `IngestionError` for mark-up over a limit; never for damaged encodings.
    static func extract(_ bytes: [UInt8]) throws(IngestionError) -> ExtractedDocument {
        let message = MailPart(bytes[...])
        var extractor = MailExtractor()
        let subject = message.text(of: "subject")
        if let subject { extractor.builder.heading(subject, level: 1) }
        try extractor.add(message, depth: 0)
        let attachments = extractor.attachments
        var document = extractor.builder.finish(format: .mail)
        document.title = subject ?? ""
        for (header, key) in [("from", "author"), ("to", "to"), ("cc", "cc"), ("date", "published")] {
            if let value = message.text(of: header) { document.metadata[key] = .string(value) }
        }
        if !attachments.isEmpty {
            document.metadata["attachments"] = .array(attachments.map { .string($0) })
            document.warnings.append("attachments are not indexed: \(attachments.joined(separator: ", "))")
        }
        return document
    }

    private mutating func add(_ part: MailPart, depth: Int) throws(IngestionError) {
        partCount += 1
        guard depth <= Self.maxDepth, partCount <= Self.mostParts else { return }
        let type = part.mediaType
        if type == "multipart/alternative" {
            if let best = Self.best(of: part.parts()) { try add(best, depth: depth + 1) }
            return
        }
        if type.hasPrefix("multipart/") {
            for inner in part.parts() { try add(inner, depth: depth + 1) }
            return
        }
        let name = part.parameter("filename", of: "content-disposition") ?? part.parameter("name", of: "content-type")
        let disposition = part.headers["content-disposition"]?.lowercased() ?? ""
        if disposition.hasPrefix("attachment") || name != nil || !type.hasPrefix("text/") {
            attachments.append(MailEncoding.words(name ?? type))
            return
        }
        try text(part, type: type)
    }

    private mutating func text(_ part: MailPart, type: String) throws(IngestionError) {
        let isHTML = type == "text/html"
        let charset = part.parameter("charset", of: "content-type")
        let decoded = try TextEncoding.decode(part.decodedBody(), charset: charset, isHTML: isHTML)
        if isHTML {
            try HTMLExtractor.append(fragment: decoded.bytes, to: &builder)
        } else {
            PlainTextExtractor.append(decoded.bytes, to: &builder)
        }
    }

    /// The plain text of alternatives if it says something, else the richest that can be read.
    private static func best(of parts: [MailPart]) -> MailPart? {
        let plain = parts.first { $0.mediaType == "text/plain" }
        let rich = parts.last { $0.mediaType == "text/html" || $0.mediaType.hasPrefix("multipart/") }
        guard let rich else { return plain ?? parts.last }
        guard let plain, plain.decodedBody().count(where: { $0 > 0x20 }) >= 40 else { return rich }
        return plain
    }
}
