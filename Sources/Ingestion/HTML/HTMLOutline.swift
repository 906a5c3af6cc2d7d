/// What is the same about a page's nodes whatever is left out of it, worked out once: hints, lengths, blocks, links.
struct HTMLOutline: Sendable {
    /// What each element's names say.
    private(set) var hints: [HTMLHints]
    /// Of each text, its characters that aren't white space; 0 for elements and for what is never text.
    private(set) var length: [Int32]
    /// Of each text, its commas.
    private(set) var commas: [Int32]
    /// The block that a node is part of; a block is its own.
    private(set) var block: [Int32]
    /// Whether the node is a link or inside of one.
    private(set) var inLink: [Bool]

    /// Looks at every node once.
    init(_ tree: HTMLTree) {
        let count = tree.nodes.count
        var allHints = [HTMLHints](repeating: [], count: count)
        let zeros = [Int32](repeating: 0, count: count)
        var (lengths, allCommas, blocks) = (zeros, zeros, zeros)
        var links = [Bool](repeating: false, count: count)
        let nodes = tree.nodes.span
        var hints = allHints.mutableSpan
        var length = lengths.mutableSpan
        var commas = allCommas.mutableSpan
        var block = blocks.mutableSpan
        var inLink = links.mutableSpan
        var unseenEnd = 0
        var index = 1
        while index < count {
            let node = nodes[index]
            let parent = Int(node.parent)
            if node.tag == .text {
                block[index] = block[parent]
                inLink[index] = inLink[parent]
                if index >= unseenEnd { (length[index], commas[index]) = Self.count(tree.text(of: index)) }
            } else {
                block[index] = node.tag.isBlock ? Int32(index) : block[parent]
                inLink[index] = inLink[parent] || node.tag == .a
                if node.tag.isNeverText { unseenEnd = max(unseenEnd, Int(node.end)) }
                if node.length > 0, index >= unseenEnd { hints[index] = tree.readHints(of: index) }
            }
            index += 1
        }
        (self.hints, self.length, self.commas, self.block, self.inLink) = (allHints, lengths, allCommas, blocks, links)
    }

    private static func count(_ bytes: ArraySlice<UInt8>) -> (length: Int32, commas: Int32) {
        let span = bytes.span
        var length = 0
        var commas = 0
        for index in span.indices {
            let byte = span[index]
            // Bytes 0x80…0xBF continue a character.
            length &+= byte > 0x20 && (byte < 0x80 || byte >= 0xC0) ? 1 : 0
            commas &+= byte == 0x2C ? 1 : 0
        }
        return (Int32(truncatingIfNeeded: length), Int32(truncatingIfNeeded: commas))
    }
}
