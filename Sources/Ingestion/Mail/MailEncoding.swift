/// The encodings of mail: base64, quoted-printable and the encoded words of headers; damage is passed over, not refused.
enum MailEncoding {
    /// Decodes base64; characters that are none are skipped.
    static func base64(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count / 4 * 3)
        var bits: UInt32 = 0
        var count = 0
        for byte in bytes {
            let value: UInt32
            switch byte {
            case 0x41...0x5A: value = UInt32(byte) - 0x41
            case 0x61...0x7A: value = UInt32(byte) - 0x61 + 26
            case 0x30...0x39: value = UInt32(byte) - 0x30 + 52
            case 0x2B, 0x2D: value = 62
            case 0x2F, 0x5F: value = 63
            case 0x3D: return decoded
            default: continue
            }
            bits = bits << 6 | value
            count += 6
            if count >= 8 {
                count -= 8
                decoded.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return decoded
    }

    /// Decodes quoted-printable; with `isHeader` an underscore is a space.
    static func quotedPrintable(_ bytes: ArraySlice<UInt8>, isHeader: Bool = false) -> [UInt8] {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            if byte == 0x3D {
                let rest = bytes[(index + 1)...]
                if let high = rest.first.flatMap(hexadecimal), let low = rest.dropFirst().first.flatMap(hexadecimal) {
                    decoded.append(high << 4 | low)
                    index += 3
                    continue
                }
                // A soft line break.
                if rest.first == 0x0A || rest.starts(with: [0x0D, 0x0A]) {
                    index += rest.first == 0x0A ? 2 : 3
                    continue
                }
            }
            decoded.append(isHeader && byte == 0x5F ? 0x20 : byte)
            index += 1
        }
        return decoded
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }

    /// A header's value with its encoded words (`=?utf-8?q?Gr=C3=BC=C3=9Fe?=`) decoded.
    static func words(_ value: String) -> String {
        var result = ""
        var rest = value[...]
        var afterWord = false
        while let open = rest.firstRange(of: "=?") {
            let before = rest[..<open.lowerBound]
            let parts = rest[open.upperBound...].split(separator: "?", maxSplits: 3, omittingEmptySubsequences: false)
            guard parts.count == 4, parts[3].hasPrefix("="), let text = word(parts[0], parts[1], parts[2]) else {
                result += rest[..<open.upperBound]
                rest = rest[open.upperBound...]
                afterWord = false
                continue
            }
            // White space between two encoded words belongs to neither.
            if !afterWord || before.contains(where: { !$0.isWhitespace }) { result += before }
            result += text
            afterWord = true
            rest = parts[3].dropFirst()
        }
        result += rest
        var line = InlineText()
        line.append(result)
        return String(decoding: line.finish(), as: UTF8.self)
    }

    private static func word(_ charset: Substring, _ kind: Substring, _ text: Substring) -> String? {
        let bytes = Array(text.utf8)[...]
        let decoded: [UInt8]
        switch kind.lowercased() {
        case "b": decoded = base64(bytes)
        case "q": decoded = quotedPrintable(bytes, isHeader: true)
        default: return nil
        }
        // RFC 2231 lets a language follow the charset.
        let label = charset.split(separator: "*").first.map(String.init) ?? "utf-8"
        guard let utf8 = try? TextEncoding.decode(decoded, charset: label, isHTML: false) else { return nil }
        return String(decoding: utf8.bytes, as: UTF8.self)
    }
}
