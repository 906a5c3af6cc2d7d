/// Decides which elements of a page are its main content, and which are menus, footers and the like.
///
/// Three steps: leave out what is never text or says itself that it is chrome; find the element the text centres on
/// (`<main>`, `<article>`, else the one whose paragraphs score highest); around and inside it keep what reads like text.
/// A page on which that leaves almost nothing is read again with fewer rules, down to the whole body: text is never lost
/// for a class name.
///
/// Source: the scoring of paragraphs into their ancestors goes back to arc90's Readability; link and text density as
/// features to Kohlschütter et al., "Boilerplate Detection using Shallow Text Features" (WSDM 2010).
struct MainContent: Sendable {
    /// How many rules are applied.
    enum Rigour: Int, Sendable, CaseIterable {
        /// All of them.
        case strict
        /// Only what elements and roles say, and link density; no class names, no centre.
        case lax
        /// The whole body.
        case everything
    }

    /// Whether the subtree that starts at a node is left out.
    private(set) var dropped: [Bool]
    /// The rules that gave this result.
    private(set) var rigour: Rigour

    /// Prose below which a strict result is compared with a laxer one.
    private static let fewCharacters: Int32 = 250

    /// Finds the main content of a page.
    init(_ tree: HTMLTree) {
        let outline = HTMLOutline(tree)
        let unseen = Self.neverText(tree)
        let whole = TextStatistics(tree, outline, dropped: unseen)
        let chrome = Self.chrome(tree, unseen: unseen, whole: whole, byName: true)
        let strict = Self.centred(tree, outline, dropped: chrome)
        let strictText = TextStatistics(tree, outline, dropped: strict).text[0]
        if strictText >= Self.fewCharacters, strictText * 12 >= whole.prose[0] {
            self.init(dropped: strict, rigour: .strict)
            return
        }
        let lax = Self.chrome(tree, unseen: unseen, whole: whole, byName: false)
        let laxText = TextStatistics(tree, outline, dropped: lax).text[0]
        // A short page is short: the laxer reading must bring clearly more.
        if strictText > 0, laxText < strictText * 2 { self.init(dropped: strict, rigour: .strict); return }
        if laxText >= 40 || laxText * 2 >= whole.text[0] {
            var reviewed = lax
            Self.review(tree, outline, &reviewed)
            let isEnough = TextStatistics(tree, outline, dropped: reviewed).text[0] * 2 >= laxText
            self.init(dropped: isEnough ? reviewed : lax, rigour: .lax)
            return
        }
        self.init(dropped: unseen, rigour: .everything)
    }

    private init(dropped: [Bool], rigour: Rigour) {
        self.dropped = dropped
        self.rigour = rigour
    }

    /// Scripts, styles, form controls and other things without text of the document.
    static func neverText(_ tree: HTMLTree) -> [Bool] {
        var dropped = [Bool](repeating: false, count: tree.nodes.count)
        var index = 0
        while index < tree.nodes.count {
            let node = tree.nodes[index]
            // A <noscript> repeats for browsers without scripts what the page has anyway, or says to switch them on;
            // but some pages have their text nowhere else.
            if node.tag.isNeverText || node.tag == .noscript && !holdsParagraphs(tree, index) {
                dropped[index] = true
                index = Int(node.end)
            } else {
                index += 1
            }
        }
        return dropped
    }

    private static func holdsParagraphs(_ tree: HTMLTree, _ index: Int) -> Bool {
        (index..<Int(tree.nodes[index].end)).count { tree.nodes[$0].tag == .p } >= 3
    }

    /// Adds what elements (and, with `byName`, their names) say is chrome, unless most of the page's prose is in there.
    static func chrome(_ tree: HTMLTree, unseen: [Bool], whole: TextStatistics, byName: Bool) -> [Bool] {
        var dropped = unseen
        var sectionDepthEnd = 0  // inside an <article>, <main> or <section> up to here
        var quoteEnd = 0
        var preEnd = 0
        var index = 1
        while index < tree.nodes.count {
            let node = tree.nodes[index]
            let end = Int(node.end)
            if dropped[index] {
                index = end
                continue
            }
            let tag = node.tag
            if tag == .article || tag == .main || tag == .section { sectionDepthEnd = max(sectionDepthEnd, end) }
            if tag == .blockquote { quoteEnd = max(quoteEnd, end) }
            if tag == .pre { preEnd = max(preEnd, end) }
            if tag != .text, index >= preEnd {
                let holdsMost = whole.prose[index] * 2 > whole.prose[0]
                let context = Context(inSection: index < sectionDepthEnd, inQuote: index < quoteEnd, byName: byName)
                if !holdsMost || holdsDiscussion(tree, index, whole: whole, byName: byName),
                    isChrome(tree, index, whole: whole, context: context)
                {
                    dropped[index] = true
                }
            }
            index = dropped[index] ? end : index + 1
        }
        return dropped
    }

    /// Readers' comments that are longer than the text they are about.
    private static func holdsDiscussion(
        _ tree: HTMLTree, _ index: Int, whole: TextStatistics, byName: Bool
    ) -> Bool {
        byName && whole.prose[0] - whole.prose[index] >= 2 * fewCharacters
            && whole.hints(index).contains(.discussion)
    }

    /// One `<article>` or `<main>` with nearly all the prose of the element: a frame around the text, whatever its name.
    private static func holdsArticle(_ tree: HTMLTree, _ index: Int, whole: TextStatistics) -> Bool {
        let least = max(2 * fewCharacters, whole.prose[index] * 7 / 10)
        guard whole.prose[index] >= least else { return false }
        return (index..<Int(tree.nodes[index].end)).contains { inner in
            let tag = tree.nodes[inner].tag
            return (tag == .article || tag == .main) && whole.prose[inner] >= least
        }
    }

    private struct Context {
        var inSection: Bool
        var inQuote: Bool
        var byName: Bool
    }

    private static func isChrome(_ tree: HTMLTree, _ index: Int, whole: TextStatistics, context: Context) -> Bool {
        let tag = tree.nodes[index].tag
        switch tag {
        case .html, .body, .main: return false
        case .nav, .search, .dialog: return true
        case .footer where !context.inQuote: return true
        case .header where !context.inSection: return true
        default: break
        }
        guard tag.isBlock || tag == .a || tag == .span || tag == .small || tag == .other else { return false }
        let hints = whole.hints(index)
        if hints.contains(.hidden) { return true }
        if tag == .aside { return hints.isDisjoint(with: .note) }
        if tag == .form { return whole.prose[index] < 200 }
        guard hints.contains(.chrome) else { return false }
        if tag.isBlock {
            // <article class="comment">, <h2 class="banner">: the element itself says what it is.
            if tag == .article || tag.headingLevel != nil { return false }
            let isRole = tree.value(.role, of: index) != nil
            if isRole { return true }
            return context.byName && !holdsArticle(tree, index, whole: whole)
        }
        // Inline elements carry all sorts of names; only small permanent links and such are taken out.
        return context.byName && tag != .span && whole.text[index] <= 3
    }
}
