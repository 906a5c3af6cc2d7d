// Start tags in the body.

extension HTMLParser {
    /// A start tag by the rules of the body.
    mutating func startInBody(_ tag: Tag) {
        switch tag.name {
        case .div, .p, .section, .article, .main, .aside, .nav, .header, .footer, .address, .blockquote, .center,
            .details, .dialog, .dir, .dl, .fieldset, .figcaption, .figure, .hgroup, .menu, .ol, .search, .summary, .ul:
            closeParagraph()
            insertElement(tag)
        case .a: startAnchor(tag)
        case .b, .big, .code, .em, .font, .i, .s, .small, .strike, .strong, .tt, .u:
            reopenFormatting()
            insertFormatting(tag)
        case .li: startItem(tag, like: { $0 == .li })
        case .dd, .dt: startItem(tag, like: { $0 == .dd || $0 == .dt })
        case .h1, .h2, .h3, .h4, .h5, .h6:
            closeParagraph()
            if current.tag.headingLevel != nil { pop() }
            insertElement(tag)
        case .html: if !isOpen(.template) { merge(tag, into: Int(open[0].node)) }
        case .base, .basefont, .bgsound, .link, .meta, .noframes, .script, .style, .template, .title:
            startInHead(tag)
        case .body:
            guard open.count > 1, open[1].tag == .body, !isOpen(.template) else { return }
            framesetIsFine = false
            merge(tag, into: Int(open[1].node))
        case .frameset: startFrameset(tag)
        case .pre, .listing:
            closeParagraph()
            insertElement(tag)
            skipsNewline = true
            framesetIsFine = false
        case .form: startForm(tag)
        case .table:
            if !isQuirky { closeParagraph() }
            insertElement(tag)
            framesetIsFine = false
            mode = .inTable
        default: startOtherInBody(tag)
        }
    }

    private mutating func startOtherInBody(_ tag: Tag) {
        switch tag.name {
        case .plaintext:
            closeParagraph()
            insertElement(tag)
            characters(position, source.count)
            position = source.count
        case .button:
            if hasInScope(.button) {
                closeImplied()
                popThrough(.button)
            }
            reopenFormatting()
            insertElement(tag)
            framesetIsFine = false
        case .nobr:
            reopenFormatting()
            if hasInScope(.nobr) {
                adopt(tag)
                reopenFormatting()
            }
            insertFormatting(tag)
        case .applet, .marquee, .object:
            reopenFormatting()
            insertElement(tag)
            markFormatting()
            framesetIsFine = false
        case .area, .br, .embed, .img, .keygen, .wbr, .image:
            var tag = tag
            if tag.name == .image { (tag.name, tag.hash) = (.img, HTMLName.hash("img".utf8)) }
            reopenFormatting()
            insertVoid(tag)
            framesetIsFine = false
        case .input:
            closeSelect()
            reopenFormatting()
            insertVoid(tag)
            if !isHiddenInput(tag) { framesetIsFine = false }
        case .param, .source, .track: insertVoid(tag)
        case .hr:
            closeParagraph()
            if hasInScope(.select) { closeImplied() }
            insertVoid(tag)
            framesetIsFine = false
        case .textarea:
            framesetIsFine = false
            insertRaw(tag, decodes: true)
        case .xmp:
            closeParagraph()
            reopenFormatting()
            framesetIsFine = false
            insertRaw(tag, decodes: false)
        case .iframe, .noembed:
            framesetIsFine = false
            insertRaw(tag, decodes: false)
        case .select:
            if closeSelect() { return }
            reopenFormatting()
            insertElement(tag)
            framesetIsFine = false
        case .optgroup, .option:
            if hasInScope(.select) {
                closeImplied(except: tag.name == .option ? .optgroup : .other)
            } else if isCurrent(.option) {
                pop()
            }
            reopenFormatting()
            insertElement(tag)
        case .rb, .rtc, .rp, .rt:
            if hasInScope(.ruby) { closeImplied(except: tag.name == .rp || tag.name == .rt ? .rtc : .other) }
            insertElement(tag)
        case .math, .svg:
            reopenFormatting()
            insertForeign(tag, tag.name == .svg ? .svg : .math)
        case .caption, .col, .colgroup, .frame, .head, .tbody, .td, .tfoot, .th, .thead, .tr: break
        default:
            reopenFormatting()
            insertElement(tag)
        }
    }

    /// Closes an open `<select>`: there are none inside of another.
    @discardableResult
    private mutating func closeSelect() -> Bool {
        guard hasInScope(.select) else { return false }
        popThrough(.select)
        return true
    }

    private mutating func startAnchor(_ tag: Tag) {
        if let listed = formatting.lastIndex(where: { $0.node < 0 || $0.tag == .a }), formatting[listed].node >= 0 {
            let node = formatting[listed].node
            adopt(tag)
            if let again = formatting.lastIndex(where: { $0.node == node }) { formatting.remove(at: again) }
            if nodes[Int(node)].isOpen, let index = open.lastIndex(where: { $0.node == node }) {
                removeFromStack(at: index)
            }
        }
        reopenFormatting()
        insertFormatting(tag)
    }

    /// `<li>`, `<dd>`, `<dt>`: each ends the one before.
    private mutating func startItem(_ tag: Tag, like isSame: (HTMLTag) -> Bool) {
        framesetIsFine = false
        var index = open.count - 1
        while index >= 0 {
            let entry = open[index]
            if isSame(entry.tag) {
                closeImplied(except: entry.tag)
                popThrough(entry.tag)
                break
            }
            if isSpecial(entry), entry.tag != .address, entry.tag != .div, entry.tag != .p { break }
            index -= 1
        }
        spend(open.count - index)
        closeParagraph()
        insertElement(tag)
    }

    private mutating func startForm(_ tag: Tag) {
        if form >= 0, !isOpen(.template) { return }
        closeParagraph()
        let node = insertElement(tag)
        if !isOpen(.template) { form = Int32(node) }
    }

    private mutating func startFrameset(_ tag: Tag) {
        guard open.count > 1, open[1].tag == .body, framesetIsFine else { return }
        detach(Int(open[1].node))
        while open.count > 1 { pop() }
        insertElement(tag)
        mode = .inFrameset
    }

    /// Whether an `<input>` isn't shown.
    func isHiddenInput(_ tag: Tag) -> Bool {
        guard let type = value(.type, of: tag) else { return false }
        return type.count == 6 && type.lazy.map { byte($0).lowercased }.elementsEqual("hidden".utf8)
    }

    /// The range of an attribute's value of a tag that is at hand.
    func value(_ name: HTMLAttribute, of tag: Tag) -> Range<Int>? {
        attributes[tag.firstAttribute...].first { $0.name == name }?.range
    }
}
