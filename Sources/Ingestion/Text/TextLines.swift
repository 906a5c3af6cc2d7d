/// The lines of a text: `\n`, `\r\n` and `\r` end one.
enum TextLines {
    /// The lines, without their ends.
    static func split(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        var start = 0
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte == 0x0A || byte == 0x0D {
                lines.append(bytes[start..<index])
                if byte == 0x0D, index + 1 < bytes.count, bytes[index + 1] == 0x0A { index += 1 }
                start = index + 1
            }
            index += 1
        }
        if start < bytes.count { lines.append(bytes[start...]) }
        return lines
    }
}

extension ArraySlice<UInt8> {
    /// Whether there is nothing but spaces and tabs.
    var isBlank: Bool { allSatisfy { $0 == 0x20 || $0 == 0x09 } }

    /// The columns of white space at the start; a tab goes to the next multiple of four.
    var indentation: Int {
        var columns = 0
        for byte in self {
            if byte == 0x20 { columns += 1 } else if byte == 0x09 { columns += 4 - columns % 4 } else { break }
        }
        return columns
    }

    /// The line without `columns` columns of indentation (or as much as there is).
    func removingIndentation(_ columns: Int) -> ArraySlice<UInt8> {
        var left = columns
        var column = 0
        var index = startIndex
        while index < endIndex, left > 0 {
            if self[index] == 0x20 {
                left -= 1
                column += 1
            } else if self[index] == 0x09 {
                let width = 4 - column % 4
                if width > left { return [UInt8](repeating: 0x20, count: width - left)[...] + self[(index + 1)...] }
                left -= width
                column += width
            } else {
                break
            }
            index += 1
        }
        return self[index...]
    }

    /// The line without spaces and tabs at its ends.
    var trimmed: ArraySlice<UInt8> {
        var part = self
        while let first = part.first, first == 0x20 || first == 0x09 { part = part.dropFirst() }
        while let last = part.last, last == 0x20 || last == 0x09 { part = part.dropLast() }
        return part
    }
}
