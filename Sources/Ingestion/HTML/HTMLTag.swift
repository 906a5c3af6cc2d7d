/// The elements that parsing or extraction treats in a way of its own; everything else is `.other`, an inline element.
enum HTMLTag: UInt8, CaseIterable, Sendable {
    case text
    case document
    case other
    /// Kept for comparing trees alone.
    case comment
    case doctype

    case html, head, body, title, meta, link, base
    case main, article, section, aside, nav, header, footer, div, center, address, hgroup, search
    case h1, h2, h3, h4, h5, h6
    case p, blockquote, pre, hr, br, wbr
    case ul, ol, li, menu, dir, dl, dt, dd
    case table, caption, thead, tbody, tfoot, tr, th, td, colgroup, col
    case figure, figcaption, picture, img, details, summary
    case a, span, small, code, tt, kbd, samp, q, sup, sub, b, i, em, strong, label, rt, rp, time
    case script, style, template, noscript, noframes, iframe, object, embed, applet, canvas, svg, math, audio, video
    case map
    case form, fieldset, legend, button, input, select, option, optgroup, textarea, datalist, progress, meter, dialog

    // Those that only parsing knows.
    case basefont, bgsound, frame, frameset, image, keygen, listing, marquee, noembed, plaintext, xmp, area, param
    case source, track, big, font, nobr, s, strike, u, `var`, ruby, rb, rtc
    case foreignobject, desc, mi, mo, mn, ms, mtext, annotationXML, mglyph, malignmark

    /// How many there are.
    static let count = allCases.count

    /// The element's name; that of a text and the like can't be an element's.
    var name: String {
        switch self {
        case .text, .document, .other, .comment, .doctype: "#\(self)"
        case .annotationXML: "annotation-xml"
        default: "\(self)"
        }
    }

    /// The tag called `name`, in any case.
    init(name: String) {
        self = HTMLName.tags[HTMLName.hash(name.utf8.lazy.map(\.lowercased))]
    }

    /// Whether the element starts a new line of text.
    var isBlock: Bool {
        switch self {
        case .document, .html, .head, .body, .main, .article, .section, .aside, .nav, .header, .footer, .div, .center,
            .address, .hgroup, .search, .h1, .h2, .h3, .h4, .h5, .h6, .p, .blockquote, .pre, .hr, .ul, .ol, .li, .menu,
            .dir, .dl, .dt, .dd, .table, .caption, .thead, .tbody, .tfoot, .tr, .th, .td, .figure, .figcaption,
            .details, .summary, .form, .fieldset, .legend, .dialog, .title, .noscript, .option, .select, .listing,
            .xmp, .plaintext:
            true
        default: false
        }
    }

    /// 1…6 for headings, else nil.
    var headingLevel: Int? {
        self.rawValue >= HTMLTag.h1.rawValue && self.rawValue <= HTMLTag.h6.rawValue
            ? Int(self.rawValue - HTMLTag.h1.rawValue) + 1 : nil
    }

    /// Whether nothing in the element is ever text of the document.
    var isNeverText: Bool {
        switch self {
        case .head, .script, .style, .template, .iframe, .object, .embed, .applet, .canvas, .svg, .audio, .video, .map,
            .noframes, .noembed, .button, .input, .select, .option, .optgroup, .textarea, .datalist, .progress, .meter,
            .rp:
            true
        default: false
        }
    }
}

/// The attributes that extraction reads.
enum HTMLAttribute: String, CaseIterable, Sendable {
    /// Any that isn't read.
    case other = "#other"
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
    case type
    case datetime
    case httpEquiv = "http-equiv"
    case encoding
    case color
    case face
    case size
}
