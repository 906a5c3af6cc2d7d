import Storage

/// EPUB to blocks: the chapters in reading order, each read as HTML; title, author and language from the package file.
///
/// Source: W3C EPUB 3.3, sections 4 (container) and 5 (package document).
struct EPUBExtractor {
    private static let format = "e-book"

    /// Extracts a book.
    /// - Throws: `IngestionError`: damaged, encrypted or over a limit.
    static func extract(_ bytes: [UInt8]) throws(IngestionError) -> ExtractedDocument {
        let package = try OfficePackage(bytes, format: format) { name in
            let ending = SourceFormat.fileExtension(of: name)
            return ["xml", "opf", "xhtml", "html", "htm"].contains(ending)
        }
        let container = try package.requiredTree("META-INF/container.xml")
        guard let root = container.first("rootfile").flatMap({ container.value("full-path", of: $0) }) else {
            throw .damaged(format: format, reason: "its container names no package file")
        }
        let book = try package.requiredTree(root)
        let folder = root.split(separator: "/").dropLast().map(String.init)
        var builder = DocumentBuilder()
        var missing = 0
        for name in chapters(of: book, folder: folder) {
            guard let bytes = package.bytes(name) else {
                missing += 1
                continue
            }
            let page = try TextEncoding.decode(bytes, charset: nil, isHTML: true)
            try HTMLExtractor.append(fragment: page.bytes, to: &builder)
        }
        // A book without readable chapters is locked more often than it is empty.
        if package.bytes("META-INF/encryption.xml") != nil, builder.byteCount == 0 { throw .encrypted(format: format) }
        let first = builder.firstHeading?.title
        var document = builder.finish(format: .epub)
        try package.properties(root, into: &document)
        if document.title.isEmpty { document.title = first ?? "" }
        if missing > 0 { document.warnings.append("\(missing) chapters are missing from the file") }
        return document
    }

    /// The chapters' names in the package, in reading order, without the table of contents.
    private static func chapters(of book: XMLTree, folder: [String]) -> [String] {
        var items: [String: String] = [:]
        for item in book.all("item") {
            guard let id = book.value("id", of: item), let target = book.value("href", of: item) else { continue }
            let properties = book.value("properties", of: item)?.split(separator: " ") ?? []
            if properties.contains("nav") { continue }
            let path = target.split(separator: "#").first.map(String.init) ?? target
            items[id] = OfficePackage.resolve(path.removingPercentEscapes(), from: folder)
        }
        return book.all("itemref").compactMap { reference in
            book.value("linear", of: reference) == "no"
                ? nil : book.value("idref", of: reference).flatMap { items[$0] }
        }
    }
}

extension String {
    /// The text with `%20` and the like decoded; as it is when they don't decode to UTF-8.
    func removingPercentEscapes() -> String {
        var bytes: [UInt8] = []
        var rest = Array(utf8)[...]
        while let byte = rest.popFirst() {
            if byte == 0x25, rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self) ?? self
    }
}
