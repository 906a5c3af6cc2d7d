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

    private static let words: HashTable<HTMLHints> = {
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
                linkbox callto affiliate nocontent relatedposts relatedarticles relatedtopics relatedcontent relatedlinks
                relatedstories relatednews recommendedposts morestories authorbox authorbio aboutauthor authorinfo
                postauthor saboxplugin molongui sharebuttons socialshare socialicons sociallinks newsletterbox
                newsletterform paywall postnav postnavigation wpdiscuz intensedebate livefyre yarpp zergnet revcontent
                ligatus plista adsbygoogle onetrust usercentrics cookiebot cookienotice compartir comentarios
                relacionadas relacionados publicidad partage partager publicite correlati condividi commenti teilen
                empfehlungen reklama komentarze udostepnij powiazane reacties kommentarer relaterade annons annonse
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
                """
                comments commentlist comment disqus respond commentform commentarea kommentare kommentar commentaires
                comentarios commenti komentarze reacties kommentarer wpdiscuz intensedebate livefyre
                """
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
                words[HTMLName.hash(word.utf8), default: []].formUnion(hint)
            }
        }
        return HashTable(words.map { ($0.key, $0.value) }, missing: [])
    }()

    /// Words that say a name is about the page's state, not about this element: `has-sidebar`, `no-footer`.
    private static let stateWords = HashTable<Bool>(
        ["has", "no", "with", "is", "without", "hide", "not"].map { (HTMLName.hash($0.utf8), true) }, missing: false)
    private static let only = HTMLName.hash("only".utf8)
    private static let readerWords = HashTable<Bool>(
        ["sr", "reader", "screen"].map { (HTMLName.hash($0.utf8), true) }, missing: false)

    /// The hints of a class or id attribute, in O(bytes), no allocation per word.
    static func reading(_ attribute: ArraySlice<UInt8>) -> HTMLHints {
        let words = Self.words
        var hints: HTMLHints = []
        var hash = HTMLName.emptyHash
        var previous: UInt8 = 0x20
        var wordStart = true  // no word of the current class name seen yet
        var stated = false
        var last: UInt64 = 0
        func finish(_ value: UInt64) {
            guard value != HTMLName.emptyHash else { return }
            if wordStart { stated = stateWords[value] }
            wordStart = false
            if stated { return }
            hints.formUnion(words[value])
            if value == only, readerWords[last] { hints.formUnion(.hidden) }
            last = value
        }
        let span = attribute.span
        for index in span.indices {
            let byte = span[index]
            let isUpper = byte &- 0x41 < 26
            if !byte.isLetter || isUpper && previous &- 0x61 < 26 {
                finish(hash)
                hash = HTMLName.emptyHash
            }
            if byte == 0x20 || byte == 0x0A || byte == 0x09 { wordStart = true }
            if byte.isLetter { hash = HTMLName.step(hash, byte | 0x20) }
            previous = byte
        }
        finish(hash)
        return hints
    }
}

extension HTMLTree {
    /// Reads the hints of an element's class, id, role and style together: once for each element (``HTMLOutline``).
    func readHints(of index: Int) -> HTMLHints {
        var hints: HTMLHints = []
        let node = nodes[index]
        for at in Int(node.start)..<Int(node.start + node.length) {
            let attribute = attributes[at]
            switch attribute.name {
            case .class, .id: hints.formUnion(HTMLHints.reading(value(attribute)))
            case .role: hints.formUnion(HTMLHints.role(value(attribute)))
            case .hidden: hints.formUnion(.hidden)
            case .ariaHidden: if value(attribute).trimmedOfSpace.elementsEqual("true".utf8) { hints.formUnion(.hidden) }
            case .style: if HTMLHints.hides(style: value(attribute)) { hints.formUnion(.hidden) }
            default: break
            }
        }
        return hints
    }
}

extension HTMLHints {
    /// What a role says.
    fileprivate static func role(_ value: ArraySlice<UInt8>) -> HTMLHints {
        roles[HTMLName.hash(value.trimmedOfSpace.lazy.map(\.lowercased))]
    }

    private static let roles: HashTable<HTMLHints> = {
        let lists: [(HTMLHints, String)] = [
            (
                .chrome,
                """
                navigation banner contentinfo search complementary menu menubar dialog alertdialog toolbar tablist
                """
            ),
            (.content, "main article document"),
            (.note, "note doc-tip doc-notice"),
        ]
        let pairs = lists.flatMap { hint, list in
            list.split(whereSeparator: \.isWhitespace).map { (HTMLName.hash($0.utf8), hint) }
        }
        return HashTable(pairs, missing: [])
    }()

    /// Whether a style has `display: none` or `visibility: hidden`.
    fileprivate static func hides(style: ArraySlice<UInt8>) -> Bool {
        guard style.count >= 12 else { return false }
        let compact = style.lazy.filter { $0 > 0x20 }.map(\.lowercased)
        var seen: UInt64 = 0  // the last eight letters
        var before: UInt64 = 0  // the eight before them
        for byte in compact {
            before = before << 8 | seen >> 56
            seen = seen << 8 | UInt64(byte)
            if seen == displayNone.1, before & 0xFFFF_FFFF == displayNone.0 { return true }
            if seen == visibilityHidden.1, before == visibilityHidden.0 { return true }
        }
        return false
    }

    private static let displayNone = (word("disp"), word("lay:none"))
    private static let visibilityHidden = (word("isibilit"), word("y:hidden"))

    private static func word(_ letters: String) -> UInt64 { letters.utf8.reduce(0) { $0 << 8 | UInt64($1) } }
}
