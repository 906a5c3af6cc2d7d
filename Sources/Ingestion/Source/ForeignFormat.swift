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
        case "doc", "rtf", "pages": self.init("a word processor's \(fileExtension)", "save it as .docx or .odt")
        case "xls": self.init("a spreadsheet's xls", "save it as .xlsx or .csv")
        case "ppt": self.init("a presentation's ppt", "save it as .pptx")
        case "mobi": self.init("an e-book's mobi", "convert it to EPUB")
        case "gz", "bz2", "xz", "rar", "zst":
            self.init("a packed file (\(fileExtension))", "unpack it, or pack the folder as zip or tar")
        case "msg": self.init("e-mail (msg)", "save it as .eml")
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
        case "application/gzip", "application/x-gzip": self.init(fileExtension: "gz")
        case "application/xml", "text/xml": self.init(fileExtension: "xml")
        case "application/msword": self.init(fileExtension: "doc")
        case "application/rtf", "text/rtf": self.init(fileExtension: "rtf")
        case let type where type.hasPrefix("image/"): self.init(fileExtension: "png")
        case let type where type.hasPrefix("audio/") || type.hasPrefix("video/"): self.init(fileExtension: "mp4")
        default: return nil
        }
    }

    /// The format whose signature the bytes start with, nil if none's; old office formats are told by the extension.
    static func signature(of bytes: [UInt8], fileExtension: String) -> ForeignFormat? {
        func starts(_ signature: [UInt8]) -> Bool { bytes.starts(with: signature) }
        if starts([0xD0, 0xCF, 0x11, 0xE0]) {
            let old: Set<String> = ["xls", "ppt", "msg"]
            return ForeignFormat(fileExtension: old.contains(fileExtension) ? fileExtension : "doc")
        }
        if starts(Array("{\\rtf".utf8)) { return ForeignFormat(fileExtension: "rtf") }
        if starts([0x1F, 0x8B]) { return ForeignFormat(fileExtension: "gz") }
        if starts(Array("BZh".utf8)) { return ForeignFormat(fileExtension: "bz2") }
        if starts([0x28, 0xB5, 0x2F, 0xFD]) { return ForeignFormat(fileExtension: "zst") }
        if starts([0xFD, 0x37, 0x7A, 0x58, 0x5A]) { return ForeignFormat(fileExtension: "xz") }
        if starts(Array("Rar!".utf8)) { return ForeignFormat(fileExtension: "rar") }
        if starts([0x89, 0x50, 0x4E, 0x47]) { return ForeignFormat(fileExtension: "png") }
        if starts([0xFF, 0xD8, 0xFF]) { return ForeignFormat(fileExtension: "jpg") }
        if starts(Array("GIF8".utf8)) { return ForeignFormat(fileExtension: "gif") }
        return nil
    }
}
