/// Writes the kept part of a page into a document: headings, paragraphs, lists, tables, code, quotes.
///
/// One loop over the nodes with a stack of open elements; whatever inline text lies between two block boundaries becomes
/// a block of the kind that the open elements call for.
struct HTMLBlockWriter {
    private let tree: HTMLTree
    private let dropped: [Bool]
    private var document: DocumentBuilder

    private var line = InlineText()
    private var open: [Int] = []
    private var lists: [List] = []
    private var quoteDepth = 0
    private var definitions: [Int] = []  // heading level given to a definition list's terms, 0: none
    private var pendingMarker: String?
    private var heading: (level: Int, end: Int)?
    private var images = ImageText()

    private struct List {
        var isOrdered: Bool
        var next: Int
    }

    /// Indentation stops growing here, whatever the page nests.
    private static let deepestIndentation = 8
    /// Bytes of explanation from which a term is a heading.
    private static let longExplanation = 200

    private init(_ tree: HTMLTree, dropped: [Bool], into document: DocumentBuilder) {
        self.tree = tree
        self.dropped = dropped
        self.document = document
    }

    /// Appends the page's kept part to `document`.
    static func write(_ tree: HTMLTree, dropped: [Bool], into document: inout DocumentBuilder) {
        var writer = HTMLBlockWriter(tree, dropped: dropped, into: document)
        writer.run()
        document = writer.document
    }

    private mutating func run() {
        var index = 1
        while index < tree.nodes.count {
            closeElements(before: index)
            if dropped[index] {
                if tree.nodes[index].tag.isBlock { flush() }
                index = Int(tree.nodes[index].end)
                continue
            }
            index = enter(index)
        }
        closeElements(before: tree.nodes.count)
        flush()
    }

    private mutating func closeElements(before index: Int) {
        while let last = open.last, Int(tree.nodes[last].end) <= index {
            flush()
            open.removeLast()
            leave(last)
        }
    }

    /// Handles the node and returns the next one to look at.
    private mutating func enter(_ index: Int) -> Int {
        let node = tree.nodes[index]
        let end = Int(node.end)
        switch node.tag {
        case .text:
            line.append(tree.text(of: index))
            return end
        case .br:
            line.lineBreak()
            return end
        case .img:
            image(index)
            return end
        case .pre:
            flush()
            code(index)
            return end
        case .table:
            flush()
            if let table = HTMLTable(tree, at: index, dropped: dropped) {
                if !table.caption.isEmpty { document.append(table.caption, kind: .paragraph) }
                let (text, headerBytes) = table.text()
                document.append(text, kind: .table(headerBytes: headerBytes))
                return end
            }
        case .a where isPermalink(index): return end
        case .dt:
            if let last = explainedTerms(index) {
                flush()
                termHeading(index..<last)
                return last
            }
            openBlock(index)
        case .tr, .td, .th: flush()
        default: if node.tag.isBlock { openBlock(index) }
        }
        if node.tag.isBlock { open.append(index) }
        return index + 1
    }

    private mutating func openBlock(_ index: Int) {
        let node = tree.nodes[index]
        flush()
        switch node.tag {
        case .ul, .menu, .dir: lists.append(List(isOrdered: false, next: 1))
        case .ol:
            lists.append(List(isOrdered: true, next: tree.string(.start, of: index).flatMap { Int($0) } ?? 1))
        case .li:
            let isOrdered = lists.last?.isOrdered ?? false
            pendingMarker = isOrdered ? "\(lists[lists.count - 1].next). " : "- "
            if isOrdered { lists[lists.count - 1].next &+= 1 }
        case .blockquote: quoteDepth += 1
        case .dl: definitions.append(0)
        case .h1, .h2, .h3, .h4, .h5, .h6:
            if lists.isEmpty, let level = node.tag.headingLevel { heading = (level, Int(node.end)) }
        default: break
        }
    }

    private mutating func leave(_ index: Int) {
        switch tree.nodes[index].tag {
        case .ul, .ol, .menu, .dir:
            if !lists.isEmpty { lists.removeLast() }
            pendingMarker = nil
        case .li: pendingMarker = nil
        case .blockquote: quoteDepth -= 1
        case .dl: if let level = definitions.popLast(), level > 0 { document.closeHeadings(from: level) }
        default: break
        }
        if let heading, heading.end <= Int(tree.nodes[index].end) { self.heading = nil }
    }

    /// The end of a run of terms that is explained at some length; nil where there is little to say.
    ///
    /// Such terms are the heading of their explanation: the options and functions of a reference manual, the questions
    /// of a list of questions.
    private func explainedTerms(_ index: Int) -> Int? {
        guard !definitions.isEmpty, lists.isEmpty else { return nil }
        var last = Int(tree.nodes[index].end)
        var next = last
        while next < tree.nodes.count, tree.nodes[next].tag == .text || tree.nodes[next].tag == .dt {
            if tree.nodes[next].tag == .dt { last = Int(tree.nodes[next].end) }
            next = Int(tree.nodes[next].end)
        }
        guard next < tree.nodes.count, tree.nodes[next].tag == .dd else { return nil }
        var length = 0
        for node in tree.nodes[next..<Int(tree.nodes[next].end)] where node.tag == .text { length += Int(node.length) }
        return length >= Self.longExplanation ? last : nil
    }

    private mutating func termHeading(_ range: Range<Int>) {
        if definitions[definitions.count - 1] == 0 { definitions[definitions.count - 1] = max(document.nextLevel, 2) }
        var title = InlineText()
        var index = range.lowerBound
        while index < range.upperBound {
            let node = tree.nodes[index]
            if dropped[index] || node.tag == .a && isPermalink(index) {
                index = Int(node.end)
                continue
            }
            if node.tag == .text { title.append(tree.text(of: index)) }
            if node.tag == .dt, index > range.lowerBound {
                title.space()
                title.append("/ ")
            }
            index += 1
        }
        document.heading(title.finish(), level: definitions[definitions.count - 1])
    }

    /// Ends the current block.
    private mutating func flush() {
        var text = line.finish()
        if heading == nil { PictureCredit.cut(&text) }
        guard !text.isEmpty else { return }
        if let heading {
            document.heading(text.map { $0 == 0x0A ? 0x20 : $0 }, level: heading.level)
            return
        }
        if lists.isEmpty {
            let isTerm = open.last.map { tree.nodes[$0].tag == .dt } ?? false
            document.append(text, kind: isTerm ? .term : quoteDepth > 0 ? .quote : .paragraph)
            return
        }
        let depth = min(lists.count, Self.deepestIndentation)
        let indentation = String(repeating: "  ", count: depth - 1)
        let marker = pendingMarker ?? ""
        pendingMarker = nil
        document.append(Array((indentation + marker).utf8) + text, kind: .listItem(level: depth))
    }

    /// Preformatted text, line breaks and indentation kept.
    private mutating func code(_ index: Int) {
        var bytes: [UInt8] = []
        var at = index
        while at < Int(tree.nodes[index].end) {
            if dropped[at] {
                at = Int(tree.nodes[at].end)
                continue
            }
            if tree.nodes[at].tag == .text { bytes.append(contentsOf: tree.text(of: at)) }
            if tree.nodes[at].tag == .br || tree.nodes[at].tag == .div { bytes.append(0x0A) }
            at += 1
        }
        document.append(InlineText.verbatim(bytes), kind: .code)
    }

    /// An image's alternative text, when it says something of its own: in its place in a line, else as a block.
    private mutating func image(_ index: Int) {
        guard heading == nil else { return }
        let isInline = !line.isEmpty
        if isInline { line.space() }
        guard let text = images.text(of: index, in: tree) else { return }
        if isInline || !lists.isEmpty {
            line.append(text[...])
            line.space()
        } else {
            document.appendOnce(text, kind: .image)
        }
    }

    /// The paragraph mark beside a heading that links to the heading itself, or a wiki's edit link.
    private func isPermalink(_ index: Int) -> Bool {
        guard let target = tree.value(.href, of: index), target.first == 0x23 else { return false }
        let end = Int(tree.nodes[index].end)
        var text: [UInt8] = []
        for at in index..<end where tree.nodes[at].tag == .text {
            text.append(contentsOf: tree.text(of: at).filter { $0 > 0x20 })
            if text.count > 8 { return false }
        }
        return ["¶", "#", "§", "🔗", "⚓", "", "\u{F0C1}", "¶#", "↑", "↩"].contains(String(decoding: text, as: UTF8.self))
            && (heading != nil || !text.isEmpty)
    }
}
