/// Labels below the text.
extension MainContent {
    /// A longer line at the end is text, in characters other than white space.
    private static let longestLabel: Int32 = 60
    /// The most lines that are taken off a page's end.
    private static let mostLabels = 3
    /// A page of fewer blocks is left as it is.
    private static let fewestBlocks = 5

    /// Leaves out what stands below the text without saying anything: headings of parts that are gone, names of links.
    static func dropClosingLabels(_ tree: HTMLTree, _ statistics: TextStatistics, _ dropped: inout [Bool]) {
        var blocks = 0
        var ends: [Int] = []  // the blocks of the last texts, each once, text that follows another block with it
        var index = 1
        while index < tree.nodes.count {
            if dropped[index] {
                index = Int(tree.nodes[index].end)
                continue
            }
            if tree.nodes[index].tag.isBlock, statistics.own[index] > 0 { blocks += 1 }
            if tree.nodes[index].tag == .text, statistics.text[index] > 0 {
                let block = Int(statistics.outline.block[index])
                if ends.last != block { ends.append(block) }
            }
            index += 1
        }
        for block in ends.suffix(mostLabels).reversed() {
            guard blocks >= fewestBlocks, isLabel(block) else { return }
            dropped[block] = true
            blocks -= 1
        }
        func isLabel(_ block: Int) -> Bool {
            let text = statistics.text[block]
            guard text < longestLabel, text == statistics.own[block], !isPartOfList(tree, block) else { return false }
            switch tree.nodes[block].tag {
            case .p: if statistics.linkText[block] == 0 { return false }
            case .div, .h2, .h3, .h4, .h5, .h6, .figcaption, .blockquote: break
            default: return false
            }
            // A number is a price, a telephone, an hour: it may be all that someone looks for, as may be an address.
            let line = tree.plainBytes(of: block)
            return !AsideLine.endsSentence(line) && !line.contains { $0 &- 0x30 < 10 || $0 == UInt8(ascii: "@") }
        }
    }

    /// Whether a block is in a list's item or a table's cell, which are as short as they please.
    private static func isPartOfList(_ tree: HTMLTree, _ block: Int) -> Bool {
        var at = block
        while at != 0 {
            switch tree.nodes[at].tag {
            case .li, .dt, .dd, .td, .th, .caption: return true
            default: at = Int(tree.nodes[at].parent)
            }
        }
        return false
    }
}
