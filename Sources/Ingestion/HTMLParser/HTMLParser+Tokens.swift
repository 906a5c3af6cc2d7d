// The tokenizer: each function reads one token at `position` and hands it on.

extension HTMLParser {
    /// Reads the next token.
    mutating func token(_ page: Span<UInt8>) {
        let start = position
        guard page[start] == UInt8(ascii: "<"), start + 1 < page.count else { return text(page) }
        let next = page[start + 1]
        if next.isLetter {
            position = start + 1
            if let tag = tag(page) { startTag(tag) }
        } else if next == UInt8(ascii: "/") {
            endTag(page)
        } else if next == UInt8(ascii: "!") {
            declaration()
        } else if next == UInt8(ascii: "?") {
            bogusComment(from: start + 1)
        } else {
            text(page)
        }
    }

    /// Text up to the next tag or comment.
    private mutating func text(_ page: Span<UInt8>) {
        let start = position
        let runs = textRun(page, until: nil)
        var from = runs.start
        if skipsNewline {
            skipsNewline = false
            if from < runs.end, byte(from) == 0x0D { from += 1 }
            if from < runs.end, byte(from) == 0x0A { from += 1 }
        }
        if position == start { position += 1 }
        characters(from, runs.end)
    }

    /// The range of the text from `position`, references decoded; `position` is behind it then.
    ///
    /// The text ends before a tag or comment, or with `end` before that end tag alone.
    private mutating func textRun(_ page: Span<UInt8>, until end: HTMLTag?) -> (start: Int, end: Int) {
        var start = position
        var sideStart = -1
        var index = start
        while true {
            let count = page.count
            index = ByteScan.find(UInt8(ascii: "<"), or: UInt8(ascii: "&"), in: page, from: index)
            if index >= count { break }
            if page[index] == UInt8(ascii: "<") {
                if let end {
                    if isEndTag(end, at: index) { break }
                } else if index + 1 < count, page[index + 1].startsMarkup,
                    page[index + 1] != UInt8(ascii: "/") || index + 2 < count
                {
                    break
                }
                index += 1
                continue
            }
            guard let reference = reference(at: index, inAttribute: false) else {
                index += 1
                continue
            }
            if sideStart < 0 { sideStart = side.count }
            side.append(contentsOf: source[start..<index])
            append(reference)
            index = reference.end
            start = index
        }
        position = index
        if sideStart < 0 { return (start, index) }
        side.append(contentsOf: source[start..<index])
        return (source.count + sideStart, source.count + side.count)
    }

    private mutating func endTag(_ page: Span<UInt8>) {
        let start = position
        guard start + 2 < page.count else {
            position = source.count
            return characters(start, source.count)
        }
        if page[start + 2].isLetter {
            position = start + 2
            if let tag = tag(page) { endTag(tag) }
        } else if page[start + 2] == UInt8(ascii: ">") {
            position = start + 3
        } else {
            bogusComment(from: start + 2)
        }
    }

    private mutating func bogusComment(from start: Int) {
        let end = ByteScan.find(UInt8(ascii: ">"), in: source.span, from: start)
        position = min(end + 1, source.count)
        comment(start, end)
    }

    /// `<!…`: a comment, the doctype, in SVG and MathML a CDATA section.
    private mutating func declaration() {
        let start = position + 2
        if follows("--", at: start) { return readComment(from: start + 2) }
        if follows("doctype", at: start) { return readDoctype(from: start + 7) }
        if let current = open.last, current.namespace != .html, follows("[cdata[", at: start) {
            let from = start + 7
            var end = from
            while end < source.count, !follows("]]>", at: end) {
                end = ByteScan.find(UInt8(ascii: "]"), in: source.span, from: end + 1)
            }
            end = min(end, source.count)
            position = min(end + 3, source.count)
            return characters(min(from, end), end)
        }
        bogusComment(from: start)
    }

    private mutating func readComment(from start: Int) {
        if follows(">", at: start) || follows("->", at: start) {
            position = ByteScan.find(UInt8(ascii: ">"), in: source.span, from: start) + 1
            return comment(start, start)
        }
        var index = start
        while true {
            index = ByteScan.find(UInt8(ascii: "-"), in: source.span, from: index)
            guard index + 1 < source.count else { break }
            if source[index + 1] == UInt8(ascii: "-") {
                if follows(">", at: index + 2) {
                    position = index + 3
                    return comment(start, index)
                }
                if follows("!>", at: index + 2) {
                    position = index + 4
                    return comment(start, index)
                }
            }
            index += 1
        }
        position = source.count
        var end = source.count
        // The end of the page within a comment's end: what was read of it isn't the comment's.
        if keepsAll {
            for ending in ["--!", "--", "-"]
            where end - start >= ending.utf8.count
                && source[start..<end].suffix(ending.utf8.count)
                    .elementsEqual(ending.utf8)
            {
                end -= ending.utf8.count
                break
            }
        }
        comment(start, end)
    }

    /// Scripts, styles and the like: up to their end tag, which is read as well.
    ///
    /// - Parameters:
    ///   - tag: the element that was opened.
    ///   - decodes: whether character references count.
    /// - Returns: the range of the text.
    mutating func rawText(of tag: HTMLTag, decodes: Bool) -> (start: Int, end: Int) {
        let page = source
        if decodes {
            let runs = textRun(page.span, until: tag)
            skipEndTag(page.span)
            return runs
        }
        let start = position
        position = tag == .script ? endOfScript(from: start) : endOfRawText(tag, from: start)
        let end = position
        skipEndTag(page.span)
        return (start, end)
    }

    private mutating func skipEndTag(_ page: Span<UInt8>) {
        guard position < source.count else { return }
        position += 2
        _ = tag(page)
    }

    private func endOfRawText(_ tag: HTMLTag, from start: Int) -> Int {
        var index = start
        while true {
            index = ByteScan.find(UInt8(ascii: "<"), in: source.span, from: index)
            if index >= source.count || isEndTag(tag, at: index) { return index }
            index += 1
        }
    }

    /// A script ends at `</script`, but not within `<!-- <script> -->`.
    private func endOfScript(from start: Int) -> Int {
        var index = start
        var escaped = false
        var doubly = false
        while true {
            index = ByteScan.find(
                UInt8(ascii: "<"), or: escaped ? UInt8(ascii: "-") : UInt8(ascii: "<"),
                in: source.span, from: index)
            if index >= source.count { return source.count }
            if source[index] == UInt8(ascii: "-") {
                if follows("-->", at: index) { (escaped, doubly) = (false, false) }
            } else if isEndTag(.script, at: index) {
                if !doubly { return index }
                doubly = false
            } else if !escaped, follows("<!--", at: index) {
                escaped = true
                // Its hyphens may be those of the end.
                index += 1
            } else if escaped, follows("<script", at: index), endsName(at: index + 7) {
                doubly = true
            }
            index += 1
        }
    }

    private func endsName(at index: Int) -> Bool {
        guard index < source.count else { return false }
        return source[index].isHTMLSpace || source[index] == UInt8(ascii: "/") || source[index] == UInt8(ascii: ">")
    }

    private func isEndTag(_ tag: HTMLTag, at index: Int) -> Bool {
        guard index + 2 < source.count, source[index + 1] == UInt8(ascii: "/") else { return false }
        var hash = HTMLName.emptyHash
        var at = index + 2
        while at < source.count, source[at].isLetter {
            hash = HTMLName.step(hash, source[at].lowercased)
            at += 1
        }
        return tagNames[hash] == tag && endsName(at: at)
    }
}

extension UInt8 {
    /// Whether a tag, comment or declaration begins with `<` and this byte.
    fileprivate var startsMarkup: Bool {
        isLetter || self == UInt8(ascii: "/") || self == UInt8(ascii: "!") || self == UInt8(ascii: "?")
    }
}
