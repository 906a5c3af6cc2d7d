// SVG and MathML inside of HTML.

extension HTMLParser {
    /// Whether a start tag inside a foreign element is foreign as well.
    func isForeign(_ last: Open, _ tag: Tag) -> Bool {
        if last.isHTMLPoint { return false }
        if last.isTextPoint { return tag.name == .mglyph || tag.name == .malignmark }
        return !(last.hash == HTMLName.hash("annotation-xml".utf8) && last.namespace == .math && tag.name == .svg)
    }

    /// Puts a foreign element in; one that closes itself isn't opened.
    mutating func insertForeign(_ tag: Tag, _ namespace: Namespace) {
        let node = makeElement(tag, namespace: namespace)
        insert(node, at: place())
        if tag.isSelfClosing { return }
        var entry = Open(node: Int32(node), tag: .other, namespace: namespace, hash: tag.hash)
        switch (namespace, tag.name) {
        case (.svg, .foreignobject), (.svg, .desc), (.svg, .title): entry.isHTMLPoint = true
        case (.math, .mi), (.math, .mo), (.math, .mn), (.math, .ms), (.math, .mtext): entry.isTextPoint = true
        case (.math, .annotationXML):
            if let range = value(.encoding, of: tag) {
                let encoding = String(decoding: range.map { byte($0).lowercased }, as: UTF8.self)
                entry.isHTMLPoint = encoding == "text/html" || encoding == "application/xhtml+xml"
            }
        default: break
        }
        push(entry)
    }

    /// A start tag inside a foreign element.
    mutating func startForeign(_ tag: Tag) {
        let isFont = tag.name == .font && [.color, .face, .size].contains { value($0, of: tag) != nil }
        guard tag.name.breaksOutOfForeign || isFont else { return insertForeign(tag, current.namespace) }
        leaveForeign()
        startTag(tag)
    }

    private mutating func leaveForeign() {
        while open.count > 1, current.namespace != .html, !current.isHTMLPoint, !current.isTextPoint { pop() }
    }

    /// An end tag inside a foreign element.
    mutating func endForeign(_ tag: Tag) {
        if tag.name == .br || tag.name == .p {
            leaveForeign()
            return endTagInMode(tag)
        }
        var index = open.count - 1
        defer { spend(open.count - index) }
        while index > 0 {
            if open[index].namespace == .html { return endTagInMode(tag) }
            if open[index].hash == tag.hash {
                while open.count > index { pop() }
                return
            }
            index -= 1
        }
    }
}
