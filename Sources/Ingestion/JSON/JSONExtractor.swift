import Foundation
import Storage

/// JSON to blocks: an object's fields are lines `key: value`, objects in objects are sections, lists of like objects are
/// tables.
///
/// A file that is one document of ours (`title`, `text`, `html` or `markdown`) is read as that document.
struct JSONExtractor {
    /// Values nested deeper than this are written on one line.
    private static let maxDepth = 12
    /// The keys that name an object.
    private static let titleKeys = ["title", "name", "headline", "question", "subject"]

    private var builder = DocumentBuilder()

    /// Extracts a JSON text.
    /// - Throws: `IngestionError.damaged` for what is no JSON, and what the document inside throws.
    static func extract(_ utf8: [UInt8]) throws(IngestionError) -> ExtractedDocument {
        let value: JSONValue
        do {
            value = try JSONDecoder().decode(JSONValue.self, from: Data(utf8))
        } catch {
            throw .damaged(format: "JSON", reason: "it is malformed or nested too deeply")
        }
        if var document = try inner(value) {
            document.format = .json
            return document
        }
        var extractor = JSONExtractor()
        extractor.write(value, key: nil, depth: 0)
        var document = extractor.builder.finish(format: .json)
        if case .object(let fields) = value { document.title = title(of: fields) ?? "" }
        return document
    }

    private static func inner(_ value: JSONValue) throws(IngestionError) -> ExtractedDocument? {
        guard case .object(let fields) = value else { return nil }
        let bodies = ["text", "html", "markdown"].filter { fields[$0]?.stringValue != nil }
        let known: Set<String> = ["id", "_id", "title", "text", "html", "markdown", "url", "metadata", "language"]
        guard bodies.count == 1, fields.keys.allSatisfy({ known.contains($0) }),
            let text = fields[bodies[0]]?.stringValue
        else { return nil }
        let utf8 = Array(text.utf8)
        var document: ExtractedDocument
        switch bodies[0] {
        case "html": document = try HTMLExtractor.extract(utf8)
        case "markdown": document = try MarkdownExtractor.extract(utf8)
        default: document = PlainTextExtractor.extract(utf8)
        }
        if let title = fields["title"]?.stringValue { document.title = title }
        if let url = fields["url"]?.stringValue { document.url = url }
        if case .object(let metadata) = fields["metadata"] { document.metadata.merge(metadata) { $1 } }
        return document
    }

    private static func title(of fields: [String: JSONValue]) -> String? {
        titleKeys.lazy.compactMap { fields[$0]?.stringValue }.first { !$0.isEmpty && $0.utf8.count <= 200 }
    }

    private mutating func write(_ value: JSONValue, key: String?, depth: Int) {
        switch value {
        case .object(let fields) where depth < Self.maxDepth: object(fields, key: key, depth: depth)
        case .array(let items) where depth < Self.maxDepth: array(items, key: key, depth: depth)
        default:
            guard let text = Self.scalar(value), !text.isEmpty else { return }
            builder.paragraph(key.map { "\($0): \(text)" } ?? text)
        }
    }

    private mutating func object(_ fields: [String: JSONValue], key: String?, depth: Int) {
        if depth > 0 { builder.heading(Self.title(of: fields) ?? key ?? "Entry", level: depth + 1) }
        let names = fields.keys.sorted()
        // What is said in a line goes before the sections, or it would belong to the last of them.
        for name in names {
            if let value = fields[name], Self.isLine(value) { write(value, key: name, depth: depth + 1) }
        }
        for name in names {
            if let value = fields[name], !Self.isLine(value) { write(value, key: name, depth: depth + 1) }
        }
        builder.closeHeadings(from: depth + 1)
    }

    private mutating func array(_ items: [JSONValue], key: String?, depth: Int) {
        if let columns = Self.columns(items) {
            if let key { builder.heading(key, level: depth + 1) }
            table(items, columns: columns)
            return
        }
        if items.allSatisfy(Self.isLine) {
            if let key { builder.append(Array("\(key):".utf8), kind: .paragraph) }
            for item in items {
                var line = InlineText()
                line.append(Self.scalar(item) ?? "")
                builder.listItem(line.finish(), marker: "- ", level: 1)
            }
            return
        }
        if let key { builder.heading(key, level: depth + 1) }
        for (number, item) in items.enumerated() {
            write(item, key: "\(key.map { $0 + " " } ?? "")\(number + 1)", depth: depth + 1)
        }
    }

    private mutating func table(_ items: [JSONValue], columns: [String]) {
        var table = TableText()
        for column in columns { table.cell(column) }
        table.endRow()
        for case .object(let fields) in items {
            for column in columns { table.cell(fields[column].flatMap(Self.scalar) ?? "") }
            table.endRow()
        }
        builder.table(table, hasHeader: true)
    }

    /// The columns of a list of objects with short values and mostly the same keys, nil for other lists.
    private static func columns(_ items: [JSONValue]) -> [String]? {
        guard items.count >= 2 else { return nil }
        var counts: [String: Int] = [:]
        for item in items {
            guard case .object(let fields) = item else { return nil }
            for (name, value) in fields {
                guard isLine(value), (scalar(value) ?? "").utf8.count <= 300 else { return nil }
                counts[name, default: 0] += 1
            }
        }
        guard counts.count <= 64, counts.values.allSatisfy({ $0 * 2 >= items.count }) else { return nil }
        let names = counts.keys.sorted()
        // A name, then the rest by the alphabet: objects have no order.
        return names.filter { titleKeys.contains($0) } + names.filter { !titleKeys.contains($0) }
    }

    private static func isLine(_ value: JSONValue) -> Bool {
        switch value {
        case .object, .array: false
        default: true
        }
    }

    private static func scalar(_ value: JSONValue) -> String? {
        switch value {
        case .null: nil
        case .bool(let flag): flag ? "true" : "false"
        case .int(let number): String(number)
        case .number(let number): String(number)
        case .string(let text): text
        case .array(let items): items.isEmpty ? nil : "\(items.count) values"
        case .object(let fields): fields.isEmpty ? nil : fields.keys.sorted().joined(separator: ", ")
        }
    }
}
