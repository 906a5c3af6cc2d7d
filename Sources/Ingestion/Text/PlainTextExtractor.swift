/// Plain text to blocks: paragraphs at empty lines, list items at their markers, headings by conservative rules.
///
/// A heading is an isolated short line that is underlined, in capitals, or numbered (`2.1 Delivery`); when in doubt a
/// line stays text. Hard-wrapped prose is joined into running lines; verse, tables and other lines that are short on
/// purpose keep their breaks.
struct PlainTextExtractor {
    private var builder = DocumentBuilder()
    /// Underlines in the order of their first use, each a level, as in reStructuredText.
    private var underlines: [UInt8] = []

    private static let longestHeading = 100

    /// Extracts valid UTF-8 in O(bytes).
    static func extract(_ utf8: [UInt8]) -> ExtractedDocument {
        var builder = DocumentBuilder()
        append(utf8, to: &builder)
        let first = builder.firstHeading?.title
        var document = builder.finish(format: .text)
        document.title = first ?? firstLineTitle(document)
        return document
    }

    /// Appends text inside another format to a document.
    static func append(_ utf8: [UInt8], to builder: inout DocumentBuilder) {
        var extractor = PlainTextExtractor()
        extractor.builder = builder
        let lines = TextLines.split(utf8)
        var start = 0
        while start < lines.count {
            if lines[start].isBlank {
                start += 1
                continue
            }
            var end = start
            while end < lines.count, !lines[end].isBlank { end += 1 }
            extractor.paragraph(lines[start..<end])
            start = end
        }
        builder = extractor.builder
    }

    /// A short first block that is no sentence is a title.
    static func firstLineTitle(_ document: ExtractedDocument) -> String {
        guard let first = document.blocks.first, first.kind == .paragraph, document.blocks.count > 1 else { return "" }
        let text = document.text(of: first)
        guard text.utf8.count <= 80, !text.contains("\n"), let last = text.last, !".,;:".contains(last) else {
            return ""
        }
        return text
    }

    private mutating func paragraph(_ lines: ArraySlice<ArraySlice<UInt8>>) {
        var rest = lines
        // A title may be set between two rules of the same character.
        if rest.count >= 3, let rule = Self.rule(rest[rest.startIndex]), rule == Self.rule(rest[rest.startIndex + 2]) {
            rest = rest.dropFirst()
        }
        while rest.count >= 2, let rule = Self.rule(rest[rest.startIndex + 1]),
            Self.isTitle(rest[rest.startIndex].trimmed, rule: rest[rest.startIndex + 1].trimmed)
        {
            heading(rest[rest.startIndex], level: level(of: rule))
            rest = rest.dropFirst(2)
        }
        guard let first = rest.first else { return }
        if rest.count == 1 {
            if Self.rule(first) != nil { return }
            if let level = Self.headingLevel(first.trimmed) { return heading(first, level: level) }
        }
        if rest.allSatisfy({ $0.indentation >= 4 }), rest.count > 1, !rest.contains(where: { Self.marker($0) != nil }) {
            let code = Array(rest.map { $0.removingIndentation(4) }.joined(separator: [0x0A]))
            builder.append(InlineText.verbatim(code), kind: .code)
            return
        }
        text(rest)
    }

    private mutating func heading(_ line: ArraySlice<UInt8>, level: Int) {
        var text = InlineText()
        text.append(line)
        builder.heading(text.finish(), level: level)
    }

    private mutating func level(of rule: UInt8) -> Int {
        if let known = underlines.firstIndex(of: rule) { return known + 1 }
        underlines.append(rule)
        return min(underlines.count, 6)
    }

    /// Lines up to the next list marker make a block each.
    private mutating func text(_ lines: ArraySlice<ArraySlice<UInt8>>) {
        var start = lines.startIndex
        while start < lines.endIndex {
            var end = start + 1
            while end < lines.endIndex, Self.marker(lines[end]) == nil { end += 1 }
            let isItem = Self.marker(lines[start]) != nil
            let joined = isItem || Self.isWrappedProse(lines[start..<end])
            var text = InlineText()
            for (offset, line) in lines[start..<end].enumerated() {
                if offset > 0 { if joined { text.space() } else { text.lineBreak() } }
                text.append(line)
            }
            let level = min(lines[start].indentation / 2, 4) + 1
            builder.append(text.finish(), kind: isItem ? .listItem(level: level) : .paragraph)
            start = end
        }
    }

    /// Every line but the last reaches far to the right: the breaks are the editor's, not the author's.
    private static func isWrappedProse(_ lines: ArraySlice<ArraySlice<UInt8>>) -> Bool {
        let full = lines.dropLast()
        let bytes = full.reduce(0) { $0 + $1.count }
        return bytes >= full.count * 50
    }

    /// The bytes of a list marker at the start of a line, nil if there is none.
    static func marker(_ line: ArraySlice<UInt8>) -> Int? {
        let text = line.trimmed
        guard let first = text.first else { return nil }
        if first == 0x2D || first == 0x2A || first == 0x2B {  // - * +
            return text.dropFirst().first == 0x20 ? 2 : nil
        }
        if text.starts(with: Array("• ".utf8)) { return 4 }
        let digits = text.prefix { (0x30...0x39).contains($0) }
        guard (1...3).contains(digits.count) else { return nil }
        let after = text.dropFirst(digits.count)
        guard let close = after.first, close == 0x2E || close == 0x29, after.dropFirst().first == 0x20 else {
            return nil
        }
        return digits.count + 2
    }

    /// The character of a line that is a rule (three or more of one mark), nil for others.
    private static func rule(_ line: ArraySlice<UInt8>) -> UInt8? {
        let text = line.trimmed
        guard text.count >= 3, let first = text.first, Array("=-~^\"#*+`:'_.".utf8).contains(first),
            text.allSatisfy({ $0 == first })
        else { return nil }
        return first
    }

    private static func isTitle(_ line: ArraySlice<UInt8>, rule: ArraySlice<UInt8>) -> Bool {
        guard !line.isEmpty, line.count <= longestHeading, Self.rule(line) == nil else { return false }
        let characters = line.count { $0 < 0x80 || $0 >= 0xC0 }
        // Wide characters take two columns.
        return rule.count >= characters - 2 && rule.count <= characters * 2 + 8
    }

    /// The level of an isolated line that is a heading by its looks.
    private static func headingLevel(_ line: ArraySlice<UInt8>) -> Int? {
        guard line.count <= 80, let last = line.last, ![0x2E, 0x2C, 0x3B].contains(last) else { return nil }
        let text = String(decoding: line, as: UTF8.self)
        let letters = text.filter(\.isLetter)
        let isCapitals =
            letters.count >= 4 && letters.allSatisfy { $0.isUppercase } && text.split(separator: " ").count <= 10
        let number = text.prefix { $0.isNumber || $0 == "." }
        let parts = number.split(separator: ".").count
        let after = text.dropFirst(number.count)
        if (1...4).contains(parts), number.first?.isNumber == true, number.utf8.count <= 8, after.first == " ",
            let initial = after.dropFirst().first, initial.isUppercase, text.split(separator: " ").count <= 12,
            parts > 1 || number.last == ".", last != 0x3A
        {
            return parts
        }
        return isCapitals && last != 0x3A ? 1 : nil
    }
}
