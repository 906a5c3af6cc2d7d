/// A table of data as rows of cells; layout tables are none.
struct HTMLTable {
    /// The rows as text, cells without line breaks.
    private(set) var rows: [[[UInt8]]] = []
    /// How many rows at the start are the header: 0 or 1.
    private(set) var headerRows = 0
    /// The table's caption.
    private(set) var caption: [UInt8] = []

    /// Cells with more text than this on average hold prose: the table is there for the layout.
    private static let longestAverageCell = 400
    /// A cell that spans rows is repeated in this many of them at most.
    private static let mostRepeats = 200
    /// Repeated cells of a table; a page can ask for any number of them.
    private static let mostRepeatedCells = 20_000

    /// Reads the table at `index`, nil if it is a layout table: marked as presentation, with a table or heading in a
    /// cell, or with fewer than two rows or columns.
    init?(_ tree: HTMLTree, at index: Int, dropped: [Bool]) {
        let end = Int(tree.nodes[index].end)
        if let role = tree.string(.role, of: index), role == "presentation" || role == "none" { return nil }
        var reader = Reader()
        var at = index + 1
        while at < end {
            let node = tree.nodes[at]
            if dropped[at] {
                at = Int(node.end)
                continue
            }
            switch node.tag {
            case .table, .h1, .h2, .h3, .h4, .article, .section, .form: return nil
            case .caption:
                caption = Array(tree.plainText(of: at).utf8)
                at = Int(node.end)
                continue
            case .thead: reader.headEnd = Int(node.end)
            case .tr: reader.startRow(inHead: at < reader.headEnd)
            case .td, .th:
                let span = tree.string(.rowspan, of: at).flatMap { Int($0) } ?? 1
                reader.startCell(isHeader: node.tag == .th, rowSpan: min(max(span, 1), Self.mostRepeats))
            case .text: reader.line.append(tree.text(of: at))
            default: if node.tag.isBlock || node.tag == .br { reader.line.space() }
            }
            at += 1
        }
        reader.endRow()
        rows = reader.rows
        headerRows = reader.headerRows
        guard rows.count >= 2, rows.contains(where: { $0.count >= 2 }) else { return nil }
        let cells = rows.reduce(0) { $0 + $1.count }
        let bytes = rows.reduce(0) { $0 + $1.reduce(0) { $0 + $1.count } }
        guard bytes > 0, bytes <= cells * Self.longestAverageCell else { return nil }
    }

    /// A row a line, cells joined by ` | `; and the bytes of the header row.
    func text() -> (text: [UInt8], headerBytes: Int) {
        let separator = Array(" | ".utf8)
        let lines = rows.map { Array($0.joined(separator: separator)) }
        return (Array(lines.joined(separator: [0x0A])), headerRows == 0 ? 0 : lines.first?.count ?? 0)
    }

    /// Collects cells in document order.
    private struct Reader {
        var rows: [[[UInt8]]] = []
        var headerRows = 0
        var headEnd = 0
        var line = InlineText()
        private var row: [[UInt8]]?
        private var inCell = false
        private var onlyHeaders = true
        private var rowInHead = false
        private var cellSpan = 1
        private var repeatedCells = 0
        /// Cells of earlier rows that reach into the coming ones, by column.
        private var carried: [Int: (text: [UInt8], left: Int)] = [:]

        mutating func startRow(inHead: Bool) {
            endRow()
            row = []
            onlyHeaders = true
            rowInHead = inHead
        }

        mutating func startCell(isHeader: Bool, rowSpan: Int) {
            endCell()
            if row == nil { startRow(inHead: false) }
            fillCarried()
            inCell = true
            cellSpan = rowSpan
            if !isHeader { onlyHeaders = false }
        }

        private mutating func fillCarried() {
            while repeatedCells < HTMLTable.mostRepeatedCells, let column = row?.count, let cell = carried[column] {
                repeatedCells += 1
                row?.append(cell.text)
                carried[column] = cell.left > 1 ? (cell.text, cell.left - 1) : nil
            }
        }

        private mutating func endCell() {
            let text = line.finish().map { $0 == 0x0A ? UInt8(0x20) : $0 }
            guard inCell else { return }
            inCell = false
            if cellSpan > 1, let column = row?.count { carried[column] = (text, cellSpan - 1) }
            row?.append(text)
        }

        mutating func endRow() {
            endCell()
            fillCarried()
            guard var cells = row else { return }
            row = nil
            while cells.last?.isEmpty == true { cells.removeLast() }
            guard !cells.isEmpty else { return }
            if rows.isEmpty, rowInHead || onlyHeaders, cells.count > 1 { headerRows = 1 }
            rows.append(cells)
        }
    }
}
