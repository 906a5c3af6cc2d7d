/// CSV and TSV to one table: the delimiter is found out, quotes and line breaks in them are read, the header is told.
///
/// Rows go straight into the table's text, so a file costs little more than twice its size.
///
/// Source: RFC 4180; delimiters other than the comma as spreadsheets write them.
struct DelimitedExtractor {
    /// Extracts valid UTF-8; `isTab` says that the delimiter is known to be the tab.
    static func extract(_ utf8: [UInt8], isTab: Bool, format: SourceFormat) -> ExtractedDocument {
        let delimiter = isTab ? 0x09 : delimiter(of: utf8)
        var table = TableText()
        var hasHeader = false
        var reader = Reader(utf8, delimiter: delimiter)
        while let row = reader.next() {
            if table.rowCount == 0 { hasHeader = looksHeader(row) }
            for cell in row { table.cell(cell[...]) }
            table.endRow()
        }
        var builder = DocumentBuilder()
        builder.table(table, hasHeader: hasHeader)
        return builder.finish(format: format)
    }

    /// The delimiter that the first lines agree on most.
    private static func delimiter(of utf8: [UInt8]) -> UInt8 {
        let lines = TextLines.split(Array(utf8.prefix(16_384))).filter { !$0.isBlank }.prefix(20)
        var best: (delimiter: UInt8, score: Int) = (0x2C, 0)
        for candidate in Array(",;\t|".utf8) {
            var counts: [Int: Int] = [:]
            for line in lines {
                var inQuotes = false
                var count = 0
                for byte in line {
                    if byte == 0x22 { inQuotes.toggle() } else if byte == candidate, !inQuotes { count += 1 }
                }
                counts[count, default: 0] += 1
            }
            guard let common = counts.filter({ $0.key > 0 }).max(by: { ($0.value, $0.key) < ($1.value, $1.key) }) else {
                continue
            }
            let score = common.value * 100 + min(common.key, 99)
            if score > best.score { best = (candidate, score) }
        }
        return best.delimiter
    }

    /// A header has no empty cell but at the end, no number, and no cell twice.
    private static func looksHeader(_ row: [[UInt8]]) -> Bool {
        var names = row.map { String(decoding: $0, as: UTF8.self).trimmingWhitespace() }
        while names.last?.isEmpty == true { names.removeLast() }
        guard !names.isEmpty, Set(names).count == names.count else { return false }
        return names.allSatisfy { !$0.isEmpty && Double($0) == nil && $0.utf8.count <= 200 }
    }

    /// Reads rows one after the other.
    private struct Reader {
        private let utf8: [UInt8]
        private let delimiter: UInt8
        private var at = 0

        init(_ utf8: [UInt8], delimiter: UInt8) {
            self.utf8 = utf8
            self.delimiter = delimiter
        }

        /// The next row, nil at the end; an open quote ends with the text.
        mutating func next() -> [[UInt8]]? {
            guard at < utf8.count else { return nil }
            var row: [[UInt8]] = []
            var cell: [UInt8] = []
            var inQuotes = false
            var wasQuoted = false
            while at < utf8.count {
                let byte = utf8[at]
                at += 1
                if inQuotes {
                    if byte != 0x22 {
                        cell.append(byte)
                    } else if at < utf8.count, utf8[at] == 0x22 {
                        cell.append(0x22)
                        at += 1
                    } else {
                        inQuotes = false
                    }
                } else if byte == 0x22, cell.isEmpty, !wasQuoted {
                    inQuotes = true
                    wasQuoted = true
                } else if byte == delimiter {
                    row.append(cell)
                    cell = []
                    wasQuoted = false
                } else if byte == 0x0A || byte == 0x0D {
                    if byte == 0x0D, at < utf8.count, utf8[at] == 0x0A { at += 1 }
                    break
                } else {
                    cell.append(byte)
                }
            }
            row.append(cell)
            return row
        }
    }
}
