// Character references: `&amp;`, `&#233;`, `&#xE9;`.

extension HTMLParser {
    /// A decoded reference.
    struct Reference {
        var first: Unicode.Scalar
        var second: Unicode.Scalar?
        /// The index after it.
        var end: Int
    }

    /// Appends a reference's characters to `side`.
    mutating func append(_ reference: Reference) {
        if reference.first.value < 0x80 {
            side.append(UInt8(truncatingIfNeeded: reference.first.value))
        } else {
            side.append(contentsOf: Unicode.UTF8.encode(reference.first) ?? .init())
        }
        if let second = reference.second { side.append(contentsOf: Unicode.UTF8.encode(second) ?? .init()) }
    }

    /// The reference whose `&` is at `index`; nil if it is none.
    func reference(at index: Int, inAttribute: Bool) -> Reference? {
        let start = index + 1
        guard start < source.count else { return nil }
        if source[start] == UInt8(ascii: "#") { return number(from: start + 1) }
        var hash = HTMLName.emptyHash
        var end = start
        let limit = min(source.count, start + HTMLReferences.longestName)
        while end < limit, source[end].isAlphanumeric {
            hash = HTMLName.step(hash, source[end])
            end += 1
        }
        if end == start { return nil }
        if end < source.count, source[end] == UInt8(ascii: ";") {
            let characters = HTMLReferences.named[HTMLName.step(hash, UInt8(ascii: ";"))]
            if let found = reference(characters, end: end + 1) { return found }
        }
        // Some old names count without their semicolon, whatever follows them.
        var candidate: Reference?
        hash = HTMLName.emptyHash
        var at = start
        while at < end, at - start < HTMLReferences.longestOldName {
            hash = HTMLName.step(hash, source[at])
            at += 1
            if let found = reference(HTMLReferences.named[hash], end: at) { candidate = found }
        }
        guard let candidate else { return nil }
        // In attributes, `&copy=1` is part of an address.
        if inAttribute, candidate.end < source.count,
            source[candidate.end] == UInt8(ascii: "=") || source[candidate.end].isAlphanumeric
        {
            return nil
        }
        return candidate
    }

    private func reference(_ characters: HTMLReferences.Characters, end: Int) -> Reference? {
        guard characters.first != 0, let first = Unicode.Scalar(characters.first) else { return nil }
        let second = characters.second == 0 ? nil : Unicode.Scalar(characters.second)
        return Reference(first: first, second: second, end: end)
    }

    private func number(from start: Int) -> Reference? {
        guard start < source.count else { return nil }
        let isHex = source[start] | 0x20 == UInt8(ascii: "x")
        var index = isHex ? start + 1 : start
        let digits = index
        var value: UInt32 = 0
        while index < source.count {
            let byte = source[index]
            var digit = UInt32(byte &- 0x30)
            if digit > 9 {
                let letter = (byte | 0x20) &- 0x61
                guard isHex, letter < 6 else { break }
                digit = UInt32(letter) + 10
            }
            value = min(value &* (isHex ? 16 : 10) &+ digit, 0x11_0000)
            index += 1
        }
        if index == digits { return nil }
        if index < source.count, source[index] == UInt8(ascii: ";") { index += 1 }
        if (0x80...0x9F).contains(value) { value = HTMLReferences.windows1252[Int(value) - 0x80] }
        let scalar = value == 0 ? nil : Unicode.Scalar(value)
        return Reference(first: scalar ?? "\u{FFFD}", second: nil, end: index)
    }
}

/// What named references stand for.
enum HTMLReferences {
    /// One or two characters; 0: none.
    struct Characters: Sendable {
        var first: UInt32
        var second: UInt32
    }

    /// Bytes of the longest name.
    static let longestName = 32
    /// Bytes of the longest name that counts without a semicolon.
    static let longestOldName = 6

    /// By the hash of the name, the semicolon included.
    static let named: HashTable<Characters> = {
        var pairs: [(UInt64, Characters)] = []
        for entry in table.split(whereSeparator: \.isWhitespace) {
            let parts = entry.split(separator: "=")
            let values = parts[parts.count - 1].split(separator: "+").map { UInt32($0, radix: 16) ?? 0 }
            let characters = Characters(first: values.first ?? 0, second: values.count > 1 ? values[1] : 0)
            pairs.append((HTMLName.hash(parts[0].utf8), characters))
        }
        return HashTable(pairs, missing: Characters(first: 0, second: 0))
    }()

    /// What the numbers 128…159 mean: pages that give them mean windows-1252.
    static let windows1252: [UInt32] = [
        0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D,
        0x017D,
        0x8F, 0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153,
        0x9D,
        0x017E, 0x0178,
    ]
}
