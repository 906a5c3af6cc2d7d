import Foundation

/// Writes chosen sentences so that they can be read without their surroundings.
///
/// A table row is read out with its column names, list items behind the words that introduce them, a sentence whose
/// pronoun points back behind the one it points to. Each quote is one line that ends in a full stop and its mark.
enum QuoteWriter {
    /// The quotes of `sentences` (in reading order), with their marks; items of one list become one quote.
    static func quotes(of sentences: [RankedSentence]) -> [String] {
        var result: [String] = []
        var index = 0
        while index < sentences.count {
            let first = sentences[index]
            var group = [first]
            if let leadIn = first.leadIn, !LeadIns.isComplete(leadIn) {
                group = Array(
                    sentences[index...].prefix { $0.leadIn == leadIn && $0.passageNumber == first.passageNumber })
            }
            let isSaid = index > 0 && first.leadIn == sentences[index - 1].text
            result.append(finished(text(of: group, isLeadInSaid: isSaid), first.passageNumber))
            index += group.count
        }
        return result
    }

    private static func text(of group: [RankedSentence], isLeadInSaid: Bool) -> String {
        let first = group[0]
        if let header = first.tableHeader { return row(first.text, header) }
        guard let leadIn = first.leadIn else { return plain(first.text) }
        if LeadIns.isComplete(leadIn) { return (isLeadInSaid ? "" : plain(leadIn) + " ") + plain(first.text) }
        let items = group.map { item in
            var text = plain(item.text)
            for ending in [", or", "; or", " or", ", and", "; and", " and"] where text.hasSuffix(ending) {
                text.removeLast(ending.count)
            }
            while let last = text.last, ",;.".contains(last) { text.removeLast() }
            return text
        }
        return leadIn + " " + items.joined(separator: "; ")
    }

    private static func plain(_ text: String) -> String { LeadIns.item(text).map(String.init) ?? text }

    private static func row(_ row: String, _ header: String) -> String {
        let (names, values) = (cells(header), cells(row))
        return zip(names + Array(repeating: "", count: max(0, values.count - names.count)), values)
            .filter { !$0.1.isEmpty }
            .map { $0.0.isEmpty ? $0.1 : "\($0.0): \($0.1)" }
            .joined(separator: "; ")
    }

    private static func finished(_ text: String, _ passageNumber: Int) -> String {
        var line = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        if let last = line.last, last.isLetter || last.isNumber || last == ")" { line += "." }
        return line + " [\(passageNumber)]"
    }

    private static func cells(_ row: String) -> [String] {
        row.split(separator: PassageSentence.cellSeparator, omittingEmptySubsequences: false).map {
            $0.trimmingCharacters(in: .whitespaces)
        }
    }
}
