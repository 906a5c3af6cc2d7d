/// Tells the formats that are not text by their bytes: PDF, and what a zip or tar file is.
enum PackedFormat {
    /// The format of these bytes, nil if they are none of these.
    static func signature(of bytes: [UInt8], fileName: String?) -> SourceFormat? {
        // Programs write a few bytes before a PDF's start, and readers allow it.
        if bytes.prefix(1024).firstRange(of: Array("%PDF-".utf8)) != nil, !SourceFormat.looksLikeHTML(bytes) {
            return .pdf
        }
        let ending = SourceFormat.fileExtension(of: fileName)
        if bytes.starts(with: [0x50, 0x4B, 3, 4]) || bytes.starts(with: [0x50, 0x4B, 5, 6]) {
            return zipped(bytes, ending: ending)
        }
        // An office document with a password is no zip, but its reader says so.
        if bytes.starts(with: [0xD0, 0xCF, 0x11, 0xE0]), let format = SourceFormat(fileExtension: ending),
            [.docx, .xlsx, .pptx].contains(format)
        {
            return format
        }
        if bytes.count > 262, bytes[257..<262].elementsEqual("ustar".utf8) { return .archive }
        if bytes.starts(with: Array("7z".utf8) + [0xBC, 0xAF]) { return .archive }
        return packedTar(bytes, fileName: fileName?.lowercased() ?? "") ? .archive : nil
    }

    /// What a zip file is: its `mimetype` entry says it, else the names of its parts, else its extension.
    private static func zipped(_ bytes: [UInt8], ending: String) -> SourceFormat {
        let head = bytes.prefix(256)
        let declared: [SourceFormat] = [.epub, .ods, .odp, .odt]
        if head.firstRange(of: Array("mimetype".utf8)) != nil {
            for format in declared where head.firstRange(of: Array(format.rawValue.utf8)) != nil { return format }
        }
        // The names are together at the end.
        let directory = bytes.suffix(1 << 17)
        let parts: [(String, SourceFormat)] = [
            ("word/document.xml", .docx), ("xl/workbook.xml", .xlsx), ("ppt/presentation.xml", .pptx),
        ]
        if directory.firstRange(of: Array("[Content_Types].xml".utf8)) != nil {
            for (name, format) in parts where directory.firstRange(of: Array(name.utf8)) != nil { return format }
        }
        if let format = SourceFormat(fileExtension: ending),
            [.docx, .xlsx, .pptx, .odt, .ods, .odp, .epub].contains(format)
        {
            return format
        }
        return .archive
    }

    /// Whether it is a tar file packed by a filter: gzip and the like pack single files too.
    private static func packedTar(_ bytes: [UInt8], fileName: String) -> Bool {
        let filters: [[UInt8]] = [
            [0x1F, 0x8B], Array("BZh".utf8), [0xFD, 0x37, 0x7A, 0x58, 0x5A], [0x28, 0xB5, 0x2F, 0xFD],
        ]
        guard filters.contains(where: { bytes.starts(with: $0) }) else { return false }
        return fileName.contains(".tar.") || [".tgz", ".tbz2", ".txz", ".tzst"].contains { fileName.hasSuffix($0) }
    }
}
