import Ingestion

/// A sentence of a passage, or a row of a table in it: what answers quote and are checked against.
///
/// A table's text is one row a line, cells joined by ` | `, the header row first. Punctuation says nothing in a table, so
/// its rows are cut at line ends and read under the header row; everything else is cut by `SentenceSplitter`.
struct PassageSentence: Sendable, Equatable {
    /// What separates the cells of a row.
    static let cellSeparator = " | "

    /// Its place in the passage's text.
    var utf8Range: Range<Int>
    /// The text there.
    var text: String
    /// The header row over it, when it is a further row of a table.
    var tableHeader: String?
    /// Whether it is the header row of a table.
    var isTableHeader = false
    /// What it can't be read without: the words that introduce its list, the question it answers, or the sentence that
    /// its pronoun points back to.
    var leadIn: String?
    /// Whether it only leads in to what follows.
    var isLeadIn = false

    /// Whether it only says when the page was written, which is no statement about the page's subject.
    var isDateline: Bool {
        let start = text.prefix(24).lowercased()
        return text.utf8.count <= 60 && NumberTokens.all(in: text).isEmpty == false
            && Self.datelineStarts.contains { start.hasPrefix($0) }
    }

    private static let datelineStarts = [
        "last updated", "last modified", "last reviewed", "last revised", "last changed", "page updated", "updated:",
        "updated on", "published:", "published on",
    ]

    /// What is read over it: the header row of its table, or its lead-in.
    var context: String? { tableHeader ?? leadIn }

    /// The sentences and rows of `text`, in order.
    static func all(in text: String, _ splitter: SentenceSplitter) -> [PassageSentence] {
        let utf8 = Array(text.utf8)
        let lines = lines(of: utf8)
        var result: [PassageSentence] = []
        var prose: Range<Int>?
        func flush() {
            guard let range = prose else { return }
            var sentences = splitter.sentences(in: Array(utf8[range])).map { sentence in
                let place = range.lowerBound + sentence.lowerBound..<range.lowerBound + sentence.upperBound
                return PassageSentence(utf8Range: place, text: String(decoding: utf8[place], as: UTF8.self))
            }
            LeadIns.connect(&sentences)
            result += sentences
            prose = nil
        }
        var header: String?
        for (index, line) in lines.enumerated() {
            // One row alone is no table: " | " may stand in any sentence.
            let isRow = line.isRow && (header != nil || (index + 1 < lines.count && lines[index + 1].isRow))
            guard isRow else {
                // A line across all columns parts a table's rows, a blank one ends the table.
                let isAcross = !line.range.isEmpty && index + 1 < lines.count && lines[index + 1].isRow
                if !isAcross { header = nil }
                prose = (prose?.lowerBound ?? line.range.lowerBound)..<line.range.upperBound
                continue
            }
            flush()
            let row = String(decoding: utf8[line.range], as: UTF8.self)
            result.append(
                PassageSentence(
                    utf8Range: line.range, text: row, tableHeader: header, isTableHeader: header == nil))
            if header == nil { header = row }
        }
        flush()
        return result
    }

    private static func lines(of utf8: [UInt8]) -> [(range: Range<Int>, isRow: Bool)] {
        var lines: [(range: Range<Int>, isRow: Bool)] = []
        var start = 0
        for index in 0...utf8.count where index == utf8.count || utf8[index] == 0x0A {
            let isRow = String(decoding: utf8[start..<index], as: UTF8.self).contains(cellSeparator)
            lines.append((start..<index, isRow))
            start = index + 1
        }
        return lines
    }
}
