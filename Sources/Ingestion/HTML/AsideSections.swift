/// Lines about other things than the page's subject, and the parts of a page that they stand above.
extension MainContent {
    /// A longer part is text, whatever stands above it, in characters other than white space.
    private static let longestSection: Int32 = 1500
    /// The same for a part whose first line isn't a heading.
    private static let longestUntitled: Int32 = 400

    /// What a block of one line is about, if it isn't the page's subject.
    static func asideKind(_ tree: HTMLTree, _ index: Int, _ statistics: TextStatistics) -> AsideLine.Kind? {
        let text = statistics.text[index]
        guard text > 0, text <= AsideLine.longestDisclosure, text == statistics.own[index] else { return nil }
        let tag = tree.nodes[index].tag
        switch tag {
        case .div, .section, .p, .form, .li, .details, .header, .figure, .figcaption, .address, .h2, .h3, .h4, .h5, .h6:
            break
        default: return nil
        }
        if text <= AsideLine.longest, let kind = AsideLine.kind(of: tree.plainBytes(of: index)) { return kind }
        return tag.headingLevel == nil && isDisclosure(tree, index) ? .line : nil
    }

    private static func isDisclosure(_ tree: HTMLTree, _ index: Int) -> Bool {
        var isPaid = false
        var hasLink = false
        for text in index..<Int(tree.nodes[index].end) where tree.nodes[text].tag == .text {
            let text = tree.text(of: text)
            isPaid = isPaid || AsidePhrases.commissions.isHeld(by: text.span)
            hasLink = hasLink || AsidePhrases.links.isHeld(by: text.span)
        }
        return isPaid && hasLink
    }

    /// Leaves out a line that isn't about the page's subject, and what it stands above.
    static func dropAside(
        _ kind: AsideLine.Kind, at line: Int, late: Bool, _ tree: HTMLTree, _ statistics: TextStatistics,
        _ dropped: inout [Bool]
    ) {
        let isHeading = tree.nodes[line].tag.headingLevel != nil
        if kind != .pointer || !isHeading { dropped[line] = true }
        guard late, kind == .section || kind == .pointer && isHeading else { return }
        dropSection(tree, under: line, kind, statistics, &dropped)
    }

    /// Leaves out what follows a line up to the next heading of its level.
    private static func dropSection(
        _ tree: HTMLTree, under line: Int, _ kind: AsideLine.Kind, _ statistics: TextStatistics, _ dropped: inout [Bool]
    ) {
        let level = tree.nodes[line].tag.headingLevel
        // A line alone in a box stands for the box.
        var top = line
        while statistics.text[Int(tree.nodes[top].parent)] == statistics.text[top] { top = Int(tree.nodes[top].parent) }
        var parts: [Int] = []
        var text: Int32 = 0
        var next = Int(tree.nodes[top].end)
        while next < Int(tree.nodes[Int(tree.nodes[top].parent)].end), !holdsHeading(tree, next, upTo: level ?? 6) {
            parts.append(next)
            text += statistics.text[next]
            next = Int(tree.nodes[next].end)
        }
        let longest = level == nil || kind == .pointer ? longestUntitled : longestSection
        guard text <= longest, text * 4 < statistics.text[0] else { return }
        // "More information" may be just that; with a link in it, it leads elsewhere.
        if kind == .pointer, parts.allSatisfy({ statistics.linkText[$0] == 0 }) { return }
        for part in parts { dropped[part] = true }
    }

    private static func holdsHeading(_ tree: HTMLTree, _ index: Int, upTo level: Int) -> Bool {
        (index..<Int(tree.nodes[index].end)).contains { tree.nodes[$0].tag.headingLevel.map { $0 <= level } ?? false }
    }
}
