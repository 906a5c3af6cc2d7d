import Storage

/// What a page says about itself: title, language, canonical address, description, author, date.
struct HTMLMetadata {
    /// The page's title, without the site's name where a heading tells the two apart; empty if there is none.
    private(set) var title = ""
    /// The declared language.
    private(set) var language: String?
    /// The canonical address, when it is an http(s) one.
    private(set) var url: String?
    /// description, author, published, site_name.
    private(set) var values: [String: JSONValue] = [:]

    /// Reads the page.
    ///
    /// `firstHeading` is the main content's first heading.
    init(_ tree: HTMLTree, firstHeading: (level: Int, title: String)?) {
        var elementTitle = ""
        var socialTitle: String?
        var heading: String?
        var index = 1
        while index < tree.nodes.count {
            let tag = tree.nodes[index].tag
            switch tag {
            case .html: language = tree.string(.lang, of: index) ?? tree.string(.xmlLang, of: index)
            case .title where elementTitle.isEmpty: elementTitle = tree.plainText(of: index, limit: 500)
            case .meta: readMeta(tree, index, &socialTitle)
            case .link: readLink(tree, index)
            case .h1 where heading == nil:
                let text = tree.plainText(of: index, limit: 500).trimmingCharacters("¶# ")
                if !text.isEmpty { heading = text }
            case .svg, .script, .style: index = Int(tree.nodes[index].end) - 1
            default: break
            }
            index += 1
        }
        title = Self.choose(elementTitle, socialTitle, heading ?? firstHeading?.title)
    }

    private mutating func readMeta(_ tree: HTMLTree, _ index: Int, _ socialTitle: inout String?) {
        guard let content = tree.string(.content, of: index) else { return }
        let name =
            tree.string(.name, of: index) ?? tree.string(.property, of: index) ?? tree.string(.itemprop, of: index)
        var line = InlineText()
        line.append(content)
        let text = String(decoding: line.finish(), as: UTF8.self)
        func set(_ key: String) { if values[key] == nil, !text.isEmpty { values[key] = .string(text) } }
        switch name?.lowercased() {
        case "description", "og:description", "dc.description", "twitter:description": set("description")
        case "author", "article:author", "dc.creator": set("author")
        case "article:published_time", "date", "dc.date", "datepublished": set("published")
        case "og:site_name": set("site_name")
        case "keywords": set("keywords")
        case "og:title", "twitter:title", "dc.title": if socialTitle == nil { socialTitle = text }
        case "og:url": setURL(text)
        default: break
        }
    }

    private mutating func readLink(_ tree: HTMLTree, _ index: Int) {
        guard tree.string(.rel, of: index)?.lowercased() == "canonical", let target = tree.string(.href, of: index)
        else { return }
        url = nil
        setURL(target)
    }

    private mutating func setURL(_ text: String) {
        if url == nil, text.hasPrefix("https://") || text.hasPrefix("http://") { url = text }
    }

    /// `<title>` often is "Article — Site": a heading that it contains says which part is the article's.
    private static func choose(_ element: String, _ social: String?, _ heading: String?) -> String {
        if let heading, heading.utf8.count >= 3, heading.utf8.count <= 200 {
            if element.isEmpty || element.lowercased().contains(heading.lowercased()) { return heading }
        }
        if let social, !social.isEmpty, element.isEmpty || element.lowercased().contains(social.lowercased()) {
            return social
        }
        return element.isEmpty ? heading ?? "" : element
    }
}
