/// The third step of main-content extraction: what stands near the text and still isn't part of it.
extension MainContent {
    /// A longer heading is a paragraph that is set like one.
    private static let longestEmptyHeading: Int32 = 100

    /// A shorter caption is a name or a number.
    private static let shortestCaption: Int32 = 15

    /// Looks at every block that is left, with what it holds and where it stands.
    ///
    /// Left out are lists of links, "read also" lines, lines about the text (author, date, tags), mere labels of
    /// pictures, parts that stand below "related articles" and the like, and at last the headings under which nothing is
    /// left.
    static func review(_ tree: HTMLTree, _ outline: HTMLOutline, _ dropped: inout [Bool]) {
        let statistics = TextStatistics(tree, outline, dropped: dropped)
        let all = statistics.text[0]
        var preEnd = 0
        var textBefore: Int32 = 0
        var index = 1
        while index < tree.nodes.count {
            let node = tree.nodes[index]
            let end = Int(node.end)
            if dropped[index] {
                index = end
                continue
            }
            if node.tag == .pre { preEnd = max(preEnd, end) }
            let text = statistics.text[index]
            if node.tag == .text {
                textBefore += text
            } else if index >= preEnd, text > 0, text * 2 < all {
                let position = Float(textBefore) / Float(all)
                if isBesideText(tree, index, statistics, position: position) { dropped[index] = true }
                if !dropped[index], node.tag.isBlock, let kind = asideKind(tree, index, statistics) {
                    dropAside(kind, at: index, late: position > 0.5, tree, statistics, &dropped)
                }
            }
            if dropped[index] { textBefore += text }
            index = dropped[index] ? end : index + 1
        }
        for index in tree.nodes.indices
        where !dropped[index] && statistics.text[index] > 0 && tree.nodes[index].tag.isBlock {
            TeaserLists.drop(tree, below: index, statistics, &dropped)
        }
        let left = TextStatistics(tree, outline, dropped: dropped)
        dropEmptySections(tree, left, &dropped)
        dropClosingLabels(tree, left, &dropped)
    }

    private static func isBesideText(
        _ tree: HTMLTree, _ index: Int, _ statistics: TextStatistics, position: Float
    ) -> Bool {
        let tag = tree.nodes[index].tag
        switch tag {
        case .ul, .ol, .div, .section, .table, .dl, .p, .form, .td, .li, .details, .header, .figure, .figcaption, .span,
            .address, .strong, .small, .em, .i, .b, .h2, .h3, .h4, .h5, .h6:
            break
        case .a: return isCard(tree, index) || isLonely(tree, index, statistics)
        default: return false
        }
        guard tree.nodes[index].length > 0 || tag.isBlock else { return false }
        let hints = statistics.hints(index)
        if tag.headingLevel != nil || !tag.isBlock, tag != .span {
            return hints.contains(.caption) && isLabel(tree, index, statistics)
        }
        if isLinkList(tree, index, statistics, hints) { return true }
        if tag == .figcaption || hints.contains(.caption), statistics.text[index] < shortestCaption { return true }
        if tag != .td, hints.contains(.attribution), isAttribution(tree, index, statistics, position: position) {
            return true
        }
        return tag == .p && isPointer(tree, index, statistics)
    }

    /// Mostly links: a list of nothing else that no line leads up to, three or more and hardly anything else, or a small
    /// part whose name is suspect.
    private static func isLinkList(
        _ tree: HTMLTree, _ index: Int, _ statistics: TextStatistics, _ hints: HTMLHints
    ) -> Bool {
        let density = statistics.linkDensity(index)
        let text = statistics.text[index]
        let prose = statistics.prose[index]
        let tag = tree.nodes[index].tag
        if density > 0.2, prose == 0, tag != .p, tag != .li, tag != .span, tag != .td || density > 0.6 {
            if hints.contains(.suspect), text < 400 || density > 0.5 { return true }
        }
        switch tag {
        case .ul, .ol, .dl, .div, .section, .table, .form, .details:
            // A list in an item that says what it lists is part of the text.
            let parent = Int(tree.nodes[index].parent)
            if tree.nodes[parent].tag == .li, statistics.own[parent] - statistics.ownLink[parent] >= 10 { return false }
            if tag == .ul, statistics.linkText[index] == text, !isIntroduced(tree, index) { return true }
            return density > 0.75 && prose * 5 < text && links(tree, index) >= 3
        default: return false
        }
    }

    /// Whether a line that ends in a colon stands before a list.
    private static func isIntroduced(_ tree: HTMLTree, _ list: Int) -> Bool {
        for at in stride(from: list - 1, to: max(0, list - 12), by: -1) where tree.nodes[at].tag == .text {
            if let last = tree.text(of: at).trimmedOfSpace.last { return last == UInt8(ascii: ":") }
        }
        return false
    }

    /// A link around a heading or other blocks: another page's teaser.
    private static func isCard(_ tree: HTMLTree, _ index: Int) -> Bool {
        guard let target = tree.value(.href, of: index), target.first != 0x23 else { return false }
        return (index + 1..<Int(tree.nodes[index].end)).contains { tree.nodes[$0].tag.isBlock }
            && tree.nodes[Int(tree.nodes[index].parent)].tag.headingLevel == nil
    }

    /// A link in a container that has no text of its own but links.
    private static func isLonely(_ tree: HTMLTree, _ index: Int, _ statistics: TextStatistics) -> Bool {
        let parent = Int(tree.nodes[index].parent)
        switch tree.nodes[parent].tag {
        case .div, .section, .article, .center, .main, .body:
            return statistics.ownLink[parent] * 10 > statistics.own[parent] * 9
        default: return false
        }
    }

    /// A caption that is a name or a credit, no sentence.
    private static func isLabel(_ tree: HTMLTree, _ index: Int, _ statistics: TextStatistics) -> Bool {
        let text = statistics.text[index]
        if text >= 100 { return false }
        let line = tree.plainText(of: index)
        return text < 40 || !line.hasSuffix(".")
    }

    /// A short line about the text, or, after most of it, a part about who wrote it.
    private static func isAttribution(
        _ tree: HTMLTree, _ index: Int, _ statistics: TextStatistics, position: Float
    ) -> Bool {
        let text = statistics.text[index]
        if text < 120, !holdsHeading(tree, index),
            statistics.prose[index] == 0 || !AsideLine.endsSentence(tree.plainBytes(of: index))
        {
            return true
        }
        return position > 0.6 && text < 800
    }

    /// A paragraph that is one link: "read also".
    private static func isPointer(_ tree: HTMLTree, _ index: Int, _ statistics: TextStatistics) -> Bool {
        statistics.linkDensity(index) > 0.9 && statistics.text[index] > 12
    }

    /// Headings whose section has been left out.
    private static func dropEmptySections(
        _ tree: HTMLTree, _ statistics: TextStatistics, _ dropped: inout [Bool]
    ) {
        var headings: [(index: Int, level: Int)] = []
        var index = 1
        while index < tree.nodes.count {
            if dropped[index] {
                index = Int(tree.nodes[index].end)
                continue
            }
            if let level = tree.nodes[index].tag.headingLevel { headings.append((index, level)) }
            index += 1
        }
        guard headings.count > 1 else { return }
        var next: [(level: Int, hasText: Bool)] = []  // sections that follow, nearest last
        var after = tree.nodes.count
        for heading in headings.reversed() {
            var hasText = holdsText(from: Int(tree.nodes[heading.index].end), to: after, statistics, tree, dropped)
            while let section = next.last, section.level > heading.level {
                hasText = hasText || section.hasText
                next.removeLast()
            }
            let isShort = statistics.text[heading.index] < longestEmptyHeading
            if !hasText, isShort, heading.level > 1, heading.index != headings[0].index {
                dropped[heading.index] = true
            }
            next.append((heading.level, hasText))
            after = heading.index
        }
    }

    private static func holdsText(
        from start: Int, to end: Int, _ statistics: TextStatistics, _ tree: HTMLTree, _ dropped: [Bool]
    ) -> Bool {
        var index = start
        while index < end {
            if dropped[index] {
                index = Int(tree.nodes[index].end)
                continue
            }
            if tree.nodes[index].tag == .text, statistics.text[index] > 0 { return true }
            index += 1
        }
        return false
    }

    private static func links(_ tree: HTMLTree, _ index: Int) -> Int {
        (index..<Int(tree.nodes[index].end)).count { tree.nodes[$0].tag == .a }
    }
}
