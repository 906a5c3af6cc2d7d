/// A line of text as a reader sees it: white space collapsed, invisible characters gone.
///
/// No-break and other Unicode spaces become plain ones; soft hyphens, zero-width spaces and byte order marks vanish,
/// since they break words for every search.
struct InlineText {
    /// The text so far; may end in one space.
    private(set) var bytes: [UInt8] = []

    /// Whether nothing but white space has come so far.
    var isEmpty: Bool { bytes.isEmpty }

    /// A space, unless there is one already or the line is empty.
    mutating func space() {
        if let last = bytes.last, last != 0x20, last != 0x0A { bytes.append(0x20) }
    }

    /// A line break inside the block.
    mutating func lineBreak() {
        if bytes.last == 0x20 { bytes.removeLast() }
        if let last = bytes.last, last != 0x0A { bytes.append(0x0A) }
    }

    /// Appends UTF-8, collapsing white space.
    mutating func append(_ text: ArraySlice<UInt8>) {
        var index = text.startIndex
        while index < text.endIndex {
            let byte = text[index]
            if byte > 0x20 && byte < 0xC2 {
                bytes.append(byte)
                index += 1
            } else if byte <= 0x20 {
                space()
                index += 1
            } else {
                let invisible = Self.invisible(text[index...])
                if invisible.length == 0 {
                    bytes.append(byte)
                    index += 1
                } else {
                    if invisible.isSpace { space() }
                    index += invisible.length
                }
            }
        }
    }

    /// Appends text, collapsing white space.
    mutating func append(_ text: some StringProtocol) {
        append(Array(text.utf8)[...])
    }

    /// The finished line without white space at its ends; the value is empty after it.
    mutating func finish() -> [UInt8] {
        while let last = bytes.last, last == 0x20 || last == 0x0A { bytes.removeLast() }
        defer { bytes = [] }
        return bytes
    }

    /// The length of a Unicode space or invisible character at the start of `text`, 0 if there is neither.
    static func invisible(_ text: ArraySlice<UInt8>) -> (length: Int, isSpace: Bool) {
        let at = text.startIndex
        let byte = text[at]
        guard byte == 0xC2 || byte == 0xE2 || byte == 0xE3 || byte == 0xEF, at + 1 < text.endIndex else {
            return (0, false)
        }
        let second = text[at + 1]
        if byte == 0xC2 {
            if second == 0xA0 || second == 0x85 { return (2, true) }
            return second == 0xAD ? (2, false) : (0, false)
        }
        guard at + 2 < text.endIndex else { return (0, false) }
        let third = text[at + 2]
        if byte == 0xE2, second == 0x80 {
            if (0x80...0x8A).contains(third) || third == 0xA8 || third == 0xA9 || third == 0xAF { return (3, true) }
            if third == 0x8B || third == 0x8E || third == 0x8F { return (3, false) }
        }
        if byte == 0xE2, second == 0x81, third == 0x9F { return (3, true) }
        if byte == 0xE2, second == 0x81, third == 0xA0 { return (3, false) }
        if byte == 0xE3, second == 0x80, third == 0x80 { return (3, true) }
        if byte == 0xEF, second == 0xBB, third == 0xBF { return (3, false) }
        return (0, false)
    }

    /// Code as it stands: lines end in a newline, no-break spaces become plain, blank lines at the ends go.
    static func verbatim(_ text: [UInt8]) -> [UInt8] {
        var lines: [[UInt8]] = []
        var line: [UInt8] = []
        var index = 0
        while index < text.count {
            let byte = text[index]
            if byte == 0x0A || byte == 0x0D {
                if byte == 0x0D, index + 1 < text.count, text[index + 1] == 0x0A { index += 1 }
                lines.append(line)
                line = []
                index += 1
                continue
            }
            let invisible = byte >= 0xC2 ? Self.invisible(text[index...]) : (length: 0, isSpace: false)
            if invisible.length > 0 {
                if invisible.isSpace { line.append(0x20) }
                index += invisible.length
            } else {
                line.append(byte)
                index += 1
            }
        }
        lines.append(line)
        lines = lines.map { line in
            var line = line
            while line.last == 0x20 || line.last == 0x09 { line.removeLast() }
            return line
        }
        while lines.first?.isEmpty == true { lines.removeFirst() }
        while lines.last?.isEmpty == true { lines.removeLast() }
        return Array(lines.joined(separator: [0x0A]))
    }
}
