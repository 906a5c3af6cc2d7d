/// How much text, link text and prose each element of a page holds, without what has been left out.
///
/// All counts are of characters that aren't white space. One pass forwards gives each text to its block, one pass
/// backwards sums subtrees: O(nodes), the text itself isn't looked at.
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

    /// What doesn't depend on what is left out.
    let outline: HTMLOutline

    /// Counts the page without the subtrees whose first node is set in `dropped`.
    init(_ tree: HTMLTree, _ outline: HTMLOutline, dropped: [Bool]) {
        let count = tree.nodes.count
        let zeros = [Int32](repeating: 0, count: count)
        var (texts, linkTexts, proses, owns, ownLinks, commas) = (zeros, zeros, zeros, zeros, zeros, zeros)
        let nodes = tree.nodes.span
        let blocks = outline.block.span
        let lengths = outline.length.span
        self.outline = outline
        var text = texts.mutableSpan
        var linkText = linkTexts.mutableSpan
        var prose = proses.mutableSpan
        var own = owns.mutableSpan
        var ownLink = ownLinks.mutableSpan
        var ownCommas = commas.mutableSpan
        var index = 1
        while index < count {
            if dropped[index] {
                index = Int(nodes[index].end)
                continue
            }
            let length = lengths[index]
            if length > 0 {
                let block = Int(blocks[index])
                text[index] = length
                own[block] += length
                ownCommas[block] += outline.commas[index]
                if outline.inLink[index] {
                    linkText[index] = length
                    ownLink[block] += length
                }
            }
            index += 1
        }
        for index in stride(from: count - 1, to: 0, by: -1) where text[index] > 0 || own[index] > 0 {
            if own[index] >= Self.proseLength, ownLink[index] * 2 < own[index] { prose[index] += own[index] }
            let parent = Int(nodes[index].parent)
            text[parent] += text[index]
            linkText[parent] += linkText[index]
            prose[parent] += prose[index]
        }
        (self.text, self.linkText, self.prose) = (texts, linkTexts, proses)
        (self.own, self.ownLink, self.ownCommas) = (owns, ownLinks, commas)
    }

    /// What the element's names say.
    func hints(_ index: Int) -> HTMLHints { outline.hints[index] }

    /// Whether the block's own text reads like prose.
    func isProse(_ index: Int) -> Bool { own[index] >= Self.proseLength && ownLink[index] * 2 < own[index] }

    /// The share of a subtree's text that is links, 0…1.
    func linkDensity(_ index: Int) -> Float {
        text[index] == 0 ? 0 : Float(linkText[index]) / Float(text[index])
    }
}
