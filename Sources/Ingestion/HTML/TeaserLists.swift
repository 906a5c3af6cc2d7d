/// Lists of other pages' beginnings: "more on this", "latest articles", as cards or rows.
///
/// They read like text, which is why no measure of links tells them from it; but they are alike, stand side by side, and
/// each has a headline that leads elsewhere.
enum TeaserLists {
    /// A longer part is no teaser, in characters other than white space.
    private static let longest: Int32 = 500
    /// So many side by side are a list.
    private static let fewest = 2

    /// Leaves out the teasers among the siblings below `parent`; the list of all that a page has stays.
    static func drop(_ tree: HTMLTree, below parent: Int, _ statistics: TextStatistics, _ dropped: inout [Bool]) {
        var teasers: [Int] = []
        var text: Int32 = 0
        var child = parent + 1
        let end = Int(tree.nodes[parent].end)
        while child < end {
            let next = Int(tree.nodes[child].end)
            if !dropped[child], isTeaser(tree, child, statistics) {
                teasers.append(child)
                text += statistics.text[child]
            }
            child = next
        }
        guard teasers.count >= fewest, text * 2 < statistics.text[0] else { return }
        for index in teasers { dropped[index] = true }
    }

    /// Whether a part is short and its first heading is a link to another page, or inside of one.
    private static func isTeaser(_ tree: HTMLTree, _ index: Int, _ statistics: TextStatistics) -> Bool {
        switch tree.nodes[index].tag {
        case .div, .article, .section, .li, .a, .td: break
        default: return false
        }
        let text = statistics.text[index]
        guard text > 0, text <= longest else { return false }
        var at = index
        var linkEnd = 0
        while at < Int(tree.nodes[index].end) {
            let node = tree.nodes[at]
            if node.tag == .a, leadsElsewhere(tree, at) { linkEnd = max(linkEnd, Int(node.end)) }
            if let level = node.tag.headingLevel, statistics.text[at] > 0 {
                return level > 1 && (at < linkEnd || statistics.linkDensity(at) > 0.9 && linksElsewhere(tree, at))
            }
            at += 1
        }
        return false
    }

    private static func linksElsewhere(_ tree: HTMLTree, _ index: Int) -> Bool {
        (index..<Int(tree.nodes[index].end)).contains { tree.nodes[$0].tag == .a && leadsElsewhere(tree, $0) }
    }

    private static func leadsElsewhere(_ tree: HTMLTree, _ link: Int) -> Bool {
        tree.value(.href, of: link).map { $0.first != 0x23 && !$0.isEmpty } ?? false
    }
}
