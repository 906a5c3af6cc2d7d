/// A parsed page as arrays in document order: no pointers, no recursion, a depth and size cap.
///
/// A node's subtree is the index range from the node up to `end`, so a pass over a page is a loop, skipping a subtree is
/// an assignment, and sums over subtrees run backwards over the array.
struct HTMLTree: Sendable {
    /// An element or a run of text.
    struct Node: Sendable {
        var tag: HTMLTag
        /// Index of the parent; the root is its own.
        var parent: Int32
        /// Index after the last node of the subtree.
        var end: Int32
        /// Where a text starts, see ``HTMLTree/text(of:)``; of an element: where its attributes start.
        var start: Int32
        /// The bytes of a text; of an element how many attributes.
        var length: Int32
    }

    /// An attribute and where its value is.
    struct Attribute: Sendable {
        var name: HTMLAttribute
        var start: Int32
        var length: Int32

        /// The value's range, as a text's.
        var range: Range<Int> { Int(start)..<Int(start + length) }
    }

    /// Open elements at once.
    ///
    /// Real pages stay under a few hundred, browsers stop at 512.
    static let maxDepth = 4096
    /// Elements and texts of a page, and attributes.
    static let maxNodes = 6_000_000
    /// An attribute's value is cut here (inlined images).
    static let maxAttributeBytes = 4096
    /// What misnested mark-up may cost beyond one pass over the page, in steps of about a nanosecond.
    static let mostSteps = 1_000_000_000

    private(set) var nodes: [Node]
    private(set) var attributes: [Attribute]
    private let source: [UInt8]
    /// Texts that aren't in the page as they are, with offsets that follow the page's.
    private let side: [UInt8]

    /// Parses UTF-8.
    /// - Throws: `IngestionError.tooDeep`, `.tooManyElements`; never for bad mark-up.
    init(utf8: [UInt8]) throws(IngestionError) {
        var parser = HTMLParser(utf8, keepsAll: false)
        try parser.run()
        self.init(parser)
    }

    /// Puts a parser's nodes into document order.
    init(_ parser: consuming HTMLParser) {
        var linked = parser.nodes
        nodes = []
        nodes.reserveCapacity(linked.count)
        attributes = parser.attributes
        source = parser.source
        side = parser.side
        var at = 0
        while true {
            let node = linked[at]
            // A node that has its place needs no link to its sibling before it any more.
            let index = Int32(nodes.count)
            linked[at].previous = index
            let parent = at == 0 ? 0 : linked[Int(node.parent)].previous
            nodes.append(Node(tag: node.tag, parent: parent, end: index + 1, start: node.start, length: node.length))
            if node.first >= 0 {
                at = Int(node.first)
                continue
            }
            while at != 0, linked[at].next < 0 {
                at = Int(linked[at].parent)
                nodes[Int(linked[at].previous)].end = Int32(nodes.count)
            }
            if at == 0 { break }
            at = Int(linked[at].next)
        }
    }
}

extension HTMLTree {
    /// The bytes of a range of the page, or, beyond it, of what was decoded.
    @inline(__always)
    func bytes(_ start: Int, _ count: Int) -> ArraySlice<UInt8> {
        if start < source.count { return source[start..<(start + count)] }
        return side[(start - source.count)..<(start - source.count + count)]
    }

    /// The value of an attribute as bytes.
    @inline(__always)
    func value(_ attribute: Attribute) -> ArraySlice<UInt8> { bytes(Int(attribute.start), Int(attribute.length)) }

    /// The value of an attribute as bytes, nil if the element hasn't got it.
    func value(_ name: HTMLAttribute, of index: Int) -> ArraySlice<UInt8>? {
        let node = nodes[index]
        guard node.tag != .text, node.length > 0 else { return nil }
        for at in Int(node.start)..<Int(node.start + node.length) where attributes[at].name == name {
            return value(attributes[at])
        }
        return nil
    }

    /// The value of an attribute as text, trimmed; nil if missing or empty.
    func string(_ name: HTMLAttribute, of index: Int) -> String? {
        guard let bytes = value(name, of: index)?.trimmedOfSpace, !bytes.isEmpty else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether an attribute has this value, white space around it aside.
    func says(_ name: HTMLAttribute, _ wanted: StaticString, of index: Int) -> Bool {
        guard let bytes = value(name, of: index) else { return false }
        return wanted.withUTF8Buffer { unsafe bytes.trimmedOfSpace.elementsEqual($0) }
    }

    /// The bytes of a text node.
    @inline(__always)
    func text(of index: Int) -> ArraySlice<UInt8> {
        let node = nodes[index]
        return bytes(Int(node.start), Int(node.length))
    }

    /// All text below a node with white space collapsed, for titles and other short things.
    func plainText(of index: Int, limit: Int = 4096) -> String {
        String(decoding: plainBytes(of: index, limit: limit), as: UTF8.self)
    }

    /// As ``plainText(of:limit:)``, in UTF-8.
    func plainBytes(of index: Int, limit: Int = 4096) -> [UInt8] {
        var line = InlineText()
        var at = index
        while at < Int(nodes[index].end), line.bytes.count < limit {
            let tag = nodes[at].tag
            if tag == .text { line.append(text(of: at)) } else if tag.isBlock || tag == .br { line.space() }
            at = tag == .script || tag == .style ? Int(nodes[at].end) : at + 1
        }
        return line.finish()
    }
}

extension ArraySlice<UInt8> {
    /// The bytes without the white space of HTML at their ends.
    var trimmedOfSpace: ArraySlice<UInt8> {
        var part = self
        while let first = part.first, first.isHTMLSpace { part = part.dropFirst() }
        while let last = part.last, last.isHTMLSpace { part = part.dropLast() }
        return part
    }
}
