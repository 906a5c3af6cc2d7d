/// Formats that users do have but this version can't read, with what to do about each.
struct ForeignFormat {
    let name: String
    let advice: String

    var error: IngestionError { .unsupportedFormat(format: name, advice: advice) }

    private init(_ name: String, _ advice: String) {
        self.name = name
        self.advice = advice
    }

    private static let toHTML = "convert it to HTML, Markdown or text"

    /// The format a file extension stands for, nil if it is none of these.
    init?(fileExtension: String) {
        switch fileExtension {
        case "pdf": self.init("PDF", "convert it to text (pdftotext) or HTML")
        case "doc", "docx", "odt", "rtf", "pages": self.init("a word processor's \(fileExtension)", Self.toHTML)
        case "xls", "xlsx", "ods": self.init("a spreadsheet's \(fileExtension)", "export it as HTML or text")
        case "ppt", "pptx", "odp": self.init("a presentation's \(fileExtension)", Self.toHTML)
        case "epub", "mobi": self.init("an e-book's \(fileExtension)", Self.toHTML)
        case "zip", "tar", "gz", "tgz", "bz2", "xz", "7z", "rar", "zst":
            self.init("an archive (\(fileExtension))", "unpack it and ingest the folder")
        case "eml", "mbox", "msg": self.init("e-mail (\(fileExtension))", Self.toHTML)
        case "json": self.init("JSON", "write one document a line (JSON Lines, .jsonl)")
        case "xml": self.init("XML", Self.toHTML)
        case "png", "jpg", "jpeg", "gif", "webp", "bmp", "tif", "tiff", "ico", "heic":
            self.init("an image (\(fileExtension))", "ingest the text it belongs to")
        case "mp3", "mp4", "wav", "ogg", "webm", "mov", "avi", "mkv", "flac":
            self.init("audio or video (\(fileExtension))", "ingest a transcript")
        default: return nil
        }
    }

    /// The format a media type stands for, nil if it is none of these.
    init?(mediaType: String) {
        switch mediaType {
        case "application/pdf": self.init(fileExtension: "pdf")
        case "application/zip", "application/x-zip-compressed": self.init(fileExtension: "zip")
        case "application/gzip", "application/x-gzip": self.init(fileExtension: "gz")
        case "application/x-tar": self.init(fileExtension: "tar")
        case "application/json": self.init(fileExtension: "json")
        case "application/xml", "text/xml": self.init(fileExtension: "xml")
        case "application/msword": self.init(fileExtension: "doc")
        case "application/rtf", "text/rtf": self.init(fileExtension: "rtf")
        case "application/epub+zip": self.init(fileExtension: "epub")
        case "message/rfc822": self.init(fileExtension: "eml")
        case let type where type.hasPrefix("image/"): self.init(fileExtension: "png")
        case let type where type.hasPrefix("audio/") || type.hasPrefix("video/"): self.init(fileExtension: "mp4")
        case let type where type.hasPrefix("application/vnd.openxmlformats-officedocument.word"):
            self.init(fileExtension: "docx")
        case let type where type.hasPrefix("application/vnd.openxmlformats-officedocument.spread"):
            self.init(fileExtension: "xlsx")
        case let type where type.hasPrefix("application/vnd.openxmlformats-officedocument.pres"):
            self.init(fileExtension: "pptx")
        default: return nil
        }
    }

    /// The format whose signature the bytes start with, nil if none's; zip-based ones are told by the extension.
    static func signature(of bytes: [UInt8], fileExtension: String) -> ForeignFormat? {
        func starts(_ signature: [UInt8]) -> Bool { bytes.starts(with: signature) }
        if starts(Array("%PDF-".utf8)) { return ForeignFormat(fileExtension: "pdf") }
        if starts([0x50, 0x4B, 0x03, 0x04]) || starts([0x50, 0x4B, 0x05, 0x06]) {
            let zipped: Set<String> = ["docx", "odt", "pages", "xlsx", "ods", "pptx", "odp", "epub"]
            return ForeignFormat(fileExtension: zipped.contains(fileExtension) ? fileExtension : "zip")
        }
        if starts([0xD0, 0xCF, 0x11, 0xE0]) { return ForeignFormat(fileExtension: "doc") }
        if starts(Array("{\\rtf".utf8)) { return ForeignFormat(fileExtension: "rtf") }
        if starts([0x1F, 0x8B]) { return ForeignFormat(fileExtension: "gz") }
        if starts(Array("7z".utf8) + [0xBC, 0xAF]) { return ForeignFormat(fileExtension: "7z") }
        if starts([0xFD, 0x37, 0x7A, 0x58, 0x5A]) { return ForeignFormat(fileExtension: "xz") }
        if starts(Array("Rar!".utf8)) { return ForeignFormat(fileExtension: "rar") }
        if starts([0x89, 0x50, 0x4E, 0x47]) { return ForeignFormat(fileExtension: "png") }
        if starts([0xFF, 0xD8, 0xFF]) { return ForeignFormat(fileExtension: "jpg") }
        if starts(Array("GIF8".utf8)) { return ForeignFormat(fileExtension: "gif") }
        return nil
    }
}
