/// How much text, link text and prose each element of a page holds, without what has been left out.
///
/// All counts are of characters that aren't white space. One pass forwards gives each text to its block, one pass
/// backwards sums subtrees: O(nodes).
struct TextStatistics: Sendable {
    /// Text in the subtree.
    private(set) var text: [Int32]
    /// Text in the subtree that is inside links.
    private(set) var linkText: [Int32]
    /// Text of the subtree's blocks that read like prose: at least `proseLength` of their own text, mostly not links.
    private(set) var prose: [Int32]
    /// Text that belongs to this block itself, not to blocks inside it.
    private(set) var own: [Int32]
    /// The part of `own` inside links.
    private(set) var ownLink: [Int32]
    /// Commas in `own`, which prose has and menus have not.
    private(set) var ownCommas: [Int32]

    /// A block's own text from which it counts as prose.
    static let proseLength: Int32 = 25

    /// Counts the page without the subtrees whose first node is set in `dropped`.
    init(_ tree: HTMLTree, dropped: [Bool]) {
        let nodes = tree.nodes
        text = [Int32](repeating: 0, count: nodes.count)
        linkText = text
        prose = text
        own = text
        ownLink = text
        ownCommas = text
        var owner = [Int32](repeating: 0, count: nodes.count)
        var inLink = [Bool](repeating: false, count: nodes.count)
        var index = 1
        while index < nodes.count {
            let node = nodes[index]
            if dropped[index] {
                index = Int(node.end)
                continue
            }
            let parent = Int(node.parent)
            if node.tag == .text {
                let (length, commas) = Self.count(tree.text(of: index))
                let block = Int(owner[parent])
                text[index] = length
                own[block] += length
                ownCommas[block] += commas
                if inLink[parent] {
                    linkText[index] = length
                    ownLink[block] += length
                }
            } else {
                owner[index] = node.tag.isBlock ? Int32(index) : owner[parent]
                inLink[index] = inLink[parent] || node.tag == .a
            }
            index += 1
        }
        for index in stride(from: nodes.count - 1, to: 0, by: -1) {
            if isProse(index) { prose[index] += own[index] }
            let parent = Int(nodes[index].parent)
            text[parent] += text[index]
            linkText[parent] += linkText[index]
            prose[parent] += prose[index]
        }
    }

    /// Whether the block's own text reads like prose.
    func isProse(_ index: Int) -> Bool { own[index] >= Self.proseLength && ownLink[index] * 2 < own[index] }

    /// The share of a subtree's text that is links, 0…1.
    func linkDensity(_ index: Int) -> Float {
        text[index] == 0 ? 0 : Float(linkText[index]) / Float(text[index])
    }

    private static func count(_ bytes: ArraySlice<UInt8>) -> (length: Int32, commas: Int32) {
        var length: Int32 = 0
        var commas: Int32 = 0
        for byte in bytes {
            // Bytes 0x80…0xBF continue a character.
            if byte > 0x20 && (byte < 0x80 || byte >= 0xC0) { length += 1 }
            if byte == 0x2C { commas += 1 }
        }
        return (length, commas)
    }
}
