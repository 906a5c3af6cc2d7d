/// The second step of main-content extraction: where the text centres, and what around it belongs to it.
extension MainContent {
    /// What prose in a list's item counts, next to running prose.
    private static let itemShare: Float = 0.3
    /// A longer part above the text is more than its title and first words, in characters other than white space.
    private static let longestLead: Int32 = 1200

    /// Leaves out what is not near the centre of the text and doesn't read like text.
    static func centred(_ tree: HTMLTree, _ outline: HTMLOutline, dropped: [Bool]) -> [Bool] {
        guard var kept = aroundCentre(tree, outline, dropped: dropped) else { return dropped }
        review(tree, outline, &kept)
        return kept
    }

    /// Leaves out what is not near the centre of the text; nil when there is no text to centre on.
    static func aroundCentre(_ tree: HTMLTree, _ outline: HTMLOutline, dropped: [Bool]) -> [Bool]? {
        var dropped = dropped
        let statistics = TextStatistics(tree, outline, dropped: dropped)
        guard statistics.prose[0] > 0 else { return nil }
        let scores = paragraphScores(tree, statistics, dropped: dropped)
        let scope = declaredScope(tree, statistics, dropped: dropped)
        let centre = best(tree, scores, statistics, within: scope)
        keepAround(centre, scope: scope, tree, scores, statistics, &dropped)
        return dropped
    }

    /// The page's `<main>` or only big `<article>`, else the root.
    private static func declaredScope(_ tree: HTMLTree, _ statistics: TextStatistics, dropped: [Bool]) -> Int {
        var scope = 0
        let wanted: [(Int) -> Bool] = [
            { tree.nodes[$0].tag == .main || tree.says(.role, "main", of: $0) },
            { tree.nodes[$0].tag == .article || tree.says(.itemprop, "articleBody", of: $0) },
        ]
        for (step, matches) in wanted.enumerated() {
            var best = scope
            var index = scope
            while index < Int(tree.nodes[scope].end) {
                if dropped[index] {
                    index = Int(tree.nodes[index].end)
                    continue
                }
                if tree.nodes[index].tag != .text, matches(index),
                    best == scope || statistics.prose[index] > statistics.prose[best]
                {
                    best = index
                }
                index += 1
            }
            // Several articles of like size are a list of them: no one of them is the page.
            let share: Float = step == 0 ? 0.3 : 0.6
            if best != scope, Float(statistics.prose[best]) >= share * Float(statistics.prose[scope]) { scope = best }
        }
        return scope
    }

    /// Each block of prose gives points to the elements around it, fewer the further out.
    private static func paragraphScores(_ tree: HTMLTree, _ statistics: TextStatistics, dropped: [Bool]) -> [Float] {
        var scores = [Float](repeating: 0, count: tree.nodes.count)
        for index in tree.nodes.indices where statistics.isProse(index) {
            var points = 1 + Float(statistics.ownCommas[index]) + min(Float(statistics.own[index]) / 100, 3)
            // Pages end with lists of other pages' beginnings, each an item.
            if isInItem(tree, index) { points *= itemShare }
            var at = index
            for level in 0..<6 {
                let parent = Int(tree.nodes[at].parent)
                if parent == at { break }
                scores[parent] += points / (level == 0 ? 1 : level == 1 ? 2 : Float(level) * 3)
                at = parent
            }
        }
        for index in tree.nodes.indices where scores[index] > 0 {
            let hints = statistics.hints(index)
            if hints.contains(.content) { scores[index] += 25 }
            if hints.contains(.suspect) { scores[index] -= 25 }
            switch tree.nodes[index].tag {
            case .article, .main: scores[index] += 10
            case .div, .section: scores[index] += 5
            case .ul, .ol, .dl, .form, .td, .th, .address: scores[index] -= 3
            default: break
            }
            scores[index] *= 1 - statistics.linkDensity(index)
        }
        return scores
    }

    private static func isInItem(_ tree: HTMLTree, _ index: Int) -> Bool {
        var at = index
        for _ in 0..<6 {
            if tree.nodes[at].tag == .li { return true }
            at = Int(tree.nodes[at].parent)
        }
        return false
    }

    private static func best(
        _ tree: HTMLTree, _ scores: [Float], _ statistics: TextStatistics, within scope: Int
    ) -> Int {
        var best = scope
        for index in scope..<Int(tree.nodes[scope].end)
        where scores[index] > scores[best] && tree.nodes[index].tag.isBlock { best = index }
        // A list, a row or a cell is part of something: its container is the centre.
        while best != scope {
            switch tree.nodes[best].tag {
            case .p, .li, .ul, .ol, .dl, .dd, .dt, .tr, .tbody, .thead, .table, .blockquote, .td:
                best = Int(tree.nodes[best].parent)
            default: return best
            }
        }
        return best
    }

    /// Walks from the centre out to the scope; at each level, the neighbours that read like text stay.
    private static func keepAround(
        _ centre: Int, scope: Int, _ tree: HTMLTree, _ scores: [Float], _ statistics: TextStatistics,
        _ dropped: inout [Bool]
    ) {
        let threshold = max(10, scores[centre] * 0.2)
        var at = centre
        while at != scope {
            let parent = Int(tree.nodes[at].parent)
            var child = parent + 1
            while child < Int(tree.nodes[parent].end) {
                let end = Int(tree.nodes[child].end)
                if child != at, !dropped[child], !isLike(child, at, tree, statistics),
                    !belongs(child, before: child < at, tree, scores[child] >= threshold, statistics)
                {
                    dropped[child] = true
                }
                child = end
            }
            at = parent
        }
        // Outside the scope only the title stays: the page said where its text is.
        while at != 0 {
            let parent = Int(tree.nodes[at].parent)
            var child = parent + 1
            while child < Int(tree.nodes[parent].end) {
                if child != at, child > at || !isLead(child, scope: scope, tree, statistics) { dropped[child] = true }
                child = Int(tree.nodes[child].end)
            }
            at = parent
        }
    }

    /// Whether a part before the declared text has the page's title, which that text lacks, and perhaps its first words.
    private static func isLead(_ index: Int, scope: Int, _ tree: HTMLTree, _ statistics: TextStatistics) -> Bool {
        let text = statistics.text[index]
        return statistics.prose[index] * 2 > text && text < longestLead && statistics.linkDensity(index) < 0.3
            && holdsTitle(tree, index, statistics) && !holdsTitle(tree, scope, statistics)
    }

    private static func holdsTitle(_ tree: HTMLTree, _ index: Int, _ statistics: TextStatistics) -> Bool {
        (index..<Int(tree.nodes[index].end)).contains { tree.nodes[$0].tag == .h1 && statistics.text[$0] > 0 }
    }

    /// Whether a neighbour is of the same kind as the element that holds the centre and has prose: the next step of a
    /// guide, the next section.
    private static func isLike(
        _ index: Int, _ centre: Int, _ tree: HTMLTree, _ statistics: TextStatistics
    ) -> Bool {
        guard tree.nodes[index].tag == tree.nodes[centre].tag, statistics.prose[index] > 0,
            statistics.linkDensity(index) < 0.2, let name = tree.value(.class, of: index), !name.isEmpty
        else { return false }
        return tree.value(.class, of: centre)?.elementsEqual(name) ?? false
    }

    private static func belongs(
        _ index: Int, before: Bool, _ tree: HTMLTree, _ scoresWell: Bool, _ statistics: TextStatistics
    ) -> Bool {
        let node = tree.nodes[index]
        let density = statistics.linkDensity(index)
        if node.tag.headingLevel != nil { return before || density < 0.5 }
        if scoresWell && density < 0.4 { return true }
        let text = statistics.text[index]
        let prose = statistics.prose[index]
        switch node.tag {
        case .p, .pre, .blockquote, .text: return text > 80 && density < 0.25 || text > 0 && density == 0 && prose > 0
        case .ul, .ol, .dl, .table: return prose > 0 && density < 0.3
        default:
            // A header with the page's title stays, and a part that is mostly prose.
            if before, text < 1200, holdsHeading(tree, index), density < 0.3 || text < 400 && density < 0.5 {
                return true
            }
            return prose >= 80 && density < 0.25 && prose * 2 > text
        }
    }

    static func holdsHeading(_ tree: HTMLTree, _ index: Int) -> Bool {
        (index..<Int(tree.nodes[index].end)).contains { tree.nodes[$0].tag == .h1 || tree.nodes[$0].tag == .h2 }
    }
}
