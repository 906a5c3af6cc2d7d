import CLibXML2

/// A parsed XML document as an array in document order: no pointers, no recursion, no entities, caps on depth and size.
///
/// Names are without their prefixes, which is how the office formats are read here: each of their vocabularies is in a
/// file of its own. A node's subtree is the index range from the node up to `end`.
struct XMLTree: Sendable {
    /// An element or a run of text.
    struct Node: Sendable {
        /// Index into the tree's names; negative: text.
        var name: Int32
        /// Index of the parent; the root is its own.
        var parent: Int32
        /// Index after the last node of the subtree.
        var end: Int32
        /// Where a text starts in the bytes; of an element where its attributes start.
        var start: Int32
        /// The bytes of a text; of an element how many attributes.
        var length: Int32
    }

    private struct Attribute: Sendable {
        var name: Int32
        var start: Int32
        var length: Int32
    }

    /// Open elements at once.
    static let maxDepth = 256
    /// Elements, attributes and texts together: a sheet of some 100,000 rows.
    static let maxRecords = 12_000_000
    /// An attribute's value is cut here.
    static let maxAttributeBytes = 65_536

    /// Nodes in document order; the first is the document.
    private(set) var nodes = [Node(name: 0, parent: 0, end: 1, start: 0, length: 0)]
    private var attributes: [Attribute] = []
    private var bytes: [UInt8] = []
    private var names = [""]

    private static let initialised: Void = xmlInitParser()

    /// Parses a document.
    /// - Throws: `IngestionError`: `.entities`, `.tooDeep`, `.tooManyElements`, `.damaged`, `.outOfMemory`.
    init(_ xml: [UInt8], format: String) throws(IngestionError) {
        _ = Self.initialised
        let limits = docent_xml_limits(
            depth: Int32(Self.maxDepth), records: Int32(Self.maxRecords),
            attribute_bytes: Int32(Self.maxAttributeBytes))
        // The tape is the C shim's memory: read here once, then freed.
        let parsed = unsafe xml.withUnsafeBytes { unsafe docent_xml_parse($0.baseAddress, $0.count, limits) }
        guard let tape = unsafe parsed else { throw .outOfMemory }
        defer { unsafe docent_xml_free(tape) }
        switch unsafe tape.pointee.status {
        case Int32(DOCENT_XML_OK): break
        case Int32(DOCENT_XML_ENTITIES): throw .entities
        case Int32(DOCENT_XML_TOO_DEEP): throw .tooDeep(limit: Self.maxDepth)
        case Int32(DOCENT_XML_TOO_LARGE): throw .tooManyElements(limit: Self.maxRecords)
        case Int32(DOCENT_XML_MALFORMED): throw .damaged(format: format, reason: "its XML is not well-formed")
        default: throw .outOfMemory
        }
        unsafe read(tape)
    }

    private mutating func read(_ tape: UnsafeMutablePointer<docent_xml_tape>) {
        let byteCount = unsafe tape.pointee.byte_count
        if byteCount > 0 { bytes = unsafe [UInt8](UnsafeRawBufferPointer(start: tape.pointee.bytes, count: byteCount)) }
        for id in 1..<max(1, Int(unsafe tape.pointee.name_count)) {
            let start = unsafe withUnsafeBytes(of: &tape.pointee.name_offset) {
                unsafe Int($0.load(fromByteOffset: id * 4, as: Int32.self))
            }
            let count = unsafe withUnsafeBytes(of: &tape.pointee.name_length) {
                unsafe Int($0.load(fromByteOffset: id * 4, as: Int32.self))
            }
            names.append(String(decoding: bytes[start..<(start + count)], as: UTF8.self))
        }
        let records = unsafe UnsafeBufferPointer(start: tape.pointee.records, count: tape.pointee.record_count)
        var open: [Int32] = [0]
        for index in 0..<records.count {
            let record = unsafe records[index]
            let parent = open[open.count - 1]
            switch record.kind {
            case Int32(DOCENT_XML_START):
                open.append(Int32(nodes.count))
                nodes.append(
                    Node(name: record.name, parent: parent, end: 0, start: Int32(attributes.count), length: 0))
            case Int32(DOCENT_XML_ATTRIBUTE):
                attributes.append(Attribute(name: record.name, start: record.offset, length: record.length))
                nodes[nodes.count - 1].length += 1
            case Int32(DOCENT_XML_END):
                guard open.count > 1 else { continue }
                nodes[Int(open.removeLast())].end = Int32(nodes.count)
            default:
                nodes.append(
                    Node(
                        name: -1, parent: parent, end: Int32(nodes.count + 1), start: record.offset,
                        length: record.length))
            }
        }
        for index in open { nodes[Int(index)].end = Int32(nodes.count) }
    }
}

extension XMLTree {
    /// The index after a node's subtree.
    func end(_ index: Int) -> Int { Int(nodes[index].end) }

    /// Whether a node is text.
    func isText(_ index: Int) -> Bool { nodes[index].name < 0 }

    /// An element's name without prefix; empty for text and the document.
    func name(_ index: Int) -> String { nodes[index].name > 0 ? names[Int(nodes[index].name)] : "" }

    /// The bytes of a text node.
    func text(_ index: Int) -> ArraySlice<UInt8> {
        let node = nodes[index]
        return bytes[Int(node.start)..<Int(node.start + node.length)]
    }

    /// The value of an attribute, nil if the element hasn't got it.
    func value(_ name: String, of index: Int) -> String? {
        let node = nodes[index]
        guard node.name > 0, node.length > 0 else { return nil }
        for attribute in attributes[Int(node.start)..<Int(node.start + node.length)]
        where names[Int(attribute.name)] == name {
            let range = Int(attribute.start)..<Int(attribute.start + attribute.length)
            return String(decoding: bytes[range], as: UTF8.self)
        }
        return nil
    }

    /// Whether any attribute of an element has this value.
    func holds(_ value: String, of index: Int) -> Bool {
        let node = nodes[index]
        guard node.name > 0 else { return false }
        return attributes[Int(node.start)..<Int(node.start + node.length)].contains { attribute in
            bytes[Int(attribute.start)..<Int(attribute.start + attribute.length)].elementsEqual(value.utf8)
        }
    }

    /// The element children of a node, in order.
    func children(of index: Int) -> [Int] {
        var found: [Int] = []
        var child = index + 1
        while child < end(index) {
            if !isText(child) { found.append(child) }
            child = end(child)
        }
        return found
    }

    /// The first child of that name.
    func child(_ name: String, of index: Int) -> Int? {
        var child = index + 1
        while child < end(index) {
            if self.name(child) == name { return child }
            child = end(child)
        }
        return nil
    }

    /// The first descendant of that name.
    func first(_ name: String, in index: Int = 0) -> Int? {
        (index + 1..<max(end(index), index + 1)).first { self.name($0) == name }
    }

    /// All descendants of that name, in order.
    func all(_ name: String, in index: Int = 0) -> [Int] {
        (index + 1..<max(end(index), index + 1)).filter { self.name($0) == name }
    }

    /// All text below a node, white space collapsed.
    func plainText(_ index: Int) -> String {
        var line = InlineText()
        for at in index..<end(index) where isText(at) { line.append(text(at)) }
        return String(decoding: line.finish(), as: UTF8.self)
    }
}
