// End tags outside of the body and of tables, and what they leave behind.

extension HTMLParser {
    /// An end tag.
    mutating func endTag(_ tag: Tag) {
        skipsNewline = false
        if let last = open.last, last.namespace != .html { return endForeign(tag) }
        endTagInMode(tag)
    }

    /// An end tag by the rules of the insertion mode, whatever is open.
    mutating func endTagInMode(_ tag: Tag) {
        switch mode {
        case .inBody: endInBody(tag)
        case .initial, .beforeHTML, .beforeHead:
            switch tag.name {
            case .head, .body, .html, .br:
                anythingElse()
                endTag(tag)
            default: if mode == .initial { anythingElse() }
            }
        case .inHead:
            switch tag.name {
            case .head: anythingElse()
            case .body, .html, .br:
                anythingElse()
                endTag(tag)
            case .template: endTemplate()
            default: break
            }
        case .inHeadNoscript:
            if tag.name == .noscript { anythingElse() }
            if tag.name == .br {
                anythingElse()
                endTag(tag)
            }
        case .afterHead:
            switch tag.name {
            case .template: endTemplate()
            case .body, .html, .br:
                anythingElse()
                endTag(tag)
            default: break
            }
        case .inTable, .inCaption, .inColumnGroup, .inTableBody, .inRow, .inCell: endInTableMode(tag)
        case .inTemplate: if tag.name == .template { endTemplate() }
        case .afterBody:
            if tag.name == .html {
                mode = .afterAfterBody
            } else {
                mode = .inBody
                endTag(tag)
            }
        case .inFrameset:
            guard tag.name == .frameset, open.count > 1 else { return }
            pop()
            if !isCurrent(.frameset) { mode = .afterFrameset }
        case .afterFrameset: if tag.name == .html { mode = .afterAfterFrameset }
        case .afterAfterBody:
            mode = .inBody
            endTag(tag)
        case .afterAfterFrameset: break
        }
    }

    /// `</template>`.
    mutating func endTemplate() {
        guard isOpen(.template) else { return }
        closeTemplate()
    }

    /// Closes the innermost template with all that is open in it.
    mutating func closeTemplate() {
        popThrough(.template)
        clearFormatting()
        if !templateModes.isEmpty { templateModes.removeLast() }
        resetMode()
    }

    /// The insertion mode that goes with the open elements.
    mutating func resetMode() {
        for index in open.indices.reversed() {
            switch open[index].tag {
            case .td, .th: if index > 0 { mode = .inCell; return }
            case .tr: mode = .inRow; return
            case .tbody, .thead, .tfoot: mode = .inTableBody; return
            case .caption: mode = .inCaption; return
            case .colgroup: mode = .inColumnGroup; return
            case .table: mode = .inTable; return
            case .template: mode = templateModes.last ?? .inBody; return
            case .head: if index > 0 { mode = .inHead; return }
            case .body: mode = .inBody; return
            case .frameset: mode = .inFrameset; return
            case .html: mode = head < 0 ? .beforeHead : .afterHead; return
            default: break
            }
        }
        mode = .inBody
    }
}
