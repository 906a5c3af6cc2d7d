/// SentencePiece's compiled normaliser: which stretch of text is written how.
///
/// | bytes | what they are |
/// |---|---|
/// | 4 | length of the trie in bytes, little-endian |
/// | length | a double-array trie over UTF-8, 32-bit little-endian units |
/// | rest | the replacements, each ended by a zero byte; a leaf's value is an offset into them |
///
/// A unit's bits: 0–7 its label, 8 whether a leaf follows, 9 whether its offset is in units of 256, 10–30 the offset;
/// a leaf has bit 31 set and its value below. Nothing in the blob is trusted: a walk that would leave it finds nothing.
///
/// Source: SentencePiece `normalizer.cc`; Darts-clone (double array); Hugging Face `spm_precompiled`.
struct CharacterMap: Sendable, Equatable {
    private let units: [UInt32]
    /// Well-formed UTF-8.
    private let replacements: [UInt8]

    /// Reads the blob.
    /// - Throws: `malformed` when lengths don't fit or the replacements are no UTF-8.
    init(bytes: [UInt8], path: String) throws(TokenizerError) {
        func word(_ position: Int) -> UInt32 {
            (0..<4).reduce(0) { $0 | UInt32(bytes[position + $1]) << (8 * UInt32($1)) }
        }
        guard bytes.count >= 8 else { throw .malformed(path: path, reason: "its character map is cut off") }
        let trieBytes = Int(word(0))
        guard trieBytes > 0, trieBytes % 4 == 0, trieBytes <= bytes.count - 4 else {
            throw .malformed(path: path, reason: "its character map's trie has \(trieBytes) bytes")
        }
        units = (0..<(trieBytes / 4)).map { word(4 + 4 * $0) }
        replacements = Array(bytes[(4 + trieBytes)...])
        guard String(validating: replacements, as: UTF8.self) != nil else {
            throw .malformed(path: path, reason: "its character map is not UTF-8")
        }
    }

    /// What the text at `range` is replaced by: an index range into `replacement(_:)`'s bytes, maybe empty.
    ///
    /// The *shortest* entry that the range starts with decides, and stands for all of the range, as in the library.
    /// - Returns: nil where nothing is replaced.
    @inline(__always)
    func match(_ text: Span<UInt8>, in range: Range<Int>) -> Range<Int>? {
        var node = Self.offset(units[0])
        for position in range {
            let byte = UInt32(text[position])
            if byte == 0 { return nil }
            node ^= Int(byte)
            guard node < units.count else { return nil }
            let unit = units[node]
            if unit & 0x8000_00FF != byte { return nil }
            node ^= Self.offset(unit)
            if unit >> 8 & 1 == 1 {
                guard node < units.count else { return nil }
                return replacement(at: Int(units[node] & 0x7FFF_FFFF))
            }
        }
        return nil
    }

    /// Appends the bytes that a match stands for.
    @inline(__always)
    func append(_ match: Range<Int>, to output: inout [UInt8]) {
        for index in match { output.append(replacements[index]) }
    }

    private static func offset(_ unit: UInt32) -> Int {
        Int((unit >> 10) << ((unit & (1 << 9)) >> 6))
    }

    /// From `start` to the next zero byte; nil where no scalar starts.
    private func replacement(at start: Int) -> Range<Int>? {
        guard start < replacements.count, replacements[start] & 0xC0 != 0x80 else { return nil }
        var end = start
        while end < replacements.count, replacements[end] != 0 { end += 1 }
        return start..<end
    }
}
