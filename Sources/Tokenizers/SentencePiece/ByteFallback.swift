/// The entries `<0x00>` … `<0xFF>`, which spell byte by byte what a vocabulary has no characters for.
///
/// Source: Kudo and Richardson 2018, SentencePiece; its option `byte_fallback`.
enum ByteFallback {
    /// How a byte is written in a vocabulary.
    static func entry(for byte: UInt8) -> [UInt8] {
        let digits = String(byte, radix: 16, uppercase: true)
        return Array("<0x\(digits.utf8.count < 2 ? "0" : "")\(digits)>".utf8)
    }

    /// The byte that an entry stands for, or nil where it is an ordinary one.
    static func byte(of entry: ArraySlice<UInt8>) -> UInt8? {
        guard entry.count == 6, entry.starts(with: "<0x".utf8), entry.last == UInt8(ascii: ">") else { return nil }
        let digits = entry.dropFirst(3).dropLast()
        guard digits.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }) else { return nil }
        return UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
    }

    /// The id of each byte, [256]; nil where the vocabulary has none.
    static func ids(in vocabulary: Vocabulary) -> [TokenID?] {
        (0...255).map { vocabulary.id(of: entry(for: $0)) }
    }

    /// Whether well-formed UTF-8 can hold this byte.
    static func isInText(_ byte: UInt8) -> Bool {
        byte < 0xC0 || (0xC2...0xF4).contains(byte)
    }
}
