/// Inline Markdown reduced to its text: marks go, link texts and image descriptions stay, code is as written.
///
/// Covers CommonMark's inline structure as far as the text is concerned: escapes, entities, code spans, emphasis by
/// left- and right-flanking runs, links and images (inline, reference, auto), inline HTML. O(bytes).
///
/// Source: CommonMark 0.31, section 6.
struct MarkdownInline {
    private let source: [UInt8]
    private var at = 0
    private var output: [UInt8] = []
    /// Runs of `*`, `_`, `~` that may still turn out to be emphasis: where they stand in the output.
    private var runs: [Run] = []
    /// Where the texts of links that may still turn out to be links begin in the output.
    private var brackets: [Bracket] = []
    /// Where the `[` of real links stand in the output.
    private var links: [Int] = []

    private struct Run {
        var mark: UInt8
        var start: Int
        var count: Int
        var canOpen: Bool
        var canClose: Bool
    }

    private struct Bracket {
        var start: Int
        var isImage: Bool
    }

    /// Code spans, links and titles longer than this aren't looked for.
    private static let farthest = 4000
    /// Bytes that may still be looked through in vain for the end of a code span, link or tag.
    private var patience: Int

    /// The text of a line or paragraph of Markdown.
    static func text(_ source: [UInt8]) -> [UInt8] {
        var reader = MarkdownInline(source: source)
        reader.run()
        return reader.output
    }

    private init(source: [UInt8]) {
        self.source = source
        patience = source.count * 8 + 100_000
    }

    /// How far to look from `start` for the end of something.
    private func limit(from start: Int, atMost most: Int = farthest) -> Int {
        patience > 0 ? min(source.count, start + most) : start
    }

    private mutating func run() {
        output.reserveCapacity(source.count)
        while at < source.count {
            let byte = source[at]
            switch byte {
            case 0x5C: escape()
            case 0x60: code()
            case 0x2A, 0x5F, 0x7E: emphasis(byte)
            case 0x21 where at + 1 < source.count && source[at + 1] == 0x5B:
                brackets.append(Bracket(start: output.count, isImage: true))
                at += 2
            case 0x5B:
                brackets.append(Bracket(start: output.count, isImage: false))
                output.append(byte)
                at += 1
            case 0x5D: closeBracket()
            case 0x3C: angle()
            case 0x26: entity()
            default:
                output.append(byte)
                at += 1
            }
        }
        removeMarks()
    }

    private static func isPunctuation(_ byte: UInt8) -> Bool {
        (0x21...0x2F).contains(byte) || (0x3A...0x40).contains(byte) || (0x5B...0x60).contains(byte)
            || (0x7B...0x7E).contains(byte)
    }

    private mutating func escape() {
        let next = at + 1 < source.count ? source[at + 1] : 0
        if Self.isPunctuation(next) {
            output.append(next)
            at += 2
        } else {
            if next != 0x0A { output.append(0x5C) }  // a backslash before a line end is a hard break
            at += 1
        }
    }

    private mutating func code() {
        let ticks = source[at...].prefix { $0 == 0x60 }.count
        let start = at + ticks
        var index = start
        let limit = limit(from: start)
        while index < limit {
            guard source[index] == 0x60 else {
                index += 1
                continue
            }
            let count = source[index...].prefix { $0 == 0x60 }.count
            if count == ticks {
                var content = source[start..<index]
                if content.first == 0x20, content.last == 0x20, !content.isBlank {
                    content = content.dropFirst().dropLast()
                }
                output.append(contentsOf: content.map { $0 == 0x0A ? 0x20 : $0 })
                at = index + count
                return
            }
            index += count
        }
        patience -= limit - start
        output.append(contentsOf: source[at..<start])
        at = start
    }

    private mutating func emphasis(_ mark: UInt8) {
        let count = source[at...].prefix { $0 == mark }.count
        let before = at > 0 ? source[at - 1] : 0x20
        let after = at + count < source.count ? source[at + count] : 0x20
        let spaceBefore = before <= 0x20
        let spaceAfter = after <= 0x20
        let left = !spaceAfter && (!Self.isPunctuation(after) || spaceBefore || Self.isPunctuation(before))
        let right = !spaceBefore && (!Self.isPunctuation(before) || spaceAfter || Self.isPunctuation(after))
        var canOpen = left
        var canClose = right
        if mark == 0x5F {  // snake_case is no emphasis
            canOpen = left && (!right || Self.isPunctuation(before))
            canClose = right && (!left || Self.isPunctuation(after))
        }
        if mark == 0x7E, count != 2 { (canOpen, canClose) = (false, false) }
        if canOpen || canClose {
            runs.append(Run(mark: mark, start: output.count, count: count, canOpen: canOpen, canClose: canClose))
        }
        output.append(contentsOf: source[at..<(at + count)])
        at += count
    }

    /// Pairs the runs, and takes the paired marks and the brackets of links out of the output.
    private mutating func removeMarks() {
        guard !runs.isEmpty || !links.isEmpty else { return }
        var removed = [Bool](repeating: false, count: output.count)
        for place in links { removed[place] = true }
        var openers: [UInt8: [Int]] = [:]
        for index in runs.indices {
            let mark = runs[index].mark
            while runs[index].canClose, runs[index].count > 0, let opener = openers[mark]?.last {
                let count = min(runs[index].count, runs[opener].count)
                let openEnd = runs[opener].start + runs[opener].count
                for place in (openEnd - count)..<openEnd { removed[place] = true }
                for place in runs[index].start..<(runs[index].start + count) { removed[place] = true }
                runs[opener].count -= count
                runs[index].start += count
                runs[index].count -= count
                if runs[opener].count == 0 { openers[mark]?.removeLast() }
            }
            if runs[index].canOpen, runs[index].count > 0 { openers[mark, default: []].append(index) }
        }
        var kept: [UInt8] = []
        kept.reserveCapacity(output.count)
        for (place, byte) in output.enumerated() where !removed[place] { kept.append(byte) }
        output = kept
    }

    private mutating func closeBracket() {
        at += 1
        guard let bracket = brackets.popLast() else {
            output.append(0x5D)
            return
        }
        let after = at < source.count ? source[at] : 0
        let target: Int? = after == 0x28 ? inlineTarget() : after == 0x5B ? reference() : nil
        if let target {
            at = target
            if !bracket.isImage { links.append(bracket.start) }
        } else if !bracket.isImage {
            // [text] alone may be a reference or plain brackets: as plain brackets it loses nothing.
            output.append(0x5D)
        }
    }

    /// The end of `(target "title")`, nil if there is none.
    private mutating func inlineTarget() -> Int? {
        var depth = 0
        var quote: UInt8 = 0
        var index = at
        let limit = limit(from: at)
        while index < limit {
            let byte = source[index]
            if byte == 0x5C {
                index += 1
            } else if quote != 0 {
                if byte == quote { quote = 0 }
            } else {
                switch byte {
                case 0x22, 0x27: if index > at, source[index - 1] <= 0x20 { quote = byte }
                case 0x28: depth += 1
                case 0x29:
                    depth -= 1
                    if depth == 0 { return index + 1 }
                default: break
                }
            }
            index += 1
        }
        patience -= limit - at
        return nil
    }

    /// The end of `[label]`, nil if there is none.
    private mutating func reference() -> Int? {
        let limit = limit(from: at, atMost: 1000)
        guard let close = source[at..<limit].firstIndex(of: 0x5D) else {
            patience -= limit - at
            return nil
        }
        return close + 1
    }

    /// `<https://…>` and `<name@host>` give their text, HTML tags and comments vanish.
    private mutating func angle() {
        let limit = limit(from: at)
        let next = at + 1 < source.count ? source[at + 1] : 0
        let isLetter = (0x41...0x5A).contains(next & 0xDF)
        let opens = isLetter || next == 0x2F || next == 0x21 || next == 0x3F
        guard opens, let close = source[at..<limit].firstIndex(of: 0x3E) else {
            if opens { patience -= limit - at }
            output.append(0x3C)
            at += 1
            return
        }
        let inside = source[(at + 1)..<close]
        let isAddress = !inside.contains(0x20) && (inside.contains(0x40) || inside.contains(0x3A)) && isLetter
        if isAddress { output.append(contentsOf: inside) }
        if !isAddress, inside.prefix(2).map({ $0 | 0x20 }) == Array("br".utf8) { output.append(0x0A) }
        at = close + 1
    }

    private mutating func entity() {
        if let (text, length) = HTMLEntities.decode(source[at...].prefix(40)) {
            output.append(contentsOf: text.utf8)
            at += length
        } else {
            output.append(0x26)
            at += 1
        }
    }
}

/// Character references in Markdown; HTML's own are libxml2's business.
enum HTMLEntities {
    private static let named: [String: String] = [
        "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "nbsp": " ", "copy": "©", "reg": "®",
        "trade": "™", "hellip": "…", "mdash": "—", "ndash": "–", "lsquo": "‘", "rsquo": "’", "ldquo": "“",
        "rdquo": "”", "laquo": "«", "raquo": "»", "euro": "€", "pound": "£", "yen": "¥", "cent": "¢", "deg": "°",
        "times": "×", "middot": "·", "bull": "•", "rarr": "→", "larr": "←", "auml": "ä", "ouml": "ö", "uuml": "ü",
        "Auml": "Ä", "Ouml": "Ö", "Uuml": "Ü", "szlig": "ß", "eacute": "é", "egrave": "è", "agrave": "à",
        "ccedil": "ç", "shy": "", "zwnj": "", "zwj": "", "sect": "§", "para": "¶", "frac12": "½",
    ]

    /// The character that `bytes` begin to stand for and how many bytes say it; nil if they don't.
    static func decode(_ bytes: ArraySlice<UInt8>) -> (text: String, length: Int)? {
        guard bytes.first == 0x26, let end = bytes.firstIndex(of: 0x3B) else { return nil }
        let name = String(decoding: bytes[(bytes.startIndex + 1)..<end], as: UTF8.self)
        let length = end - bytes.startIndex + 1
        if let text = named[name] { return (text, length) }
        guard name.first == "#" else { return nil }
        let digits = name.dropFirst()
        let isHex = digits.first == "x" || digits.first == "X"
        guard let value = UInt32(isHex ? digits.dropFirst() : digits, radix: isHex ? 16 : 10) else { return nil }
        guard value != 0, let scalar = Unicode.Scalar(value) else { return ("\u{FFFD}", length) }
        return (String(Character(scalar)), length)
    }
}
