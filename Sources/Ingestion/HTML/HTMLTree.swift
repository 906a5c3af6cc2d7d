import CLibXML2

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
        /// Where a text starts in `bytes`; of an element: where its attributes start in `attributes`.
        var start: Int32
        /// The bytes of a text; of an element how many attributes.
        var length: Int32
    }

    /// An attribute with its value in `bytes`.
    struct Attribute: Sendable {
        var name: HTMLAttribute
        var start: Int32
        var length: Int32
    }

    /// Open elements at once.
    ///
    /// Real pages stay under a few hundred, browsers stop at 512.
    static let maxDepth = 4096
    /// The depth allowed to a page with any number of end tags.
    static let leastMaxDepth = 512
    /// libxml2 looks for the element that an end tag closes through all open ones: their product is bounded.
    private static let mostSteps = 2_000_000_000
    /// Elements, attributes and texts of a page together.
    static let maxRecords = 6_000_000
    /// An attribute's value is cut here (inlined images).
    static let maxAttributeBytes = 4096

    private(set) var nodes: [Node]
    private(set) var attributes: [Attribute] = []
    private(set) var bytes: [UInt8] = []

    // libxml2 wants its tables set up once, before threads use it.
    private static let initialised: Void = xmlInitParser()

    /// Parses UTF-8.
    /// - Throws: `IngestionError.tooDeep`, `.tooManyElements`, `.outOfMemory`; never for bad mark-up.
    init(utf8: [UInt8]) throws(IngestionError) {
        _ = Self.initialised
        nodes = [Node(tag: .document, parent: 0, end: 0, start: 0, length: 0)]
        let maxDepth = Self.depthLimit(utf8)
        let limits = docent_html_limits(
            depth: Int32(maxDepth), records: Int32(Self.maxRecords), attribute_bytes: Int32(Self.maxAttributeBytes)
        )
        // The tape is the C shim's memory: read here once, then freed.
        let parsed = unsafe utf8.withUnsafeBytes { unsafe docent_html_parse($0.baseAddress, $0.count, limits) }
        guard let tape = unsafe parsed else { throw .outOfMemory }
        defer { unsafe docent_html_free(tape) }
        switch unsafe tape.pointee.status {
        case Int32(DOCENT_HTML_OK): break
        case Int32(DOCENT_HTML_TOO_DEEP): throw .tooDeep(limit: maxDepth)
        case Int32(DOCENT_HTML_TOO_LARGE): throw .tooManyElements(limit: Self.maxRecords)
        default: throw .outOfMemory
        }
        unsafe read(tape)
    }

    private static func depthLimit(_ utf8: [UInt8]) -> Int {
        var endTags = 1
        var previous: UInt8 = 0
        for byte in utf8 {
            if byte == 0x2F, previous == 0x3C { endTags += 1 }
            previous = byte
        }
        return min(maxDepth, max(leastMaxDepth, mostSteps / endTags))
    }

    private mutating func read(_ tape: UnsafeMutablePointer<docent_html_tape>) {
        let byteCount = unsafe tape.pointee.byte_count
        if byteCount > 0 { bytes = unsafe [UInt8](UnsafeRawBufferPointer(start: tape.pointee.bytes, count: byteCount)) }
        let (tags, attributeNames) = unsafe names(of: tape)
        let records = unsafe UnsafeBufferPointer(start: tape.pointee.records, count: tape.pointee.record_count)
        nodes.reserveCapacity(records.count / 2 + 1)
        var open: [Int32] = [0]
        for index in 0..<records.count {
            let record = unsafe records[index]
            let parent = open[open.count - 1]
            switch record.kind {
            case Int32(DOCENT_HTML_START):
                open.append(Int32(nodes.count))
                nodes.append(
                    Node(
                        tag: tags[Int(record.name)], parent: parent, end: 0, start: Int32(attributes.count), length: 0))
            case Int32(DOCENT_HTML_ATTRIBUTE):
                guard let name = attributeNames[Int(record.name)] else { continue }
                attributes.append(Attribute(name: name, start: record.offset, length: record.length))
                nodes[nodes.count - 1].length += 1
            case Int32(DOCENT_HTML_END):
                guard open.count > 1 else { continue }
                nodes[Int(open.removeLast())].end = Int32(nodes.count)
            default:
                nodes.append(
                    Node(
                        tag: .text, parent: parent, end: Int32(nodes.count + 1), start: record.offset,
                        length: record.length))
            }
        }
        for index in open { nodes[Int(index)].end = Int32(nodes.count) }
    }

    /// What each name id of the tape stands for, as element and as attribute.
    private func names(of tape: UnsafeMutablePointer<docent_html_tape>) -> ([HTMLTag], [HTMLAttribute?]) {
        var tags: [HTMLTag] = [.other]
        var attributeNames: [HTMLAttribute?] = [nil]
        for id in 1..<max(1, Int(unsafe tape.pointee.name_count)) {
            let (start, count) = unsafe withUnsafeBytes(of: &tape.pointee.name_offset) { offsets in
                unsafe withUnsafeBytes(of: &tape.pointee.name_length) { lengths in
                    unsafe (
                        Int(offsets.load(fromByteOffset: id * 4, as: Int32.self)),
                        Int(lengths.load(fromByteOffset: id * 4, as: Int32.self))
                    )
                }
            }
            let name = String(decoding: bytes[start..<(start + count)], as: UTF8.self)
            tags.append(HTMLTag(name: name))
            attributeNames.append(HTMLAttribute(name: name))
        }
        return (tags, attributeNames)
    }
}

extension HTMLTree {
    /// The value of an attribute as bytes, nil if the element hasn't got it.
    func value(_ name: HTMLAttribute, of index: Int) -> ArraySlice<UInt8>? {
        let node = nodes[index]
        guard node.tag != .text, node.length > 0 else { return nil }
        for attribute in attributes[Int(node.start)..<Int(node.start + node.length)] where attribute.name == name {
            return bytes[Int(attribute.start)..<Int(attribute.start + attribute.length)]
        }
        return nil
    }

    /// The value of an attribute as text, trimmed; nil if missing or empty.
    func string(_ name: HTMLAttribute, of index: Int) -> String? {
        guard let bytes = value(name, of: index) else { return nil }
        let text = String(decoding: bytes, as: UTF8.self).trimmingWhitespace()
        return text.isEmpty ? nil : text
    }

    /// The bytes of a text node.
    func text(of index: Int) -> ArraySlice<UInt8> {
        let node = nodes[index]
        return bytes[Int(node.start)..<Int(node.start + node.length)]
    }

    /// All text below a node with white space collapsed, for titles and other short things.
    func plainText(of index: Int, limit: Int = 4096) -> String {
        var line = InlineText()
        var at = index
        while at < Int(nodes[index].end), line.bytes.count < limit {
            let tag = nodes[at].tag
            if tag == .text { line.append(text(of: at)) } else if tag.isBlock || tag == .br { line.space() }
            at = tag == .script || tag == .style ? Int(nodes[at].end) : at + 1
        }
        return String(decoding: line.finish(), as: UTF8.self)
    }
}
