// Tags with their attributes, and the doctype.

extension HTMLParser {
    /// Reads a tag from its name on; nil if the page ends in it.
    mutating func tag(_ span: Span<UInt8>) -> Tag? {
        let start = position
        var hash = HTMLName.emptyHash
        var index = start
        while index < span.count {
            let byte = span[index]
            if byte.isHTMLSpace || byte == UInt8(ascii: ">") || byte == UInt8(ascii: "/") { break }
            hash = HTMLName.step(hash, byte.lowercased)
            index += 1
        }
        var tag = Tag(
            name: tagNames[hash], hash: hash, nameStart: start, nameEnd: index, firstAttribute: attributes.count,
            isSelfClosing: false)
        while index < span.count {
            let byte = span[index]
            if byte == UInt8(ascii: ">") {
                position = index + 1
                return tag
            }
            if byte == UInt8(ascii: "/") {
                tag.isSelfClosing = index + 1 < span.count && span[index + 1] == UInt8(ascii: ">")
                index += 1
            } else if byte.isHTMLSpace {
                index += 1
            } else {
                index = attribute(span, at: index, tag.firstAttribute)
            }
        }
        position = source.count
        return nil
    }

    /// Reads an attribute and returns the index after it.
    private mutating func attribute(_ span: Span<UInt8>, at start: Int, _ firstAttribute: Int) -> Int {
        var index = start
        var hash = HTMLName.emptyHash
        while index < span.count {
            let byte = span[index]
            if byte.isHTMLSpace || byte == UInt8(ascii: ">") || byte == UInt8(ascii: "/") { break }
            if byte == UInt8(ascii: "="), index > start { break }
            hash = HTMLName.step(hash, byte.lowercased)
            index += 1
        }
        let nameEnd = index
        while index < span.count, span[index].isHTMLSpace { index += 1 }
        var valueStart = index
        var valueEnd = index
        var hasReference = false
        if index < span.count, span[index] == UInt8(ascii: "=") {
            index += 1
            while index < span.count, span[index].isHTMLSpace { index += 1 }
            valueStart = index
            guard index < span.count else { return index }
            let quote = span[index]
            if quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
                valueStart += 1
                index = ByteScan.find(quote, or: UInt8(ascii: "&"), in: span, from: valueStart)
                if index < span.count, span[index] != quote {
                    hasReference = true
                    index = ByteScan.find(quote, in: span, from: index)
                }
                valueEnd = index
                index = min(index + 1, span.count)
            } else {
                while index < span.count, !span[index].isHTMLSpace, span[index] != UInt8(ascii: ">") {
                    if span[index] == UInt8(ascii: "&") { hasReference = true }
                    index += 1
                }
                valueEnd = index
            }
        } else {
            index = nameEnd
            valueStart = nameEnd
            valueEnd = nameEnd
        }
        let name = attributeNameTable[hash]
        guard name != .other || keepsAll else { return index }
        keep(name, start..<nameEnd, valueStart, valueEnd, hasReference, firstAttribute)
        return index
    }

    private mutating func keep(
        _ name: HTMLAttribute, _ nameRange: Range<Int>, _ start: Int, _ end: Int, _ hasReference: Bool,
        _ firstAttribute: Int
    ) {
        // The first of several of the same name counts.
        for index in firstAttribute..<attributes.count where attributes[index].name == name {
            if name != .other || isSameName(attributeNames[index], nameRange) { return }
        }
        var end = min(end, start + HTMLTree.maxAttributeBytes)
        while end > start, end < source.count, source[end] & 0xC0 == 0x80 { end -= 1 }
        var range = start..<end
        if hasReference { range = decoded(range) }
        attributes.append(
            HTMLTree.Attribute(name: name, start: Int32(range.lowerBound), length: Int32(range.count)))
        if keepsAll { attributeNames.append(nameRange) }
        if attributes.count > HTMLTree.maxNodes { fail(.tooManyElements(limit: HTMLTree.maxNodes)) }
    }

    /// Whether two names of the page are the same but for case.
    func isSameName(_ one: Range<Int>, _ other: Range<Int>) -> Bool {
        source[one].lazy.map(\.lowercased).elementsEqual(source[other].lazy.map(\.lowercased))
    }

    /// The range of an attribute's value with its references decoded.
    private mutating func decoded(_ range: Range<Int>) -> Range<Int> {
        let sideStart = side.count
        var start = range.lowerBound
        var index = start
        while index < range.upperBound {
            guard source[index] == UInt8(ascii: "&"), let reference = reference(at: index, inAttribute: true),
                reference.end <= range.upperBound
            else {
                index += 1
                continue
            }
            side.append(contentsOf: source[start..<index])
            append(reference)
            index = reference.end
            start = index
        }
        side.append(contentsOf: source[start..<range.upperBound])
        return (source.count + sideStart)..<(source.count + side.count)
    }

    /// The doctype says whether the page is to be read with the quirks of old browsers.
    mutating func readDoctype(from start: Int) {
        let end = ByteScan.find(UInt8(ascii: ">"), in: source.span, from: start)
        position = min(end + 1, source.count)
        let doctype = HTMLDoctype(source[start..<end], isWhole: end < source.count)
        guard mode == .initial else { return }
        isQuirky = doctype.isQuirky
        mode = .beforeHTML
        guard keepsAll else { return }
        let text = side.count
        side.append(contentsOf: doctype.description.utf8)
        appendLeaf(.doctype, source.count + text, source.count + side.count, to: 0)
    }
}
