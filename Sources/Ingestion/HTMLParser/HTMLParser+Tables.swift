// Tables: what belongs into one, what is put before it, and what ends its parts.

extension HTMLParser {
    /// Text in a table: white space stays, other text goes before the table.
    mutating func tableText(_ start: Int, _ end: Int) {
        if current.tag.isTableStructure || isCurrent(.template), skipSpace(start, end) == end {
            return insertText(start, end)
        }
        fostering { $0.bodyText(start, end) }
    }

    private mutating func fostering(_ body: (inout HTMLParser) -> Void) {
        let before = fosters
        fosters = true
        body(&self)
        fosters = before
    }

    /// Closes what is open inside a part of the table.
    private mutating func clearToTable() { popUntil { $0 == .table || $0 == .template || $0 == .html } }

    private mutating func clearToTableBody() {
        popUntil { $0 == .tbody || $0 == .tfoot || $0 == .thead || $0 == .template || $0 == .html }
    }

    private mutating func clearToRow() { popUntil { $0 == .tr || $0 == .template || $0 == .html } }

    // MARK: Start tags

    /// A start tag in a table or a part of one.
    mutating func startInTableMode(_ tag: Tag) {
        switch mode {
        case .inTableBody: startInTableBody(tag)
        case .inRow: startInRow(tag)
        case .inCell:
            switch tag.name {
            case .caption, .col, .colgroup, .tbody, .td, .tfoot, .th, .thead, .tr:
                guard hasInTableScope(.td) || hasInTableScope(.th) else { return }
                closeCell()
                startTag(tag)
            default: startInBody(tag)
            }
        case .inCaption:
            switch tag.name {
            case .caption, .col, .colgroup, .tbody, .td, .tfoot, .th, .thead, .tr:
                if closeCaption() { startTag(tag) }
            default: startInBody(tag)
            }
        case .inColumnGroup:
            switch tag.name {
            case .html: startInBody(tag)
            case .col: insertVoid(tag)
            case .template: startInHead(tag)
            default:
                guard isCurrent(.colgroup) else { return }
                anythingElse()
                startTag(tag)
            }
        default: startInTable(tag)
        }
    }

    private mutating func startInTable(_ tag: Tag) {
        switch tag.name {
        case .caption:
            clearToTable()
            markFormatting()
            insertElement(tag)
            mode = .inCaption
        case .colgroup:
            clearToTable()
            insertElement(tag)
            mode = .inColumnGroup
        case .col:
            clearToTable()
            // The tag's attributes were read before this element's.
            insertImplied(.colgroup)
            mode = .inColumnGroup
            startTag(tag)
        case .tbody, .tfoot, .thead:
            clearToTable()
            insertElement(tag)
            mode = .inTableBody
        case .td, .th, .tr:
            clearToTable()
            insertImplied(.tbody)
            mode = .inTableBody
            startTag(tag)
        case .table:
            guard hasInTableScope(.table) else { return }
            popThrough(.table)
            resetMode()
            startTag(tag)
        case .style, .script, .template: startInHead(tag)
        case .input where isHiddenInput(tag): insertVoid(tag)
        case .form:
            guard form < 0, !isOpen(.template) else { return }
            form = Int32(insertElement(tag))
            pop()
        default: fostering { $0.startInBody(tag) }
        }
    }

    private mutating func startInTableBody(_ tag: Tag) {
        switch tag.name {
        case .tr:
            clearToTableBody()
            insertElement(tag)
            mode = .inRow
        case .th, .td:
            clearToTableBody()
            insertImplied(.tr)
            mode = .inRow
            startTag(tag)
        case .caption, .col, .colgroup, .tbody, .tfoot, .thead:
            guard closeTableBody() else { return }
            startTag(tag)
        default: startInTable(tag)
        }
    }

    private mutating func closeTableBody() -> Bool {
        guard hasInTableScope(.tbody) || hasInTableScope(.thead) || hasInTableScope(.tfoot) else { return false }
        clearToTableBody()
        pop()
        mode = .inTable
        return true
    }

    private mutating func startInRow(_ tag: Tag) {
        switch tag.name {
        case .th, .td:
            clearToRow()
            insertElement(tag)
            mode = .inCell
            markFormatting()
        case .caption, .col, .colgroup, .tbody, .tfoot, .thead, .tr: if closeRow() { startTag(tag) }
        default: startInTable(tag)
        }
    }

    private mutating func closeRow() -> Bool {
        guard hasInTableScope(.tr) else { return false }
        clearToRow()
        pop()
        mode = .inTableBody
        return true
    }

    private mutating func closeCell() {
        closeImplied()
        while open.count > 1 {
            let isLast = isCurrent(.td) || isCurrent(.th)
            pop()
            if isLast { break }
        }
        clearFormatting()
        mode = .inRow
    }

    private mutating func closeCaption() -> Bool {
        guard hasInTableScope(.caption) else { return false }
        closeImplied()
        popThrough(.caption)
        clearFormatting()
        mode = .inTable
        return true
    }

    // MARK: End tags

    /// An end tag in a table or a part of one.
    mutating func endInTableMode(_ tag: Tag) {
        switch mode {
        case .inTableBody: endInTableBody(tag)
        case .inRow: endInRow(tag)
        case .inCell: endInCell(tag)
        case .inCaption:
            switch tag.name {
            case .caption: _ = closeCaption()
            case .table: if closeCaption() { endTag(tag) }
            case .body, .col, .colgroup, .html, .tbody, .td, .tfoot, .th, .thead, .tr: break
            default: endInBody(tag)
            }
        case .inColumnGroup:
            switch tag.name {
            case .colgroup: anythingElse()
            case .col: break
            case .template: endTemplate()
            default:
                guard isCurrent(.colgroup) else { return }
                anythingElse()
                endTag(tag)
            }
        default: endInTable(tag)
        }
    }

    private mutating func endInTable(_ tag: Tag) {
        switch tag.name {
        case .table:
            guard hasInTableScope(.table) else { return }
            popThrough(.table)
            resetMode()
        case .body, .caption, .col, .colgroup, .html, .tbody, .td, .tfoot, .th, .thead, .tr: break
        case .template: endTemplate()
        default: fostering { $0.endInBody(tag) }
        }
    }

    private mutating func endInTableBody(_ tag: Tag) {
        switch tag.name {
        case .tbody, .tfoot, .thead:
            guard hasInTableScope(tag.name) else { return }
            clearToTableBody()
            pop()
            mode = .inTable
        case .table: if closeTableBody() { endTag(tag) }
        case .body, .caption, .col, .colgroup, .html, .td, .th, .tr: break
        default: endInTable(tag)
        }
    }

    private mutating func endInRow(_ tag: Tag) {
        switch tag.name {
        case .tr: _ = closeRow()
        case .table: if closeRow() { endTag(tag) }
        case .tbody, .tfoot, .thead:
            guard hasInTableScope(tag.name), closeRow() else { return }
            endTag(tag)
        case .body, .caption, .col, .colgroup, .html, .td, .th: break
        default: endInTable(tag)
        }
    }

    private mutating func endInCell(_ tag: Tag) {
        switch tag.name {
        case .td, .th:
            guard hasInTableScope(tag.name) else { return }
            closeImplied()
            popThrough(tag.name)
            clearFormatting()
            mode = .inRow
        case .body, .caption, .col, .colgroup, .html: break
        case .table, .tbody, .tfoot, .thead, .tr:
            guard hasInTableScope(tag.name) else { return }
            closeCell()
            endTag(tag)
        default: endInBody(tag)
        }
    }
}
