import Storage

/// What a page says about itself: title, language, canonical address, and metadata that filters can use.
///
/// Sources in this order: `<html lang>`, `<meta>` (names, OpenGraph, Dublin Core, microdata), JSON-LD, and for the date at
/// last the first `<time datetime>`. The keys of `values`, all strings: `description`, `author`, `site_name`, `keywords`,
/// `section`, `type` (`article`, `NewsArticle`…), `image` (an address), `published` and `modified` (ISO 8601).
struct HTMLMetadata {
    /// The page's title, without the site's name where a heading tells the two apart; empty if there is none.
    private(set) var title = ""
    /// The declared language, as BCP 47 writes it.
    private(set) var language: String?
    /// The canonical address, when it is an http(s) one.
    private(set) var url: String?
    /// What filters can ask for.
    private(set) var values: [String: JSONValue] = [:]

    private var elementTitle = ""
    private var socialTitle: String?
    private var heading: String?
    private var declaredLanguage: String?
    private var firstTime: String?
    private var structured = StructuredData()

    /// Reads the page.
    ///
    /// `firstHeading` is the main content's first heading.
    init(_ tree: HTMLTree, firstHeading: (level: Int, title: String)?) {
        var index = 1
        while index < tree.nodes.count {
            switch tree.nodes[index].tag {
            case .html: language = Self.language(tree.string(.lang, of: index) ?? tree.string(.xmlLang, of: index))
            case .title where elementTitle.isEmpty: elementTitle = tree.plainText(of: index, limit: 500)
            case .meta: readMeta(tree, index)
            case .link: readLink(tree, index)
            case .h1 where heading == nil:
                let text = tree.plainText(of: index, limit: 500).trimmingCharacters("¶# ")
                if !text.isEmpty { heading = text }
            case .time: readTime(tree, index)
            case .script:
                if tree.says(.type, "application/ld+json", of: index) { readStructured(tree, index) }
                index = Int(tree.nodes[index].end) - 1
            case .svg, .style: index = Int(tree.nodes[index].end) - 1
            default: break
            }
            index += 1
        }
        for (key, value) in structured.values { set(key, value) }
        if let firstTime { set("published", firstTime) }
        language = language ?? declaredLanguage ?? Self.language(structured.language)
        title = Self.choose(elementTitle, socialTitle ?? structured.headline, heading ?? firstHeading?.title)
    }

    private mutating func set(_ key: String, _ text: String) {
        if values[key] == nil, !text.isEmpty { values[key] = .string(text) }
    }

    private mutating func readMeta(_ tree: HTMLTree, _ index: Int) {
        guard let content = tree.value(.content, of: index) else { return }
        var line = InlineText()
        line.append(content)
        let text = String(decoding: line.finish(), as: UTF8.self)
        if tree.string(.httpEquiv, of: index)?.lowercased() == "content-language" {
            declaredLanguage = Self.language(text)
        }
        let name =
            tree.string(.name, of: index) ?? tree.string(.property, of: index) ?? tree.string(.itemprop, of: index)
        switch name?.lowercased() {
        case "description", "og:description", "dc.description", "twitter:description": set("description", text)
        case "author", "article:author", "dc.creator":
            // Networks want the address of a profile here.
            if !text.hasPrefix("http") { set("author", text) }
        case "article:published_time", "date", "dc.date", "dc.date.issued", "dcterms.date", "datepublished",
            "pubdate", "publish-date":
            if let date = DocumentDate.normalised(text) { set("published", date) }
        case "article:modified_time", "og:updated_time", "datemodified", "last-modified", "dcterms.modified":
            if let date = DocumentDate.normalised(text) { set("modified", date) }
        case "og:site_name", "application-name": set("site_name", text)
        case "keywords", "news_keywords": set("keywords", text)
        case "article:section": set("section", text)
        case "og:type": set("type", text)
        case "og:image", "og:image:url", "twitter:image": if text.hasPrefix("http") { set("image", text) }
        case "og:title", "twitter:title", "dc.title": if socialTitle == nil { socialTitle = text }
        case "og:url": setURL(text)
        case "og:locale", "language", "dc.language":
            if declaredLanguage == nil { declaredLanguage = Self.language(text) }
        default: break
        }
    }

    private mutating func readLink(_ tree: HTMLTree, _ index: Int) {
        guard tree.string(.rel, of: index)?.lowercased() == "canonical", let target = tree.string(.href, of: index)
        else { return }
        url = nil
        setURL(target)
    }

    private mutating func readTime(_ tree: HTMLTree, _ index: Int) {
        guard let text = tree.string(.datetime, of: index), let date = DocumentDate.normalised(text) else { return }
        if tree.says(.itemprop, "datePublished", of: index) { return set("published", date) }
        if tree.says(.itemprop, "dateModified", of: index) { return set("modified", date) }
        if firstTime == nil { firstTime = date }
    }

    private mutating func readStructured(_ tree: HTMLTree, _ index: Int) {
        let end = Int(tree.nodes[index].end)
        for text in index + 1..<max(end, index + 1) where tree.nodes[text].tag == .text {
            structured.read(Array(tree.text(of: text)))
        }
    }

    private mutating func setURL(_ text: String) {
        if url == nil, text.hasPrefix("https://") || text.hasPrefix("http://") { url = text }
    }

    /// A language tag as BCP 47 writes it, nil for what is none.
    static func language(_ text: String?) -> String? {
        guard let text else { return nil }
        let parts = text.split { $0 == "-" || $0 == "_" || $0 == "," || $0 == " " || $0 == ";" }
        guard let first = parts.first, (2...3).contains(first.utf8.count), first.utf8.allSatisfy(\.isLetter) else {
            return nil
        }
        let language = first.lowercased()
        guard parts.count > 1, parts[1].utf8.allSatisfy(\.isAlphanumeric), !text.contains(",") else { return language }
        switch parts[1].utf8.count {
        case 2: return language + "-" + parts[1].uppercased()
        case 4: return language + "-" + parts[1].capitalizedASCII
        default: return language
        }
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

extension Substring {
    fileprivate var capitalizedASCII: String { prefix(1).uppercased() + dropFirst().lowercased() }
}
