import Storage

/// XLSX to blocks: a sheet is a section under its name, its cells a table whose first row is the header.
///
/// Values are what the cells show as far as it can be told: cached results of formulas, shared texts, dates in ISO 8601.
/// A sheet's leading lines of one cell (its caption) are paragraphs.
///
/// Source: ECMA-376, Office Open XML, part 1, section 18 (SpreadsheetML).
struct SpreadsheetExtractor {
    private static let format = "spreadsheet"
    /// Columns beyond this aren't read.
    private static let mostColumns = 1024

    private let shared: [ArraySlice<UInt8>]
    private let dates: SheetDates

    /// Extracts a workbook.
    /// - Throws: `IngestionError`: damaged, encrypted or over a limit.
    static func extract(_ bytes: [UInt8]) throws(IngestionError) -> ExtractedDocument {
        let package = try OfficePackage(bytes, format: format) { name in
            name == "docProps/core.xml" || name == "xl/workbook.xml" || name == "xl/styles.xml"
                || name == "xl/sharedStrings.xml" || name.hasPrefix("xl/_rels/")
                || name.hasPrefix("xl/worksheets/sheet")
        }
        let workbook = try package.requiredTree("xl/workbook.xml")
        let targets = try package.relationships(of: "xl/workbook.xml")
        let starts1904 = workbook.first("workbookPr").flatMap { workbook.value("date1904", of: $0) } == "1"
        let extractor = SpreadsheetExtractor(
            shared: try sharedTexts(package),
            dates: SheetDates(styles: try package.tree("xl/styles.xml"), starts1904: starts1904))
        var builder = DocumentBuilder()
        var names: [String] = []
        for sheet in workbook.all("sheet") {
            guard let name = workbook.value("name", of: sheet),
                let target = targets.first(where: { workbook.holds($0.key, of: sheet) })?.value,
                workbook.value("state", of: sheet) ?? "visible" == "visible", let tree = try package.tree(target)
            else { continue }
            names.append(name)
            builder.heading(name, level: 2)
            extractor.add(tree, to: &builder)
        }
        var document = builder.finish(format: .xlsx)
        try package.properties("docProps/core.xml", into: &document)
        document.metadata["sheets"] = .array(names.map { .string($0) })
        return document
    }

    private static func sharedTexts(_ package: OfficePackage) throws(IngestionError) -> [ArraySlice<UInt8>] {
        guard let tree = try package.tree("xl/sharedStrings.xml"), let root = tree.first("sst") else { return [] }
        return tree.children(of: root).map { richText(tree, $0) }
    }

    /// The text of a shared or inline text: its runs, without readings (phonetic guides).
    private static func richText(_ tree: XMLTree, _ index: Int) -> ArraySlice<UInt8> {
        var text: [UInt8] = []
        var at = index + 1
        while at < tree.end(index) {
            if tree.name(at) == "rPh" {
                at = tree.end(at)
                continue
            }
            if tree.isText(at) { text += tree.text(at) }
            at += 1
        }
        return text[...]
    }

    private func add(_ tree: XMLTree, to builder: inout DocumentBuilder) {
        guard let data = tree.first("sheetData") else { return }
        var table = TableText()
        var hasHeader = true
        var row = data + 1
        while row < tree.end(data) {
            let cells = tree.name(row) == "row" ? self.cells(of: row, tree) : []
            row = tree.end(row)
            let filled = cells.filter { !$0.text.isEmpty }
            if filled.isEmpty { continue }
            if table.rowCount == 0, filled.count == 1, cells.count == 1 {
                var line = InlineText()
                line.append(filled[0].text)
                builder.append(line.finish(), kind: .paragraph)
                continue
            }
            if table.rowCount == 0 { hasHeader = filled.allSatisfy(\.isText) }
            for cell in cells { table.cell(cell.text) }
            table.endRow()
        }
        builder.table(table, hasHeader: hasHeader)
    }

    /// A row's cells from column A on, gaps filled.
    private func cells(of row: Int, _ tree: XMLTree) -> [(text: ArraySlice<UInt8>, isText: Bool)] {
        var cells: [(text: ArraySlice<UInt8>, isText: Bool)] = []
        var cell = row + 1
        while cell < tree.end(row) {
            if tree.name(cell) == "c" {
                let column = tree.value("r", of: cell).flatMap(Self.column) ?? cells.count
                guard column < Self.mostColumns else { break }
                while cells.count < column { cells.append(([], false)) }
                cells.append(value(of: cell, tree))
            }
            cell = tree.end(cell)
        }
        return cells
    }

    /// The number of a column from its reference (`C7` is 2).
    private static func column(_ reference: String) -> Int? {
        var column = 0
        for byte in reference.utf8 {
            guard (0x41...0x5A).contains(byte), column < mostColumns * 26 else { break }
            column = column * 26 + Int(byte - 0x40)
        }
        return column > 0 ? column - 1 : nil
    }

    private func value(of cell: Int, _ tree: XMLTree) -> (text: ArraySlice<UInt8>, isText: Bool) {
        let type = tree.value("t", of: cell) ?? "n"
        if type == "inlineStr", let inline = tree.child("is", of: cell) { return (Self.richText(tree, inline), true) }
        guard let element = tree.child("v", of: cell) else { return ([], false) }
        let value = Self.richText(tree, element)
        let text = String(decoding: value, as: UTF8.self)
        switch type {
        case "s":
            guard let index = Int(text), shared.indices.contains(index) else { return ([], false) }
            return (shared[index], true)
        case "str": return (value, true)
        case "b": return (Array((text == "1" ? "TRUE" : "FALSE").utf8)[...], false)
        case "e": return ([], false)
        default:
            let format = tree.value("s", of: cell).flatMap { Int($0) }
            return (Array(dates.text(text, format: format).utf8)[...], false)
        }
    }
}
