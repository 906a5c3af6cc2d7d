/// Tells the formats that are not text by their bytes: PDF, and what a zip or tar file is.
enum PackedFormat {
    /// The format of these bytes, nil if they are none of these.
    static func signature(of bytes: [UInt8], fileName: String?) -> SourceFormat? {
        // Programs write a few bytes before a PDF's start, and readers allow it.
        if holds("%PDF-", bytes.prefix(1024)), !SourceFormat.looksLikeHTML(bytes) {
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
        if holds("mimetype", head) {
            for format in declared where holds(format.rawValue, head) { return format }
        }
        // The names are together at the end.
        let directory = bytes.suffix(1 << 17)
        let parts: [(String, SourceFormat)] = [
            ("word/document.xml", .docx), ("xl/workbook.xml", .xlsx), ("ppt/presentation.xml", .pptx),
        ]
        if holds("[Content_Types].xml", directory) {
            for (name, format) in parts where holds(name, directory) { return format }
        }
        if let format = SourceFormat(fileExtension: ending),
            [.docx, .xlsx, .pptx, .odt, .ods, .odp, .epub].contains(format)
        {
            return format
        }
        return .archive
    }

    private static func holds(_ text: String, _ bytes: ArraySlice<UInt8>) -> Bool {
        let wanted = Array(text.utf8)
        var rest = bytes
        while let at = rest.firstIndex(of: wanted[0]) {
            rest = rest[at...]
            if rest.starts(with: wanted) { return true }
            rest = rest.dropFirst()
        }
        return false
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
