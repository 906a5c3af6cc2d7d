import Storage

/// Markdown to blocks: CommonMark's block structure with tables and front matter.
///
/// Containers (quotes, list items) are stripped of their marker or indentation and read again as documents of their own,
/// to a fixed depth; leaves are headings, paragraphs, code, tables and HTML. Link reference definitions vanish.
///
/// Source: CommonMark 0.31, sections 3–5; tables as in GitHub Flavored Markdown 4.10.
struct MarkdownExtractor {
    private var builder = DocumentBuilder()

    /// Quotes and lists nested deeper than this are read as text.
    private static let maxDepth = 24

    /// Extracts valid UTF-8.
    /// - Throws: what the HTML parser throws for HTML inside the Markdown.
    static func extract(_ utf8: [UInt8]) throws(IngestionError) -> ExtractedDocument {
        let lines = TextLines.split(utf8)
        let front = FrontMatter(lines)
        var extractor = MarkdownExtractor()
        try extractor.blocks(Array(lines[front.end...]), Context())
        let first = extractor.builder.firstHeading
        var document = extractor.builder.finish(format: .markdown)
        document.metadata = front.values
        if case .string(let title) = front.values["title"] {
            document.title = title
        } else {
            document.title = first?.title ?? ""
        }
        for key in ["lang", "language"] { if case .string(let code) = front.values[key] { document.language = code } }
        if case .string(let url) = front.values["url"], url.hasPrefix("http") { document.url = url }
        return document
    }

    /// The containers around a run of lines.
    private struct Context {
        var depth = 0
        var listLevel = 0
        var isQuote = false
        /// The marker for the next block: `- ` or `3. `.
        var marker = ""
    }

    private mutating func blocks(_ lines: [ArraySlice<UInt8>], _ context: Context) throws(IngestionError) {
        var context = context
        var index = 0
        var paragraph: [ArraySlice<UInt8>] = []
        while index < lines.count {
            let line = lines[index]
            if line.isBlank {
                flush(&paragraph, &context)
                index += 1
                continue
            }
            if let level = Self.setextLevel(line), !paragraph.isEmpty {
                heading(Array(paragraph.joined(separator: [0x20])), level: level, &context)
                paragraph = []
                index += 1
                continue
            }
            let leaf = MarkdownLeaf(lines, at: index, inParagraph: !paragraph.isEmpty)
            if case .paragraph = leaf.kind {
                paragraph.append(line)
                index += 1
                continue
            }
            flush(&paragraph, &context)
            try add(leaf, lines, index, &context)
            index = max(leaf.end, index + 1)
        }
        flush(&paragraph, &context)
    }

    private mutating func add(
        _ leaf: MarkdownLeaf, _ lines: [ArraySlice<UInt8>], _ start: Int, _ context: inout Context
    ) throws(IngestionError) {
        switch leaf.kind {
        case .paragraph, .rule, .definition: break
        case .heading(let level, let text): heading(text, level: level, &context)
        case .code(let content): builder.append(InlineText.verbatim(content), kind: .code)
        case .html:
            var html: [UInt8] = []
            for line in lines[start..<leaf.end] { html += Array(line) + [0x0A] }
            try HTMLExtractor.append(fragment: html, to: &builder)
        case .table(let rows):
            let texts = rows.map { row in
                Array(row.map { Self.oneLine(MarkdownInline.text($0)) }.joined(separator: Array(" | ".utf8)))
            }
            builder.append(
                Array(texts.joined(separator: [0x0A])), kind: .table(headerBytes: texts.first?.count ?? 0))
        case .quote(let inner):
            var nested = context
            nested.depth += 1
            nested.isQuote = true
            try container(inner, nested)
        case .item(let inner, let marker):
            var nested = context
            nested.depth += 1
            nested.listLevel += 1
            nested.marker = marker
            try container(inner, nested)
        }
    }

    private mutating func container(_ lines: [ArraySlice<UInt8>], _ context: Context) throws(IngestionError) {
        if context.depth <= Self.maxDepth { return try blocks(lines, context) }
        var text = lines
        var context = context
        flush(&text, &context)
    }

    private mutating func heading(_ source: [UInt8], level: Int, _ context: inout Context) {
        let text = Self.oneLine(MarkdownInline.text(source))
        // A heading inside a list or quote is a line of it; it opens no section of the document.
        if context.listLevel > 0 || context.isQuote { return append(text, &context) }
        builder.heading(text, level: level)
    }

    private mutating func flush(_ paragraph: inout [ArraySlice<UInt8>], _ context: inout Context) {
        guard !paragraph.isEmpty else { return }
        var source: [UInt8] = []
        for (offset, line) in paragraph.enumerated() {
            let text = line.trimmed
            source += text
            let isLast = offset == paragraph.count - 1
            // Two spaces at the end are a hard break; a backslash is handled as an escape.
            if !isLast { source.append(line.suffix(2).elementsEqual([0x20, 0x20]) || text.last == 0x5C ? 0x0A : 0x20) }
        }
        paragraph = []
        var text = InlineText()
        for (offset, line) in MarkdownInline.text(source).split(separator: 0x0A).enumerated() {
            if offset > 0 { text.lineBreak() }
            text.append(line)
        }
        append(text.finish(), &context)
    }

    private mutating func append(_ text: [UInt8], _ context: inout Context) {
        guard !text.isEmpty else { return }
        if context.listLevel > 0 {
            let level = min(context.listLevel, 8)
            let prefix = String(repeating: "  ", count: level - 1) + context.marker
            builder.append(Array(prefix.utf8) + text, kind: .listItem(level: level))
        } else {
            builder.append(text, kind: context.isQuote ? .quote : .paragraph)
        }
        context.marker = ""
    }

    private static func oneLine(_ text: [UInt8]) -> [UInt8] {
        var line = InlineText()
        line.append(text[...])
        return line.finish()
    }

    private static func setextLevel(_ line: ArraySlice<UInt8>) -> Int? {
        let text = line.trimmed
        guard line.indentation < 4, let first = text.first, first == 0x3D || first == 0x2D,
            text.allSatisfy({ $0 == first })
        else { return nil }
        return first == 0x3D ? 1 : 2
    }
}
