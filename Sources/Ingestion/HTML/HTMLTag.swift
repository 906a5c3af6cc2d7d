/// The elements that extraction treats in a way of their own; everything else is `.other`, an inline element.
enum HTMLTag: String, CaseIterable, Sendable {
    case text = "#text"
    case document = "#document"
    case other = "#other"

    case html, head, body, title, meta, link, base
    case main, article, section, aside, nav, header, footer, div, center, address, hgroup, search
    case h1, h2, h3, h4, h5, h6
    case p, blockquote, pre, hr, br, wbr
    case ul, ol, li, menu, dir, dl, dt, dd
    case table, caption, thead, tbody, tfoot, tr, th, td, colgroup, col
    case figure, figcaption, picture, img, details, summary
    case a, span, small, code, tt, kbd, samp, q, sup, sub, b, i, em, strong, label, rt, rp
    case script, style, template, noscript, noframes, iframe, object, embed, applet, canvas, svg, math, audio, video,
        map
    case form, fieldset, legend, button, input, select, option, optgroup, textarea, datalist, progress, meter, dialog

    private static let byName = Dictionary(uniqueKeysWithValues: allCases.map { ($0.rawValue, $0) })

    /// The tag called `name`, in any case.
    init(name: String) {
        self = Self.byName[name] ?? Self.byName[name.lowercased()] ?? .other
    }

    /// Whether the element starts a new line of text.
    var isBlock: Bool {
        switch self {
        case .document, .html, .head, .body, .main, .article, .section, .aside, .nav, .header, .footer, .div, .center,
            .address, .hgroup, .search, .h1, .h2, .h3, .h4, .h5, .h6, .p, .blockquote, .pre, .hr, .ul, .ol, .li, .menu,
            .dir, .dl, .dt, .dd, .table, .caption, .thead, .tbody, .tfoot, .tr, .th, .td, .figure, .figcaption,
            .details,
            .summary, .form, .fieldset, .legend, .dialog, .title, .noscript, .option, .select:
            true
        default: false
        }
    }

    /// 1…6 for headings, else nil.
    var headingLevel: Int? {
        switch self {
        case .h1: 1
        case .h2: 2
        case .h3: 3
        case .h4: 4
        case .h5: 5
        case .h6: 6
        default: nil
        }
    }

    /// Whether nothing in the element is ever text of the document.
    var isNeverText: Bool {
        switch self {
        case .head, .script, .style, .template, .iframe, .object, .embed, .applet, .canvas, .svg, .audio, .video, .map,
            .noframes, .button, .input, .select, .option, .optgroup, .textarea, .datalist, .progress, .meter, .rp:
            true
        default: false
        }
    }
}

/// The attributes that extraction reads.
enum HTMLAttribute: String, CaseIterable, Sendable {
    case id
    case `class`
    case role
    case style
    case hidden
    case ariaHidden = "aria-hidden"
    case ariaLabel = "aria-label"
    case lang
    case xmlLang = "xml:lang"
    case name
    case property
    case itemprop
    case content
    case href
    case rel
    case alt
    case title
    case rowspan
    case start

    private static let byName = Dictionary(uniqueKeysWithValues: allCases.map { ($0.rawValue, $0) })

    /// The attribute called `name`, nil for one that isn't read.
    init?(name: String) {
        guard let known = Self.byName[name] ?? Self.byName[name.lowercased()] else { return nil }
        self = known
    }
}
