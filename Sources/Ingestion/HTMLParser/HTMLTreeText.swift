/// A page's element tree as text, in the notation of html5lib's tree-construction tests: for comparing parsers.
///
/// Elements are indented by their depth, `<name>` with `name="value"` lines sorted below, text in quotes, comments and
/// the doctype as such; the content of a `<template>` stands below `content`.
public struct HTMLTreeText: Sendable {
    /// The encoding that the page was read in, by the converter's name.
    public let encoding: String
    /// A line for each node and attribute.
    public let text: String

    /// Reads a page; every `\r\n` and `\r` counts as `\n`.
    /// - Parameters:
    ///   - bytes: the page.
    ///   - charset: what it is in; without, as ingestion finds out.
    /// - Throws: `IngestionError.tooDeep`, `.tooManyElements`, `.tooLarge`, `.outOfMemory`.
    public init(_ bytes: [UInt8], charset: String? = nil) throws(IngestionError) {
        let decoded = try TextEncoding.decode(bytes, charset: charset, isHTML: true)
        let utf8 = decoded.bytes
        encoding = decoded.name
        var page: [UInt8] = []
        page.reserveCapacity(utf8.count)
        for (index, byte) in utf8.enumerated() {
            if byte == 0x0A, index > 0, utf8[index - 1] == 0x0D { continue }
            page.append(byte == 0x0D ? 0x0A : byte)
        }
        var parser = HTMLParser(page, keepsAll: true)
        try parser.run()
        text = Writer(parser).text()
    }

    private struct Writer {
        let parser: HTMLParser
        private var lines: [String] = []

        init(_ parser: HTMLParser) { self.parser = parser }

        consuming func text() -> String {
            var at = Int(parser.nodes[0].first)
            var depth = 0
            while at > 0 {
                line(at, depth)
                let node = parser.nodes[at]
                if node.tag == .template, node.namespace == .html {
                    lines.append("| " + String(repeating: "  ", count: depth + 1) + "content")
                }
                if node.first >= 0 {
                    depth += node.tag == .template && node.namespace == .html ? 2 : 1
                    at = Int(node.first)
                    continue
                }
                while at > 0, parser.nodes[at].next < 0 {
                    at = Int(parser.nodes[at].parent)
                    let node = parser.nodes[at]
                    depth -= node.tag == .template && node.namespace == .html ? 2 : 1
                }
                at = at > 0 ? Int(parser.nodes[at].next) : 0
            }
            return lines.joined(separator: "\n")
        }

        private mutating func line(_ index: Int, _ depth: Int) {
            let node = parser.nodes[index]
            let indentation = "| " + String(repeating: "  ", count: depth)
            let range = Int(node.start)..<Int(node.start + node.length)
            switch node.tag {
            case .text: lines.append("\(indentation)\"\(string(range))\"")
            case .comment: lines.append("\(indentation)<!-- \(string(range)) -->")
            case .doctype: lines.append("\(indentation)<!DOCTYPE \(string(range))>")
            default:
                let known = parser.elementNames[index].map { string($0).lowercasedASCII } ?? ""
                let element = node.tag == .other ? known : node.tag.name
                let prefix = node.namespace == .svg ? "svg " : node.namespace == .math ? "math " : ""
                lines.append("\(indentation)<\(prefix)\(element)>")
                let attributes = range.map { (name($0, node.namespace), string(parser.attributes[$0].range)) }
                for (name, value) in attributes.sorted(by: { Array($0.0.utf16).lexicographicallyPrecedes($1.0.utf16) })
                {
                    lines.append("\(indentation)  \(name)=\"\(value)\"")
                }
            }
        }

        private func name(_ attribute: Int, _ namespace: HTMLParser.Namespace) -> String {
            let name = string(parser.attributeNames[attribute]).lowercasedASCII
            guard namespace != .html else { return name }
            return Self.qualified.contains(name) ? name.replacing(":", with: " ", maxReplacements: 1) : name
        }

        /// Attributes of SVG and MathML that belong to another namespace.
        private static let qualified: Set = [
            "xlink:actuate", "xlink:arcrole", "xlink:href", "xlink:role", "xlink:show", "xlink:title", "xlink:type",
            "xml:lang", "xml:space", "xmlns:xlink",
        ]

        private func string(_ range: Range<Int>) -> String {
            String(decoding: range.map { parser.byte($0) }, as: UTF8.self)
        }
    }
}

extension String {
    fileprivate var lowercasedASCII: String { String(decoding: utf8.map(\.lowercased), as: UTF8.self) }
}
