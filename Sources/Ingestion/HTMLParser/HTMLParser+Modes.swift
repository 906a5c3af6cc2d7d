// The insertion modes outside of the body: what each does with text, comments, start and end tags.

extension HTMLParser {
    // MARK: Text and comments

    /// A run of text.
    mutating func characters(_ start: Int, _ end: Int) {
        guard start < end else { return }
        if let last = open.last, last.namespace != .html, !last.isHTMLPoint, !last.isTextPoint {
            if skipSpace(start, end) < end { framesetIsFine = false }
            return insertText(start, end)
        }
        switch mode {
        case .inBody, .inCell, .inCaption, .inTemplate: bodyText(start, end)
        case .inTable, .inTableBody, .inRow: tableText(start, end)
        case .initial, .beforeHTML, .beforeHead:
            let rest = skipSpace(start, end)
            if rest < end {
                anythingElse()
                characters(rest, end)
            }
        case .inHead, .afterHead, .inColumnGroup, .inHeadNoscript:
            let rest = skipSpace(start, end)
            insertText(start, rest)
            if rest < end, mode != .inColumnGroup || isCurrent(.colgroup) {
                anythingElse()
                characters(rest, end)
            }
        case .afterBody, .afterAfterBody:
            if skipSpace(start, end) == end { return bodyText(start, end) }
            mode = .inBody
            bodyText(start, end)
        case .inFrameset, .afterFrameset, .afterAfterFrameset:
            var index = start
            while index < end {
                let space = skipSpace(index, end)
                insertText(index, space)
                index = space + 1
            }
        }
    }

    /// Whether a range is white space alone.
    func isSpace(_ start: Int, _ end: Int) -> Bool { skipSpace(start, end) == end }

    /// Text by the rules of the body.
    mutating func bodyText(_ start: Int, _ end: Int) {
        reopenFormatting()
        if framesetIsFine, !isSpace(start, end) { framesetIsFine = false }
        insertText(start, end)
    }

    /// A comment.
    mutating func comment(_ start: Int, _ end: Int) {
        guard keepsAll else { return }
        switch mode {
        case .initial, .beforeHTML, .afterAfterBody, .afterAfterFrameset: appendLeaf(.comment, start, end, to: 0)
        case .afterBody: appendLeaf(.comment, start, end, to: Int(open[0].node))
        default:
            appendLeaf(.comment, start, end, to: Int(place().parent))
            let place = place()
            if place.before >= 0 { insert(nodes.count - 1, at: place) }
        }
    }

    // MARK: Start tags

    /// A start tag.
    mutating func startTag(_ tag: Tag) {
        skipsNewline = false
        if let last = open.last, last.namespace != .html, isForeign(last, tag) { return startForeign(tag) }
        switch mode {
        case .inBody: startInBody(tag)
        case .initial, .beforeHTML:
            if mode == .initial { (isQuirky, mode) = (true, .beforeHTML) }
            if tag.name == .html {
                let node = makeElement(tag)
                insert(node, at: Place(parent: 0))
                push(Open(node: Int32(node), tag: .html, namespace: .html, hash: tag.hash))
                mode = .beforeHead
            } else {
                anythingElse()
                startTag(tag)
            }
        case .beforeHead:
            switch tag.name {
            case .html: startInBody(tag)
            case .head:
                head = Int32(insertElement(tag))
                mode = .inHead
            default:
                anythingElse()
                startTag(tag)
            }
        case .inHead: startInHead(tag)
        case .inHeadNoscript:
            switch tag.name {
            case .html: startInBody(tag)
            case .basefont, .bgsound, .link, .meta, .noframes, .style: startInHead(tag)
            case .head, .noscript: break
            default:
                anythingElse()
                startTag(tag)
            }
        case .afterHead: startAfterHead(tag)
        case .inTable, .inCaption, .inColumnGroup, .inTableBody, .inRow, .inCell: startInTableMode(tag)
        case .inTemplate: startInTemplate(tag)
        case .afterBody, .afterAfterBody:
            if tag.name != .html { mode = .inBody }
            startInBody(tag)
        case .inFrameset, .afterFrameset, .afterAfterFrameset:
            switch tag.name {
            case .html: startInBody(tag)
            case .frameset where mode == .inFrameset: insertElement(tag)
            case .frame where mode == .inFrameset: insertVoid(tag)
            case .noframes: startInHead(tag)
            default: break
            }
        }
    }

    /// What each mode does with that for which it has no rule: it makes way for the next.
    mutating func anythingElse() {
        switch mode {
        case .initial: (isQuirky, mode) = (true, .beforeHTML)
        case .beforeHTML:
            let node = makeElement(
                Tag(
                    name: .html, hash: 0, nameStart: 0, nameEnd: 0, firstAttribute: attributes.count,
                    isSelfClosing: false))
            insert(node, at: Place(parent: 0))
            push(Open(node: Int32(node), tag: .html, namespace: .html, hash: 0))
            mode = .beforeHead
        case .beforeHead:
            head = Int32(insertImplied(.head))
            mode = .inHead
        case .inHead:
            pop()
            mode = .afterHead
        case .inHeadNoscript:
            pop()
            mode = .inHead
        case .afterHead:
            // A tag's attributes are its own, though they are read already.
            insertImplied(.body)
            mode = .inBody
        case .inColumnGroup:
            if isCurrent(.colgroup) {
                pop()
                mode = .inTable
            }
        default: break
        }
    }

    /// The end of the page: what must be there is there then.
    mutating func finish() {
        guard failure == nil else { return }
        while isOpen(.template) { closeTemplate() }
        while [.initial, .beforeHTML, .beforeHead, .inHead, .inHeadNoscript, .afterHead].contains(mode) {
            anythingElse()
        }
    }

    /// A tag that the head may hold, wherever it stands.
    private mutating func insertMetadata(_ tag: Tag) {
        switch tag.name {
        case .base, .basefont, .bgsound, .link, .meta: insertVoid(tag)
        case .title: insertRaw(tag, decodes: true)
        case .noframes, .style, .script: insertRaw(tag, decodes: false)
        case .template:
            insertElement(tag)
            markFormatting()
            framesetIsFine = false
            mode = .inTemplate
            templateModes.append(.inTemplate)
        default: break
        }
    }

    /// A start tag by the rules of the head.
    mutating func startInHead(_ tag: Tag) {
        switch tag.name {
        case .html: startInBody(tag)
        case .base, .basefont, .bgsound, .link, .meta, .title, .noframes, .style, .script, .template:
            insertMetadata(tag)
        case .noscript where mode == .inHead:
            insertElement(tag)
            mode = .inHeadNoscript
        case .head: break
        default:
            anythingElse()
            startTag(tag)
        }
    }

    private mutating func startAfterHead(_ tag: Tag) {
        switch tag.name {
        case .html: startInBody(tag)
        case .body:
            insertElement(tag)
            framesetIsFine = false
            mode = .inBody
        case .frameset:
            insertElement(tag)
            mode = .inFrameset
        case .base, .basefont, .bgsound, .link, .meta, .noframes, .script, .style, .template, .title:
            // They belong into the head, though it is closed.
            push(Open(node: head, tag: .head, namespace: .html, hash: 0))
            startInHead(tag)
            if let index = open.lastIndex(where: { $0.node == head }) { removeFromStack(at: index) }
        case .head: break
        default:
            anythingElse()
            startTag(tag)
        }
    }

    /// An element whose content is text alone, up to its end tag.
    mutating func insertRaw(_ tag: Tag, decodes: Bool) {
        insertElement(tag)
        var (start, end) = rawText(of: tag.name, decodes: decodes)
        if tag.name == .textarea {
            if start < end, byte(start) == 0x0D { start += 1 }
            if start < end, byte(start) == 0x0A { start += 1 }
        }
        let fostered = fosters
        fosters = false
        insertText(start, end)
        fosters = fostered
        pop()
        skipsNewline = false
    }

    private mutating func startInTemplate(_ tag: Tag) {
        switch tag.name {
        case .base, .basefont, .bgsound, .link, .meta, .noframes, .script, .style, .template, .title:
            return startInHead(tag)
        case .caption, .colgroup, .tbody, .tfoot, .thead: mode = .inTable
        case .col: mode = .inColumnGroup
        case .tr: mode = .inTableBody
        case .td, .th: mode = .inRow
        default: mode = .inBody
        }
        templateModes[templateModes.count - 1] = mode
        startTag(tag)
    }
}
