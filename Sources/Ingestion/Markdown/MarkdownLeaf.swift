/// What begins at a line of Markdown, and where it ends.
struct MarkdownLeaf {
    /// The kinds of block, with what they hold.
    enum Kind {
        case paragraph
        case rule
        case definition
        case heading(level: Int, text: [UInt8])
        case code([UInt8])
        case html
        case table([[[UInt8]]])
        case quote([ArraySlice<UInt8>])
        case item([ArraySlice<UInt8>], marker: String)
    }

    private(set) var kind = Kind.paragraph
    /// The line after the block.
    private(set) var end: Int

    /// Looks at `lines[start]`, which isn't blank.
    ///
    /// Inside a paragraph fewer things can begin.
    init(_ lines: [ArraySlice<UInt8>], at start: Int, inParagraph: Bool) {
        end = start + 1
        let line = lines[start]
        let text = line.trimmed
        if line.indentation >= 4 {
            if !inParagraph { indentedCode(lines, start) }
            return
        }
        if text.first == 0x23, heading(text) { return }
        if text.first == 0x60 || text.first == 0x7E, fencedCode(lines, start) { return }
        if Self.isRule(text) { kind = .rule; return }
        if text.first == 0x3E {
            quote(lines, start)
            return
        }
        if item(lines, start, inParagraph: inParagraph) { return }
        if text.first == 0x3C, html(lines, start, inParagraph: inParagraph) { return }
        if inParagraph { return }
        if text.first == 0x5B, Self.isDefinition(text) { kind = .definition; return }
        table(lines, start)
    }

    private mutating func heading(_ text: ArraySlice<UInt8>) -> Bool {
        let level = text.prefix { $0 == 0x23 }.count
        var rest = text.dropFirst(level)
        guard level <= 6, rest.isEmpty || rest.first == 0x20 || rest.first == 0x09 else { return false }
        rest = rest.trimmed
        // A closing run of # counts only after a space.
        var bare = rest
        while bare.last == 0x23 { bare = bare.dropLast() }
        if bare.isEmpty || bare.last == 0x20 { rest = bare.trimmed }
        kind = .heading(level: level, text: Self.withoutAnchor(rest))
        return true
    }

    /// `## Title {#anchor}`: the attribute is none of the title.
    private static func withoutAnchor(_ text: ArraySlice<UInt8>) -> [UInt8] {
        guard text.last == 0x7D, let brace = text.lastIndex(of: 0x7B), text[brace...].dropFirst().first == 0x23 else {
            return Array(text)
        }
        return Array(text[..<brace].trimmed)
    }

    private mutating func indentedCode(_ lines: [ArraySlice<UInt8>], _ start: Int) {
        var last = start
        var index = start
        while index < lines.count, lines[index].isBlank || lines[index].indentation >= 4 {
            if !lines[index].isBlank { last = index }
            index += 1
        }
        end = last + 1
        kind = .code(Array(lines[start..<end].map { $0.removingIndentation(4) }.joined(separator: [0x0A])))
    }

    private mutating func fencedCode(_ lines: [ArraySlice<UInt8>], _ start: Int) -> Bool {
        let text = lines[start].trimmed
        guard let mark = text.first else { return false }
        let count = text.prefix { $0 == mark }.count
        guard count >= 3, mark != 0x60 || !text.dropFirst(count).contains(0x60) else { return false }
        let indentation = lines[start].indentation
        var content: [ArraySlice<UInt8>] = []
        end = lines.count
        for index in (start + 1)..<max(lines.count, start + 1) {
            let line = lines[index].trimmed
            if line.count >= count, line.allSatisfy({ $0 == mark }), lines[index].indentation < 4 {
                end = index + 1
                break
            }
            content.append(lines[index].removingIndentation(indentation))
        }
        kind = .code(Array(content.joined(separator: [0x0A])))
        return true
    }

    private static func isRule(_ text: ArraySlice<UInt8>) -> Bool {
        guard let mark = text.first, mark == 0x2A || mark == 0x2D || mark == 0x5F else { return false }
        return text.allSatisfy { $0 == mark || $0 == 0x20 || $0 == 0x09 } && text.count { $0 == mark } >= 3
    }

    private mutating func quote(_ lines: [ArraySlice<UInt8>], _ start: Int) {
        var inner: [ArraySlice<UInt8>] = []
        var index = start
        while index < lines.count, !lines[index].isBlank {
            var text = lines[index].trimmed
            if text.first == 0x3E {
                text = text.dropFirst()
                if text.first == 0x20 { text = text.dropFirst() }
            }
            inner.append(text)
            index += 1
        }
        end = index
        kind = .quote(inner)
    }

    private mutating func item(_ lines: [ArraySlice<UInt8>], _ start: Int, inParagraph: Bool) -> Bool {
        let line = lines[start]
        guard let (marker, width) = Self.itemMarker(line.trimmed) else { return false }
        // Only a list that starts at 1 may interrupt a paragraph: "… in\n1984. That year" is text.
        if inParagraph, marker != "- ", marker != "1. " { return false }
        let content = line.indentation + width
        var inner = [line.removingIndentation(line.indentation).dropFirst(width)]
        var index = start + 1
        while index < lines.count {
            let next = lines[index]
            if next.isBlank {
                // Blank lines belong to the item when indented content follows.
                var after = index
                while after < lines.count, lines[after].isBlank { after += 1 }
                guard after < lines.count, lines[after].indentation >= content else { break }
                inner.append([])
                index += 1
                continue
            }
            if next.indentation >= content {
                inner.append(next.removingIndentation(content))
            } else {
                // A lazy continuation of the item's paragraph, unless something new begins.
                let leaf = MarkdownLeaf.begins(next)
                if leaf || inner.last?.isBlank == true { break }
                inner.append(next.trimmed)
            }
            index += 1
        }
        end = index
        if let task = inner.first?.trimmed, task.starts(with: "[ ] ".utf8) || task.starts(with: "[x] ".utf8) {
            inner[0] = task.dropFirst(4)
        }
        kind = .item(inner, marker: marker)
        return true
    }

    /// Whether a line begins a block that ends a paragraph.
    private static func begins(_ line: ArraySlice<UInt8>) -> Bool {
        let text = line.trimmed
        guard let first = text.first else { return true }
        return itemMarker(text) != nil || first == 0x23 || first == 0x3E || isRule(text)
            || text.starts(with: "```".utf8) || text.starts(with: "~~~".utf8)
    }

    /// The marker as it is written out, and the columns up to the content; nil if the line is no item.
    private static func itemMarker(_ text: ArraySlice<UInt8>) -> (marker: String, width: Int)? {
        guard let first = text.first else { return nil }
        var marker = "- "
        var width = 1
        if first != 0x2D && first != 0x2A && first != 0x2B {
            let digits = text.prefix { (0x30...0x39).contains($0) }
            guard (1...9).contains(digits.count), let close = text.dropFirst(digits.count).first,
                close == 0x2E || close == 0x29
            else { return nil }
            marker = String(decoding: digits, as: UTF8.self) + ". "
            width = digits.count + 1
        }
        let rest = text.dropFirst(width)
        guard let space = rest.first else { return (marker, width) }
        guard space == 0x20 || space == 0x09 else { return nil }
        let spaces = rest.prefix { $0 == 0x20 }.count
        return (marker, width + (spaces >= 1 && spaces <= 4 ? spaces : 1))
    }

    private mutating func html(_ lines: [ArraySlice<UInt8>], _ start: Int, inParagraph: Bool) -> Bool {
        let text = lines[start].trimmed
        if text.starts(with: "<!--".utf8) {
            end = lines.count
            for index in start..<lines.count where Self.contains(lines[index], "-->") {
                end = index + 1
                break
            }
            kind = .html
            return true
        }
        let name = text.dropFirst().drop { $0 == 0x2F }.prefix {
            (0x41...0x5A).contains($0 & 0xDF) || (0x30...0x39).contains($0)
        }
        let tag = HTMLTag(name: String(decoding: name, as: UTF8.self))
        let isRaw = tag == .script || tag == .style || tag == .pre || tag == .textarea
        guard isRaw || tag.isBlock || tag == .iframe || tag == .link || tag == .col else { return false }
        var index = start
        let closing = "</\(tag.rawValue)"
        while index < lines.count {
            if isRaw, Self.contains(lines[index], closing) { index += 1; break }
            if !isRaw, lines[index].isBlank { break }
            index += 1
        }
        end = index
        kind = .html
        return true
    }

    private static func contains(_ line: ArraySlice<UInt8>, _ needle: String) -> Bool {
        String(decoding: line, as: UTF8.self).lowercased().contains(needle)
    }

    /// `[label]: target "title"`.
    private static func isDefinition(_ text: ArraySlice<UInt8>) -> Bool {
        guard let close = text.firstIndex(of: 0x5D), close + 1 < text.endIndex, text[close + 1] == 0x3A else {
            return false
        }
        let target = text[(close + 2)...].trimmed
        // A footnote's text is text.
        return text.dropFirst().first != 0x5E && !target.isEmpty && target.split(separator: 0x20).count <= 8
    }

    private mutating func table(_ lines: [ArraySlice<UInt8>], _ start: Int) {
        guard start + 1 < lines.count, lines[start].contains(0x7C) else { return }
        let delimiter = Self.cells(lines[start + 1])
        let isDelimiter =
            !delimiter.isEmpty && lines[start + 1].contains(0x2D)
            && delimiter.allSatisfy { !$0.isEmpty && $0.allSatisfy { $0 == 0x2D || $0 == 0x3A } && $0.contains(0x2D) }
        let header = Self.cells(lines[start])
        guard isDelimiter, header.count == delimiter.count else { return }
        var rows = [header]
        var index = start + 2
        while index < lines.count, !lines[index].isBlank, lines[index].contains(0x7C) {
            rows.append(Array(Self.cells(lines[index]).prefix(header.count)))
            index += 1
        }
        end = index
        kind = .table(rows)
    }

    /// The cells of a row: split at pipes that aren't escaped or inside code.
    private static func cells(_ line: ArraySlice<UInt8>) -> [[UInt8]] {
        var cells: [[UInt8]] = []
        var cell: [UInt8] = []
        var text = line.trimmed
        if text.first == 0x7C { text = text.dropFirst() }
        var escaped = false
        for byte in text {
            if byte == 0x7C, !escaped {
                cells.append(Array(cell[...].trimmed))
                cell = []
            } else {
                if byte == 0x7C { cell.removeLast() }
                cell.append(byte)
            }
            escaped = byte == 0x5C && !escaped
        }
        if !cell[...].isBlank { cells.append(Array(cell[...].trimmed)) }
        return cells
    }
}
