/// DOCX to blocks: headings by style or outline level, lists by numbering, tables, pictures' descriptions, footnotes.
///
/// Deleted text of tracked changes, field codes and the repetition of text boxes for old programs are left out.
///
/// Source: ECMA-376, Office Open XML, part 1, section 17 (WordprocessingML).
struct WordExtractor {
    private static let format = "Word document"

    private let tree: XMLTree
    private var styles: WordStyles
    private var builder = DocumentBuilder()

    private init(_ tree: XMLTree, styles: WordStyles) {
        self.tree = tree
        self.styles = styles
    }

    /// Extracts a document.
    /// - Throws: `IngestionError`: damaged, encrypted or over a limit.
    static func extract(_ bytes: [UInt8]) throws(IngestionError) -> ExtractedDocument {
        let package = try OfficePackage(bytes, format: format) {
            $0.hasPrefix("word/") && $0.hasSuffix(".xml") && !$0.hasPrefix("word/theme") || $0 == "docProps/core.xml"
        }
        let styles = WordStyles(
            styles: try package.tree("word/styles.xml"), numbering: try package.tree("word/numbering.xml"))
        var extractor = WordExtractor(try package.requiredTree("word/document.xml"), styles: styles)
        if let body = extractor.tree.first("body") { extractor.blocks(of: body) }
        var builder = extractor.builder
        if let notes = try package.tree("word/footnotes.xml") {
            var reader = WordExtractor(notes, styles: extractor.styles)
            reader.builder = builder
            for note in notes.all("footnote") where notes.value("type", of: note) == nil { reader.blocks(of: note) }
            builder = reader.builder
        }
        let first = builder.firstHeading?.title
        var document = builder.finish(format: .docx)
        try package.properties("docProps/core.xml", into: &document)
        if document.title.isEmpty { document.title = first ?? "" }
        return document
    }

    private mutating func blocks(of parent: Int) {
        var index = parent + 1
        while index < tree.end(parent) {
            switch tree.name(index) {
            case "p": paragraph(index)
            case "tbl": table(index)
            // Content controls, inserted text and the like hold blocks of their own.
            case "sdt", "sdtContent", "ins", "customXml", "smartTag":
                index += 1
                continue
            default: break
            }
            index = tree.end(index)
        }
    }

    private mutating func paragraph(_ index: Int) {
        let properties = tree.child("pPr", of: index)
        var images: [String] = []
        let text = line(index, &images)
        if let level = styles.headingLevel(tree, properties) {
            builder.heading(text.map { $0 == 0x0A ? 0x20 : $0 }, level: level)
        } else if !text.isEmpty, let item = styles.listMarker(tree, properties) {
            builder.listItem(text, marker: item.marker, level: item.level)
        } else {
            builder.append(text, kind: .paragraph)
        }
        for image in images { builder.appendOnce(Array(image.utf8), kind: .image) }
    }

    /// The paragraph's text; descriptions of pictures come separately.
    private func line(_ parent: Int, _ images: inout [String]) -> [UInt8] {
        var line = InlineText()
        var index = parent + 1
        while index < tree.end(parent) {
            switch tree.name(index) {
            case "t":
                for at in index + 1..<tree.end(index) where tree.isText(at) { line.append(tree.text(at)) }
            case "tab": line.space()
            case "br", "cr": line.lineBreak()
            case "noBreakHyphen": line.append("-")
            case "docPr":
                if let description = tree.value("descr", of: index), description.split(separator: " ").count >= 4 {
                    images.append(description)
                }
            case "pPr", "rPr", "del", "instrText", "Fallback", "tbl":
                index = tree.end(index)
                continue
            case "p": line.lineBreak()
            default: break
            }
            index += 1
        }
        return line.finish()
    }

    private mutating func table(_ index: Int) {
        var table = TableText()
        var hasHeader = false
        var images: [String] = []
        for row in tree.all("tr", in: index) {
            if table.rowCount == 0, let properties = tree.child("trPr", of: row) {
                hasHeader = tree.child("tblHeader", of: properties) != nil
            }
            for cell in tree.children(of: row) where tree.name(cell) == "tc" {
                table.cell(line(cell, &images)[...])
            }
            table.endRow()
        }
        // Programs mark a header by the table's looks more often than by the row.
        let look = tree.child("tblPr", of: index).flatMap { tree.child("tblLook", of: $0) }
        if let look, tree.value("firstRow", of: look) == "1" { hasHeader = true }
        builder.table(table, hasHeader: hasHeader)
    }
}
