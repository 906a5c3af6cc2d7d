/// Puts a table's canonical text together cell by cell: a row a line, cells joined by ` | `, empty rows left out.
struct TableText {
    private(set) var bytes: [UInt8] = []
    /// Rows with text so far.
    private(set) var rowCount = 0
    /// The bytes of the first row.
    private(set) var firstRowBytes = 0
    private var row: [UInt8] = []
    private var cells = 0
    private var hasText = false

    private static let separator = Array(" | ".utf8)

    /// Appends a cell to the row; line breaks in it become spaces.
    mutating func cell(_ text: ArraySlice<UInt8>) {
        if cells > 0 { row += Self.separator }
        cells += 1
        var line = InlineText()
        line.append(text)
        let cell = line.finish()
        if !cell.isEmpty { hasText = true }
        row += cell
    }

    /// Appends a cell to the row.
    mutating func cell(_ text: String) { cell(Array(text.utf8)[...]) }

    /// Ends the row; one without text leaves nothing behind.
    mutating func endRow() {
        if hasText {
            while row.last == 0x20 || row.last == 0x7C { row.removeLast() }
            if rowCount > 0 { bytes.append(0x0A) }
            bytes += row
            rowCount += 1
            if rowCount == 1 { firstRowBytes = bytes.count }
        }
        row.removeAll(keepingCapacity: true)
        cells = 0
        hasText = false
    }
}

extension DocumentBuilder {
    /// Appends a table whose first row is a header or not; a table of one row is a paragraph.
    mutating func table(_ table: TableText, hasHeader: Bool) {
        guard table.rowCount > 1 else { return append(table.bytes, kind: .paragraph) }
        append(table.bytes, kind: .table(headerBytes: hasHeader ? table.firstRowBytes : 0))
    }

    /// Appends a paragraph of text.
    mutating func paragraph(_ text: String) {
        var line = InlineText()
        line.append(text)
        append(line.finish(), kind: .paragraph)
    }

    /// Opens a section called `title`.
    mutating func heading(_ title: String, level: Int) {
        var line = InlineText()
        line.append(title)
        heading(line.finish(), level: level)
    }

    /// Appends an item of a list with its marker, indented by its level from 1.
    mutating func listItem(_ content: [UInt8], marker: String, level: Int) {
        guard !content.isEmpty else { return }
        let level = min(max(level, 1), 8)
        append(
            Array((String(repeating: "  ", count: level - 1) + marker).utf8) + content, kind: .listItem(level: level))
    }
}
