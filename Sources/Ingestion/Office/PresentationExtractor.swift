/// PPTX to blocks: a slide is a section under its title, its text a list or paragraphs, its notes a paragraph.
///
/// Source: ECMA-376, Office Open XML, part 1, sections 19 (PresentationML) and 21 (DrawingML).
struct PresentationExtractor {
    private static let format = "presentation"

    /// Extracts a presentation.
    /// - Throws: `IngestionError`: damaged, encrypted or over a limit.
    static func extract(_ bytes: [UInt8]) throws(IngestionError) -> ExtractedDocument {
        let package = try OfficePackage(bytes, format: format) { name in
            name == "docProps/core.xml" || name.hasPrefix("ppt/presentation") || name.hasPrefix("ppt/_rels/")
                || name.hasPrefix("ppt/slides/") || name.hasPrefix("ppt/notesSlides/")
        }
        let presentation = try package.requiredTree("ppt/presentation.xml")
        let targets = try package.relationships(of: "ppt/presentation.xml")
        var builder = DocumentBuilder()
        for (number, slide) in presentation.all("sldId").enumerated() {
            // `id` is there twice, with and without prefix; the relationship's is the last.
            guard let name = targets.first(where: { presentation.holds($0.key, of: slide) })?.value,
                let tree = try package.tree(name)
            else { continue }
            add(tree, number: number + 1, to: &builder)
            let related = try package.relationships(of: name).values
            if let notes = related.first(where: { $0.hasPrefix("ppt/notesSlides/") }),
                let tree = try package.tree(notes)
            {
                addNotes(tree, to: &builder)
            }
        }
        let first = builder.firstHeading?.title
        var document = builder.finish(format: .pptx)
        try package.properties("docProps/core.xml", into: &document)
        if document.title.isEmpty || document.title == "PowerPoint Presentation" { document.title = first ?? "" }
        return document
    }

    private static func add(_ tree: XMLTree, number: Int, to builder: inout DocumentBuilder) {
        let shapes = tree.all("sp")
        let title = shapes.first { placeholder(tree, $0).map { $0 == "title" || $0 == "ctrTitle" } ?? false }
        let name = title.map { tree.plainText($0) } ?? ""
        builder.heading(name.isEmpty ? "Slide \(number)" : name, level: 2)
        var index = 1
        while index < tree.nodes.count {
            switch tree.name(index) {
            case "sp":
                if index != title, let body = tree.child("txBody", of: index) {
                    let kind = placeholder(tree, index)
                    if kind != "sldNum", kind != "dt", kind != "ftr" {
                        text(body, isList: kind == "body" || kind == "", tree, &builder)
                    }
                }
                index = tree.end(index)
            case "tbl":
                table(index, tree, &builder)
                index = tree.end(index)
            case "pic":
                if let properties = tree.first("cNvPr", in: index),
                    let description = tree.value("descr", of: properties),
                    description.split(separator: " ").count >= 4
                {
                    builder.appendOnce(Array(description.utf8), kind: .image)
                }
                index = tree.end(index)
            case "Fallback": index = tree.end(index)
            default: index += 1
            }
        }
    }

    /// The kind of placeholder a shape is; empty for one without a kind, nil for a free shape.
    private static func placeholder(_ tree: XMLTree, _ shape: Int) -> String? {
        guard let properties = tree.child("nvSpPr", of: shape), let place = tree.first("ph", in: properties) else {
            return nil
        }
        return tree.value("type", of: place) ?? ""
    }

    private static func text(_ body: Int, isList: Bool, _ tree: XMLTree, _ builder: inout DocumentBuilder) {
        let paragraphs = tree.children(of: body).filter { tree.name($0) == "p" }
        for paragraph in paragraphs {
            let content = line(paragraph, tree)
            let properties = tree.child("pPr", of: paragraph)
            let level = properties.flatMap { tree.value("lvl", of: $0) }.flatMap { Int($0) } ?? 0
            let isPlain = properties.map { tree.child("buNone", of: $0) != nil } ?? false
            if isList, paragraphs.count > 1, !isPlain {
                builder.listItem(content, marker: "- ", level: level + 1)
            } else {
                builder.append(content, kind: .paragraph)
            }
        }
    }

    private static func line(_ parent: Int, _ tree: XMLTree) -> [UInt8] {
        var line = InlineText()
        for index in parent + 1..<tree.end(parent) {
            switch tree.name(index) {
            case "t": for at in index + 1..<tree.end(index) where tree.isText(at) { line.append(tree.text(at)) }
            case "br": line.lineBreak()
            case "p": line.space()
            default: break
            }
        }
        return line.finish()
    }

    private static func table(_ index: Int, _ tree: XMLTree, _ builder: inout DocumentBuilder) {
        var table = TableText()
        for row in tree.all("tr", in: index) {
            for cell in tree.children(of: row) where tree.name(cell) == "tc" { table.cell(line(cell, tree)[...]) }
            table.endRow()
        }
        let properties = tree.child("tblPr", of: index)
        builder.table(table, hasHeader: properties.flatMap { tree.value("firstRow", of: $0) } == "1")
    }

    private static func addNotes(_ tree: XMLTree, to builder: inout DocumentBuilder) {
        for shape in tree.all("sp") where placeholder(tree, shape) == "body" {
            guard let body = tree.child("txBody", of: shape) else { continue }
            text(body, isList: false, tree, &builder)
        }
    }
}
