extension StringProtocol {
    /// The string without the white space around it.
    func trimmingWhitespace() -> String {
        var part = self[...]
        while let first = part.first, first.isWhitespace { part.removeFirst() }
        while let last = part.last, last.isWhitespace { part.removeLast() }
        return String(part)
    }

    /// The string without any of `characters` around it.
    func trimmingCharacters(_ characters: String) -> String {
        var part = self[...]
        while let first = part.first, characters.contains(first) { part.removeFirst() }
        while let last = part.last, characters.contains(last) { part.removeLast() }
        return String(part)
    }
}

extension String {
    /// The text of a UTF-8 byte range; offsets must lie on character boundaries, or the ends are repaired.
    func utf8Slice(_ range: Range<Int>) -> String {
        let units = utf8
        let start = units.index(units.startIndex, offsetBy: range.lowerBound)
        let end = units.index(start, offsetBy: range.count)
        return String(Substring(units[start..<end]))
    }
}
