import Foundation
import Storage

extension ExtractedDocument {
    /// The main content as Markdown: headings, lists, tables, code and quotes as such.
    public var markdown: String {
        blocks.map(markdown(of:)).joined(separator: "\n\n")
    }

    private func markdown(of block: Block) -> String {
        let text = self.text(of: block)
        switch block.kind {
        case .heading(let level): return String(repeating: "#", count: min(max(level, 1), 6)) + " " + text
        case .table(let headerBytes): return Self.markdownTable(text, hasHeader: headerBytes > 0)
        case .code: return "```\n" + text + "\n```"
        case .quote: return text.split(separator: "\n").map { "> " + $0 }.joined(separator: "\n")
        case .term: return "**" + text + "**"
        // A list item's text has its indentation and marker.
        case .paragraph, .image, .listItem: return text
        }
    }

    /// Rows whose cells are joined by ` | ` as a Markdown table, which always has a header row.
    private static func markdownTable(_ text: String, hasHeader: Bool) -> String {
        var rows = text.split(separator: "\n").map { "| \($0) |" }
        let columns = text.split(separator: "\n").first.map { $0.components(separatedBy: " | ").count } ?? 1
        if !hasHeader { rows.insert("|" + String(repeating: "  |", count: columns), at: 0) }
        rows.insert("|" + String(repeating: " --- |", count: columns), at: 1)
        return rows.joined(separator: "\n")
    }
}

extension ExtractedDocument: Encodable {
    private enum CodingKeys: String, CodingKey {
        case title, language, url, format, text, blocks, metadata, warnings, encoding, dropped
        case contentType = "content_type"
    }

    private struct BlockView: Encodable {
        var kind: String
        var level: Int?
        var headingPath: [String]
        var start: Int
        var end: Int

        enum CodingKeys: String, CodingKey {
            case kind, level, start, end
            case headingPath = "heading_path"
        }

        init(_ block: Block, headingPath: [String]) {
            self.headingPath = headingPath
            start = block.utf8Span.lowerBound
            end = block.utf8Span.upperBound
            switch block.kind {
            case .heading(let level): (kind, self.level) = ("heading", level)
            case .listItem(let level): (kind, self.level) = ("list_item", level)
            case .table: kind = "table"
            case .paragraph: kind = "paragraph"
            case .code: kind = "code"
            case .quote: kind = "quote"
            case .term: kind = "term"
            case .image: kind = "image"
            }
        }
    }

    /// Writes the fields with each block's kind, heading path and UTF-8 span in `text`.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(title, forKey: .title)
        try container.encode(language, forKey: .language)
        try container.encode(url, forKey: .url)
        try container.encode(format.rawValue, forKey: .format)
        try container.encode(format.contentType, forKey: .contentType)
        try container.encodeIfPresent(encoding, forKey: .encoding)
        try container.encode(text, forKey: .text)
        let views = blocks.map { block in
            BlockView(
                block, headingPath: headingPaths.indices.contains(block.section) ? headingPaths[block.section] : [])
        }
        try container.encode(views, forKey: .blocks)
        try container.encode(metadata, forKey: .metadata)
        try container.encode(warnings, forKey: .warnings)
        if !dropped.isEmpty { try container.encode(dropped, forKey: .dropped) }
    }
}
