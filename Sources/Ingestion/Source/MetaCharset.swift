/// The encoding that a page declares in a `<meta>` of its first bytes.
///
/// Tags are read as browsers do before they parse: attributes one by one with their quotes, so that `charset` inside of
/// another attribute's value, of a comment or of another tag counts for nothing, and `content` counts beside
/// `http-equiv="Content-Type"` alone. An XML declaration's `encoding` counts as well.
///
/// Source: WHATWG HTML standard, "prescan a byte stream to determine its encoding".
struct MetaCharset {
    /// How many bytes are looked at.
    static let window = 4096

    private let bytes: [UInt8]
    private var position = 0

    /// The first declared encoding that `known` has a name for.
    /// - Parameters:
    ///   - bytes: the page.
    ///   - known: the name of an encoding's label; nil for an unknown one, and the search goes on.
    /// - Returns: that name, or nil without a declaration.
    static func find(in bytes: [UInt8], known: (String) -> String?) -> String? {
        var scan = MetaCharset(bytes: Array(bytes.prefix(window)))
        return scan.run(known)
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func run(_ known: (String) -> String?) -> String? {
        while position < bytes.count {
            guard bytes[position] == UInt8(ascii: "<") else {
                position += 1
                continue
            }
            if starts(with: "<!--") {
                // The hyphens of the beginning may be those of the end.
                position += 2
                skip(past: "-->")
            } else if starts(with: "<meta"), let next = byte(at: position + 5), Self.isSpace(next) || next == 0x2F {
                position += 5
                if let name = meta(known) { return name }
            } else if starts(with: "<?xml"), let name = declaration().flatMap(known) {
                return name
            } else if isTag {
                while let next = byte(at: position), !Self.isSpace(next), next != UInt8(ascii: ">") { position += 1 }
                while attribute() != nil {}
            } else if starts(with: "<!") || starts(with: "</") || starts(with: "<?") {
                skip(past: ">")
            } else {
                position += 1
            }
        }
        return nil
    }

    /// The attributes of a `<meta>`: what they declare, if it is known.
    private mutating func meta(_ known: (String) -> String?) -> String? {
        var seen: Set<String> = []
        var isContentType = false
        var needsContentType = false
        var label: String?
        while let (name, value) = attribute() {
            guard seen.insert(name).inserted else { continue }
            switch name {
            case "http-equiv": isContentType = value == "content-type"
            case "charset":
                label = value
                needsContentType = false
            case "content" where label == nil:
                label = Self.charset(inContent: value)
                needsContentType = label != nil
            default: break
            }
        }
        guard let label, !needsContentType || isContentType else { return nil }
        return known(label)
    }

    /// The label in `text/html; charset=…`, nil where there is none or its quote is never closed.
    private static func charset(inContent content: String) -> String? {
        var rest = content.utf8[...]
        let word = Array("charset".utf8)
        while rest.count >= word.count {
            guard rest.starts(with: word) else {
                rest.removeFirst()
                continue
            }
            rest = rest.dropFirst(word.count).drop(while: isSpace)
            guard rest.first == UInt8(ascii: "=") else { continue }
            rest = rest.dropFirst().drop(while: isSpace)
            guard let first = rest.first else { return nil }
            if first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") {
                rest.removeFirst()
                return rest.firstIndex(of: first).map { String(decoding: rest[..<$0], as: UTF8.self) }
            }
            return String(decoding: rest.prefix { !isSpace($0) && $0 != UInt8(ascii: ";") }, as: UTF8.self)
        }
        return nil
    }

    /// `encoding="…"` of an XML declaration.
    private mutating func declaration() -> String? {
        position += 5
        while let (name, value) = attribute() {
            if name == "encoding" { return value }
        }
        return nil
    }

    /// The next attribute of the tag at hand, in lower case; nil at the tag's end, and where the bytes end in it.
    private mutating func attribute() -> (name: String, value: String)? {
        while let next = byte(at: position), Self.isSpace(next) || next == UInt8(ascii: "/") { position += 1 }
        guard let first = byte(at: position), first != UInt8(ascii: ">") else { return nil }
        var name: [UInt8] = []
        while let next = byte(at: position), !Self.isSpace(next), next != 0x2F, next != UInt8(ascii: ">"),
            next != UInt8(ascii: "=") || name.isEmpty
        {
            name.append(next)
            position += 1
        }
        let end = position
        while let next = byte(at: position), Self.isSpace(next) { position += 1 }
        guard byte(at: position) == UInt8(ascii: "=") else {
            position = end
            return position < bytes.count ? (Self.lowercased(name), "") : nil
        }
        position += 1
        while let next = byte(at: position), Self.isSpace(next) { position += 1 }
        return value().map { (Self.lowercased(name), $0) }
    }

    /// What follows an attribute's `=`, with its quotes or up to a space or the tag's end.
    private mutating func value() -> String? {
        guard let quote = byte(at: position) else { return nil }
        var value: [UInt8] = []
        if quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
            position += 1
            while let next = byte(at: position) {
                position += 1
                if next == quote { return Self.lowercased(value) }
                value.append(next)
            }
            return nil
        }
        while let next = byte(at: position), !Self.isSpace(next), next != UInt8(ascii: ">") {
            value.append(next)
            position += 1
        }
        return position < bytes.count ? Self.lowercased(value) : nil
    }

    private func byte(at index: Int) -> UInt8? { index < bytes.count ? bytes[index] : nil }

    /// Whether a tag begins here: `<` or `</` before a letter.
    private var isTag: Bool {
        let after = byte(at: position + 1) == UInt8(ascii: "/") ? position + 2 : position + 1
        guard let letter = byte(at: after) else { return false }
        return (0x41...0x5A).contains(letter) || (0x61...0x7A).contains(letter)
    }

    /// Whether `text`, in lower case, is here in any case.
    private func starts(with text: String) -> Bool {
        guard bytes.count - position >= text.utf8.count else { return false }
        return zip(bytes[position...], text.utf8).allSatisfy { Self.lowercased($0) == $1 }
    }

    /// Goes behind the next `text`, or to the end.
    private mutating func skip(past text: String) {
        while position < bytes.count, !starts(with: text) { position += 1 }
        position = min(position + text.utf8.count, bytes.count)
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (9...13).contains(byte) && byte != 11 }

    private static func lowercased(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte + 32 : byte }

    private static func lowercased(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.map { lowercased($0) }, as: UTF8.self)
    }
}
