/// The figures in a text, in a form in which equal figures are equal strings.
package enum NumberTokens {
    /// All figures of `text` in order: digits with inner points, commas and colons, thousands separators and trailing
    /// zeros after the decimal point taken out; English number words up to twelve as digits.
    package static func all(in text: String) -> [String] {
        var result: [String] = []
        var token: [UInt8] = []
        let bytes = Array(text.utf8) + [UInt8(ascii: " ")]
        for byte in bytes {
            let isDigit = byte >= 0x30 && byte <= 0x39
            let isLetter = (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7A
            let isInner = byte == UInt8(ascii: ".") || byte == UInt8(ascii: ",") || byte == UInt8(ascii: ":")
            if isDigit || isLetter || (isInner && token.last.map { $0 >= 0x30 && $0 <= 0x39 } == true) {
                token.append(isLetter ? byte | 0x20 : byte)
            } else if !token.isEmpty {
                if let number = canonical(token) { result.append(number) }
                token.removeAll(keepingCapacity: true)
            }
        }
        return result
    }

    private static let words = [
        "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8",
        "nine": "9", "ten": "10", "eleven": "11", "twelve": "12",
    ]

    private static func canonical(_ token: [UInt8]) -> String? {
        var text = token
        while let last = text.last, last == 0x2E || last == 0x2C || last == 0x3A { text.removeLast() }
        guard text.contains(where: { $0 >= 0x30 && $0 <= 0x39 }) else {
            // "one" has no entry: as a pronoun it is no figure.
            return words[String(decoding: text, as: UTF8.self)]
        }
        // A comma followed by exactly three digits separates thousands; any other one is a decimal comma.
        let groups = text.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        var joined: [UInt8]
        if groups.count > 1, groups.dropFirst().allSatisfy({ $0.prefix { $0 >= 0x30 && $0 <= 0x39 }.count == 3 }) {
            joined = Array(groups.joined())
        } else {
            joined = text.map { $0 == UInt8(ascii: ",") ? UInt8(ascii: ".") : $0 }
        }
        if joined.filter({ $0 == UInt8(ascii: ".") }).count == 1, !joined.contains(UInt8(ascii: ":")) {
            while joined.last == UInt8(ascii: "0") { joined.removeLast() }
            if joined.last == UInt8(ascii: ".") { joined.removeLast() }
        }
        return String(decoding: joined, as: UTF8.self)
    }
}
