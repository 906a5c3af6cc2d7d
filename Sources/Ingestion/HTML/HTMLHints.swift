/// What an element's class, id and role say about it, by words that page authors everywhere use.
///
/// Names are cut at anything but letters and at camel case, so `post-footer`, `postFooter` and `post_footer` all hold
/// the word `footer`. The lists are about words, never about one site or generator.
struct HTMLHints: OptionSet, Sendable {
    let rawValue: UInt8

    /// Navigation, advertising, sharing, comments: not the document's text.
    static let chrome = HTMLHints(rawValue: 1)
    /// Often beside the text: kept only when it reads like text.
    static let suspect = HTMLHints(rawValue: 2)
    /// The document's text, says the author.
    static let content = HTMLHints(rawValue: 4)
    /// A note, tip or warning: part of the text even in an `<aside>`.
    static let note = HTMLHints(rawValue: 8)
    /// Not shown.
    static let hidden = HTMLHints(rawValue: 16)
    /// Who wrote the text, when, and under which tags: about the text, not text.
    static let attribution = HTMLHints(rawValue: 32)
    /// The words below or above a picture.
    static let caption = HTMLHints(rawValue: 64)

    /// What readers wrote below the text; always with `chrome`.
    static let discussion = HTMLHints(rawValue: 128)

    private static let words: [UInt64: HTMLHints] = {
        let lists: [(HTMLHints, String)] = [
            (
                .chrome,
                """
                nav navbar navheader navfooter navigation navi navlinks navlist navmenu topnav sidenav subnav mainnav menu
                menus submenu topmenu mainmenu menubar breadcrumb breadcrumbs crumbs crumb sidebar sidebars sphinxsidebar
                leftbar rightbar topbar footer pagefooter sitefooter colophon copyright masthead banner banners cookie
                cookies cookiebanner cookiebar consent gdpr newsletter newsletters subscribe subscription signup signin
                login share shares sharing sharebar sharethis shariff addthis addtoany sharedaddy social socials
                socialmedia related recommended recommendation recommendations recommends recirc outbrain taboola
                comments commentlist comment disqus respond popup popover modal lightbox advert advertisement
                advertisements adverts advertising ads adsense adslot adbox anzeige werbung sponsor sponsored sponsors
                promo promos promotion promotions pagination pager paging skip skiplink skiplinks toolbar dropdown
                searchbox searchform searchbar tagcloud taglist noprint headerlink permalink pingback trackback
                trackbacks kommentare kommentar commentform commentarea commentaires jumplinks screenreader onlyprint bio offcanvas overlay likes cta
                linkbox callto affiliate nocontent relatedposts relatedarticles relatedtopics authorbox authorbio
                aboutauthor
                """
            ),
            (
                .attribution,
                """
                meta metadata byline author authors date dateline timestamp tags tag credits credit info buttons button
                print rating ratings next prev previous avatar profile reply replies actions action category categories
                source licence license disclaimer
                """
            ),
            (
                .discussion,
                "comments commentlist comment disqus respond commentform commentarea kommentare kommentar commentaires"
            ),
            (.caption, "caption captions legend figcaption"),
            (
                .suspect,
                """
                widget widgets meta metadata byline author authors bio date dateline timestamp teaser teasers header head
                toc tags tag extra extras rail aside tool tools links more popular trending latest recent voting vote
                rating ratings feedback helpful print buttons button actions action contact hidden category categories
                infobox credits credit info prev next previous search similar also list gallery slideshow carousel
                archive archives follow topics shop shopping product products replies reply avatar profile
                """
            ),
            (
                .content,
                """
                article articlebody articletext body blog bodytext content contents entry hentry main maincontent page
                post posttext story storytext text textbody document documentation docs doc markdown prose richtext
                """
            ),
            (
                .note,
                """
                note notes tip tips hint warning caution important admonition callout footnote footnotes danger example
                attention definition summary
                """
            ),
        ]
        var words: [UInt64: HTMLHints] = [:]
        for (hint, list) in lists {
            for word in list.split(whereSeparator: \.isWhitespace) {
                words[hash(Array(word.utf8)), default: []].formUnion(hint)
            }
        }
        return words
    }()

    /// Words that say a name is about the page's state, not about this element: `has-sidebar`, `no-footer`.
    private static let stateWords = Set(
        ["has", "no", "with", "is", "without", "hide", "not"].map { hash(Array($0.utf8)) })
    private static let only = hash(Array("only".utf8))
    private static let readerWords = Set(["sr", "reader", "screen"].map { hash(Array($0.utf8)) })

    /// The hints of a class or id attribute, in O(bytes), no allocation per word.
    static func reading(_ attribute: ArraySlice<UInt8>) -> HTMLHints {
        var hints: HTMLHints = []
        var hash = emptyHash
        var previous: UInt8 = 0x20
        var wordStart = true  // no word of the current class name seen yet
        var stated = false
        var last: UInt64 = 0
        func finish(_ value: UInt64) {
            guard value != emptyHash else { return }
            if wordStart { stated = stateWords.contains(value) }
            wordStart = false
            if stated { return }
            if let known = words[value] { hints.formUnion(known) }
            if value == only, readerWords.contains(last) { hints.formUnion(.hidden) }
            last = value
        }
        for byte in attribute {
            let isLower = (0x61...0x7A).contains(byte)
            let isUpper = (0x41...0x5A).contains(byte)
            let wasLower = (0x61...0x7A).contains(previous)
            if !isLower && !isUpper || isUpper && wasLower {
                finish(hash)
                hash = emptyHash
            }
            if byte == 0x20 || byte == 0x0A || byte == 0x09 { wordStart = true }
            if isLower || isUpper { hash = step(hash, byte | 0x20) }
            previous = byte
        }
        finish(hash)
        return hints
    }

    // FNV-1a, 64 bits.
    private static let emptyHash: UInt64 = 0xCBF2_9CE4_8422_2325
    private static func step(_ hash: UInt64, _ byte: UInt8) -> UInt64 { (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    private static func hash(_ word: [UInt8]) -> UInt64 { word.reduce(emptyHash, step) }
}

extension HTMLTree {
    /// The hints of an element's class, id and role together.
    func hints(of index: Int) -> HTMLHints {
        guard nodes[index].length > 0 else { return [] }
        var hints: HTMLHints = []
        if let names = value(.class, of: index) { hints.formUnion(HTMLHints.reading(names)) }
        if let name = value(.id, of: index) { hints.formUnion(HTMLHints.reading(name)) }
        if let role = string(.role, of: index)?.lowercased() {
            switch role {
            case "navigation", "banner", "contentinfo", "search", "complementary", "menu", "menubar", "dialog",
                "alertdialog", "toolbar", "tablist":
                hints.formUnion(.chrome)
            case "main", "article", "document": hints.formUnion(.content)
            case "note", "doc-tip", "doc-notice": hints.formUnion(.note)
            default: break
            }
        }
        if value(.hidden, of: index) != nil { hints.formUnion(.hidden) }
        if string(.ariaHidden, of: index) == "true" { hints.formUnion(.hidden) }
        if let style = string(.style, of: index)?.lowercased().filter({ !$0.isWhitespace }),
            style.contains("display:none") || style.contains("visibility:hidden")
        {
            hints.formUnion(.hidden)
        }
        return hints
    }
}
