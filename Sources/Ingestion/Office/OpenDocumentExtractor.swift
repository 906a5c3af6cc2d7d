/// ODT, ODS and ODP to blocks: headings with their outline level, lists, tables and sheets, slides.
///
/// Source: OASIS Open Document Format 1.3, part 3 (schema).
struct OpenDocumentExtractor {
    private static let format = "OpenDocument file"
    /// A cell or row that stands for many is repeated at most so often.
    private static let mostRepeats = 200

    private let tree: XMLTree
    private let orderedLists: Set<String>
    private var builder = DocumentBuilder()

    /// Extracts a document; `format` is the kind the caller knows it to be.
    /// - Throws: `IngestionError`: damaged, encrypted or over a limit.
    static func extract(_ bytes: [UInt8], format kind: SourceFormat) throws(IngestionError) -> ExtractedDocument {
        let wanted: Set<String> = ["content.xml", "meta.xml", "META-INF/manifest.xml"]
        let package = try OfficePackage(bytes, format: format) { wanted.contains($0) }
        if let manifest = try package.tree("META-INF/manifest.xml"), manifest.first("encryption-data") != nil {
            throw .encrypted(format: format)
        }
        let tree = try package.requiredTree("content.xml")
        var extractor = OpenDocumentExtractor(tree)
        if let body = tree.first("body") { extractor.blocks(of: body, list: nil) }
        let first = extractor.builder.firstHeading?.title
        var document = extractor.builder.finish(format: kind)
        try package.properties("meta.xml", into: &document)
        if document.title.isEmpty { document.title = first ?? "" }
        return document
    }

    private init(_ tree: XMLTree) {
        self.tree = tree
        var ordered: Set<String> = []
        for style in tree.all("list-style") {
            // The kind of a list's first level stands for the list.
            if let first = tree.children(of: style).first, tree.name(first) == "list-level-style-number",
                let name = tree.value("name", of: style)
            {
                ordered.insert(name)
            }
        }
        orderedLists = ordered
    }

    private struct List {
        var level: Int
        var isOrdered: Bool
        var number = 0
    }

    private mutating func blocks(of parent: Int, list: List?) {
        var index = parent + 1
        while index < tree.end(parent) {
            switch tree.name(index) {
            case "h":
                let level = tree.value("outline-level", of: index).flatMap { Int($0) } ?? 1
                builder.heading(line(index).map { $0 == 0x0A ? 0x20 : $0 }, level: level)
            case "p": builder.append(line(index), kind: .paragraph)
            case "list": items(of: index, inside: list)
            case "table": table(index)
            case "page":
                let title = tree.all("frame", in: index).first { tree.value("class", of: $0) == "title" }
                let name = title.map { tree.plainText($0) } ?? ""
                builder.heading(name.isEmpty ? tree.value("name", of: index) ?? "" : name, level: 2)
                index += 1
                continue
            case "frame":
                if tree.value("class", of: index) != "title" {
                    index += 1
                    continue
                }
            case "notes", "forms", "tracked-changes", "sequence-decls", "table-of-content", "alphabetical-index",
                "annotation":
                break
            case "desc":
                let text = tree.plainText(index)
                if text.split(separator: " ").count >= 4 { builder.appendOnce(Array(text.utf8), kind: .image) }
            default:
                index += 1
                continue
            }
            index = tree.end(index)
        }
    }

    private mutating func items(of index: Int, inside outer: List?) {
        let style = tree.value("style-name", of: index)
        let isOrdered = style.map { orderedLists.contains($0) } ?? outer?.isOrdered ?? false
        var list = List(level: (outer?.level ?? 0) + 1, isOrdered: isOrdered)
        for item in tree.children(of: index) where tree.name(item) == "list-item" || tree.name(item) == "list-header" {
            list.number += 1
            var marker = list.isOrdered ? "\(list.number). " : "- "
            for child in tree.children(of: item) {
                switch tree.name(child) {
                case "p", "h":
                    builder.listItem(line(child), marker: marker, level: list.level)
                    marker = ""
                case "list": if list.level < 16 { items(of: child, inside: list) }
                default: break
                }
            }
        }
    }

    private func line(_ parent: Int) -> [UInt8] {
        var line = InlineText()
        var index = parent + 1
        while index < tree.end(parent) {
            if tree.isText(index) { line.append(tree.text(index)) }
            switch tree.name(index) {
            case "s", "tab": line.space()
            case "line-break": line.lineBreak()
            case "note", "annotation", "frame", "table":
                index = tree.end(index)
                continue
            case "p": line.space()
            default: break
            }
            index += 1
        }
        return line.finish()
    }

    private mutating func table(_ index: Int) {
        let isSheet = tree.name(Int(tree.nodes[index].parent)) == "spreadsheet"
        if isSheet, let name = tree.value("name", of: index) { builder.heading(name, level: 2) }
        var table = TableText()
        var hasHeader = isSheet
        for row in tree.all("table-row", in: index) {
            let isMarked = tree.name(Int(tree.nodes[row].parent)) == "table-header-rows"
            if table.rowCount == 0, isMarked { hasHeader = true }
            let cells = tree.children(of: row).filter {
                tree.name($0) == "table-cell" || tree.name($0) == "covered-table-cell"
            }
            for cell in cells {
                let text = cellText(cell)
                let wanted = tree.value("number-columns-repeated", of: cell).flatMap { Int($0) } ?? 1
                for _ in 0..<(text.isEmpty ? min(wanted, 50) : min(wanted, Self.mostRepeats)) { table.cell(text[...]) }
            }
            table.endRow()
        }
        builder.table(table, hasHeader: hasHeader)
    }

    private func cellText(_ cell: Int) -> [UInt8] {
        let paragraphs = tree.children(of: cell).map { line($0) }.filter { !$0.isEmpty }
        return Array(paragraphs.joined(separator: [0x20]))
    }
}
