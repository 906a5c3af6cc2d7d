// End tags in the body.

extension HTMLParser {
    /// An end tag by the rules of the body.
    mutating func endInBody(_ tag: Tag) {
        switch tag.name {
        case .address, .article, .aside, .blockquote, .button, .center, .details, .dialog, .dir, .div, .dl, .fieldset,
            .figcaption, .figure, .footer, .header, .hgroup, .listing, .main, .menu, .nav, .ol, .pre, .search,
            .section, .select, .summary, .ul:
            guard hasInScope(tag.name) else { return }
            closeImplied()
            popThrough(tag.name)
        case .p:
            if !hasInButtonScope(.p) { insertImplied(.p) }
            closeImplied(except: .p)
            popThrough(.p)
        case .a, .b, .big, .code, .em, .font, .i, .nobr, .s, .small, .strike, .strong, .tt, .u: adopt(tag)
        case .li:
            guard hasInListScope(.li) else { return }
            closeImplied(except: .li)
            popThrough(.li)
        case .dd, .dt:
            guard hasInScope(tag.name) else { return }
            closeImplied(except: tag.name)
            popThrough(tag.name)
        case .h1, .h2, .h3, .h4, .h5, .h6:
            guard hasInScope({ $0.headingLevel != nil }, endedBy: \.endsScope) else { return }
            closeImplied()
            while open.count > 1 {
                let isLast = current.tag.headingLevel != nil
                pop()
                if isLast { break }
            }
        case .body, .html:
            guard hasInScope(.body) else { return }
            mode = .afterBody
            if tag.name == .html { endTag(tag) }
        case .template: endTemplate()
        case .form: endForm()
        case .applet, .marquee, .object:
            guard hasInScope(tag.name) else { return }
            closeImplied()
            popThrough(tag.name)
            clearFormatting()
        case .br:
            reopenFormatting()
            insertImpliedBreak()
        default: endOther(tag)
        }
    }

    private mutating func insertImpliedBreak() {
        insertImplied(.br)
        pop()
        framesetIsFine = false
    }

    private mutating func endForm() {
        if isOpen(.template) {
            guard hasInScope(.form) else { return }
            closeImplied()
            popThrough(.form)
            return
        }
        let node = form
        form = -1
        guard node >= 0, nodes[Int(node)].isOpen, hasInScope(.form) else { return }
        closeImplied()
        if let index = open.lastIndex(where: { $0.node == node }) { removeFromStack(at: index) }
    }

    /// Any other end tag: it closes the innermost element of its name, unless something weightier is in between.
    mutating func endOther(_ tag: Tag) {
        var index = open.count - 1
        defer { spend(open.count - index) }
        while index > 0 {
            let entry = open[index]
            if entry.namespace == .html, entry.tag == tag.name, entry.hash == tag.hash || tag.name != .other {
                closeImplied(except: tag.name)
                while open.count > index { pop() }
                return
            }
            if isSpecial(entry) { return }
            index -= 1
        }
    }
}
