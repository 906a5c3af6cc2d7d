import CLibXML2

/// Turns the bytes of a text document into valid UTF-8.
///
/// The order is the HTML standard's: byte order mark, then the sender's charset, then the page's own `<meta>`; without
/// any of them, valid UTF-8 is UTF-8, UTF-16 is told by its zeros, and the rest is windows-1252. Nothing is refused for
/// a bad byte: it becomes U+FFFD and is counted.
///
/// Source: WHATWG Encoding and HTML standards ("determining the character encoding", labels).
struct TextEncoding {
    /// Valid UTF-8 without byte order mark, NUL and control characters other than white space.
    var bytes: [UInt8]
    /// The encoding it was in, by its usual name.
    var name: String
    /// How many bad sequences became U+FFFD.
    var replacementCount: Int
    /// Whether nothing declared the encoding and the bytes left a choice.
    var isGuessed = false

    /// Decodes `bytes`.
    /// - Parameters:
    ///   - bytes: the document, in any encoding.
    ///   - charset: what the sender declares, if anything.
    ///   - isHTML: whether to look for `<meta charset>`.
    /// - Returns: the text and what it was in.
    /// - Throws: `IngestionError.outOfMemory`; an unknown charset counts as none.
    static func decode(_ bytes: [UInt8], charset: String?, isHTML: Bool) throws(IngestionError) -> TextEncoding {
        if let (label, length) = byteOrderMark(bytes) {
            let rest = Array(bytes.dropFirst(length))
            if let decoded = try convert(rest, from: label) { return decoded }
        }
        let valid = (try? UTF8Span(validating: bytes.span)) != nil
        let given = charset.flatMap(canonicalLabel)
        if let given, given != "UTF-8", let decoded = try convert(bytes, from: given) { return decoded }
        var declared = given == "UTF-8" ? given : nil
        if declared == nil, isHTML {
            declared = MetaCharset.find(in: bytes, known: knownLabel)
            // A page saved as UTF-8 by a tool that left its <meta> alone: so much valid UTF-8 is no accident.
            if valid, declared != nil, ByteScan.holdsMultibyte(bytes.span, count: 8) { declared = "UTF-8" }
            // A page whose <meta> could be read as ASCII can't be UTF-16.
            if declared?.hasPrefix("UTF-16") == true { declared = "UTF-8" }
            if let declared, declared != "UTF-8", let decoded = try convert(bytes, from: declared) { return decoded }
        }
        if looksUTF16(bytes) {
            let label = zeros(bytes).odd > 0 ? "UTF-16LE" : "UTF-16BE"
            if let decoded = try convert(bytes, from: label) { return decoded.guessed }
        }
        if valid || declared == "UTF-8" || mostlyUTF8(bytes) { return decodeUTF8(bytes, valid: valid) }
        return (try convert(bytes, from: "WINDOWS-1252") ?? decodeUTF8(bytes, valid: false)).guessed
    }

    /// The same, marked as a guess.
    private var guessed: TextEncoding {
        var copy = self
        copy.isGuessed = true
        return copy
    }

    /// Whether the bytes are noise rather than text: control characters that no text holds.
    static func looksBinary(_ bytes: [UInt8]) -> Bool {
        if byteOrderMark(bytes) != nil || looksUTF16(bytes) { return false }
        let sample = bytes.prefix(16384)
        // Tab, line ends, form feed, backspace and escape (ISO-2022 encodings) do occur in text.
        let textual: UInt32 = 1 << 8 | 1 << 9 | 1 << 10 | 1 << 12 | 1 << 13 | 1 << 27
        var controls = 0
        for byte in sample where byte < 0x20 && textual >> UInt32(byte) & 1 == 0 || byte == 0x7F { controls += 1 }
        return controls * 50 > sample.count
    }

    private static func byteOrderMark(_ bytes: [UInt8]) -> (label: String, length: Int)? {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return ("UTF-8", 3) }
        if bytes.starts(with: [0xFF, 0xFE, 0, 0]) { return ("UTF-32LE", 4) }
        if bytes.starts(with: [0xFF, 0xFE]) { return ("UTF-16LE", 2) }
        if bytes.starts(with: [0xFE, 0xFF]) { return ("UTF-16BE", 2) }
        return nil
    }

    private static func zeros(_ bytes: [UInt8]) -> (even: Int, odd: Int) {
        var count = (even: 0, odd: 0)
        for (offset, byte) in bytes.prefix(1024).enumerated() where byte == 0 {
            if offset & 1 == 0 { count.even += 1 } else { count.odd += 1 }
        }
        return count
    }

    /// Latin text in UTF-16 has a zero in every other byte, and in none of the others.
    private static func looksUTF16(_ bytes: [UInt8]) -> Bool {
        let count = zeros(bytes)
        let half = min(bytes.count, 1024) / 2
        return half >= 2 && max(count.even, count.odd) * 10 > half * 7 && min(count.even, count.odd) * 20 < half
    }

    /// Whether more byte sequences above ASCII are UTF-8 than are not: damaged UTF-8 rather than a legacy encoding.
    private static func mostlyUTF8(_ bytes: [UInt8]) -> Bool {
        var good = 0
        var bad = 0
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            if byte < 0x80 { continue }
            let length = byte >= 0xF0 ? 3 : byte >= 0xE0 ? 2 : byte >= 0xC2 ? 1 : 0
            let end = min(index + length, bytes.count)
            if length > 0, end - index == length, bytes[index..<end].allSatisfy({ $0 & 0xC0 == 0x80 }) {
                good += 1
                index = end
            } else {
                bad += 1
            }
        }
        return good > bad
    }

    /// UTF-8 with bad sequences replaced.
    private static func decodeUTF8(_ bytes: [UInt8], valid: Bool) -> TextEncoding {
        if valid { return TextEncoding(bytes: cleaned(bytes), name: "UTF-8", replacementCount: 0) }
        let replacement: [UInt8] = [0xEF, 0xBF, 0xBD]
        let repaired = Array(String(decoding: bytes, as: UTF8.self).utf8)
        let count = occurrences(of: replacement, in: repaired) - occurrences(of: replacement, in: bytes)
        return TextEncoding(bytes: cleaned(repaired), name: "UTF-8", replacementCount: max(count, 1))
    }

    /// Converts from another encoding; nil if the system doesn't know it.
    private static func convert(_ bytes: [UInt8], from label: String) throws(IngestionError) -> TextEncoding? {
        if label == "UTF-8" {
            return decodeUTF8(bytes, valid: (try? UTF8Span(validating: bytes.span)) != nil)
        }
        let (converted, replaced) = try iconv(bytes, from: label)
        return converted.map { TextEncoding(bytes: cleaned($0), name: label, replacementCount: replaced) }
    }

    private static func iconv(_ bytes: [UInt8], from label: String) throws(IngestionError) -> ([UInt8]?, Int) {
        var output: UnsafeMutablePointer<CChar>?
        var count = 0
        var replaced = 0
        // The C shim writes into its own buffer, copied and freed here.
        let status = unsafe bytes.withUnsafeBytes { input in
            unsafe docent_iconv(label, input.baseAddress, input.count, &output, &count, &replaced)
        }
        if status == -1 { return (nil, 0) }
        guard status == 0, let buffer = unsafe output else { throw .outOfMemory }
        defer { unsafe free(buffer) }
        return (unsafe [UInt8](UnsafeRawBufferPointer(start: buffer, count: count)), replaced)
    }

    private static func occurrences(of sequence: [UInt8], in bytes: [UInt8]) -> Int {
        guard let first = sequence.first else { return 0 }
        var count = 0
        for index in bytes.indices
        where bytes[index] == first && bytes[index...].prefix(sequence.count).elementsEqual(sequence) { count += 1 }
        return count
    }

    /// Control characters that mean nothing in text become spaces; most documents have none and aren't copied.
    private static func cleaned(_ bytes: [UInt8]) -> [UInt8] {
        func isControl(_ byte: UInt8) -> Bool { byte < 0x20 && byte != 9 && byte != 10 && byte != 13 }
        guard ByteScan.holdsControl(bytes.span) else { return bytes }
        return bytes.map { isControl($0) ? 0x20 : $0 }
    }

    /// The converter's name for a label of an encoding that can be converted from, else nil.
    private static func knownLabel(_ label: String) -> String? {
        guard let name = canonicalLabel(label) else { return nil }
        if name == "UTF-8" { return name }
        return (try? iconv([0x20, 0x20, 0x20, 0x20], from: name))?.0 == nil ? nil : name
    }

    /// The converter's name for an encoding label, nil if the label is no plain name.
    static func canonicalLabel(_ label: String) -> String? {
        let name = label.trimmingWhitespace().lowercased()
        guard !name.isEmpty, name.utf8.count <= 32,
            name.utf8.allSatisfy({
                (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) || [45, 46, 58, 95].contains($0)
            })
        else { return nil }
        switch name {
        case "utf-8", "utf8", "unicode-1-1-utf-8", "x-unicode20utf8": return "UTF-8"
        case "utf-16", "utf-16le", "ucs-2", "unicode", "iso-10646-ucs-2", "csunicode": return "UTF-16LE"
        case "utf-16be", "unicodefffe": return "UTF-16BE"
        case "iso-8859-1", "iso8859-1", "iso_8859-1", "latin1", "latin-1", "l1", "ascii", "us-ascii", "ansi_x3.4-1968",
            "cp1252", "x-cp1252", "windows-1252", "cp819", "ibm819", "iso88591":
            return "WINDOWS-1252"
        case "iso-8859-9", "latin5", "windows-1254", "x-cp1254": return "WINDOWS-1254"
        case "shift_jis", "shift-jis", "sjis", "x-sjis", "windows-31j", "ms_kanji": return "CP932"
        case "gb2312", "gbk", "gb_2312-80", "x-gbk", "chinese", "gb18030": return "GB18030"
        case "euc-kr", "ks_c_5601-1987", "korean", "windows-949": return "CP949"
        case "big5", "big5-hkscs", "cn-big5", "x-x-big5": return "BIG5-HKSCS"
        case "tis-620", "iso-8859-11", "windows-874": return "CP874"
        case "x-mac-roman", "macintosh", "mac": return "MACINTOSH"
        case "iso-8859-8-i", "iso-8859-8": return "ISO-8859-8"
        case let other where other.hasPrefix("x-cp125"): return "WINDOWS-" + other.dropFirst(4)
        default: return name.uppercased()
        }
    }
}
