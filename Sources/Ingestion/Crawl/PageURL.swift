import Foundation

/// An http or https address in its one normal form, so that a page is fetched once however links write it.
///
/// Scheme and host are lower case, default ports and fragments are gone, dot segments are resolved, percent-encoding is
/// upper case and only where it is needed, tracking parameters (`utm_*` and click ids) are dropped. Addresses with a user
/// part are none that a crawl follows.
/// Source: RFC 3986 sections 5.2 and 6.2; WHATWG URL for what browsers forgive (backslashes, white space).
package struct PageURL: Hashable, Sendable, CustomStringConvertible {
    /// `http` or `https`.
    package let scheme: String
    /// The host in lower case; IPv6 addresses in brackets.
    package let host: String
    /// The port, nil for the scheme's own.
    package let port: Int?
    /// The path, starting with a slash.
    package let path: String
    /// The query without its question mark; nil when there is none.
    package let query: String?

    /// The longest address; ids of documents have the same limit.
    package static let maximumBytes = 1_024

    /// Reads an absolute address; nil for what isn't one.
    package init?(_ text: String) {
        self.init(text, base: nil)
    }

    /// Reads a link of the page at `base`; nil for what is no http(s) address.
    package init?(_ reference: String, base: PageURL?) {
        let forgiven = Self.forgiving(reference)
        var rest = forgiven[...]
        rest = rest.prefix { $0 != "#" }
        var scheme = base?.scheme
        if let colon = rest.firstIndex(of: ":"), Self.isScheme(rest[..<colon]) {
            scheme = rest[..<colon].lowercased()
            rest = rest[rest.index(after: colon)...]
            guard rest.hasPrefix("//") else { return nil }
        }
        guard let scheme, scheme == "http" || scheme == "https" else { return nil }
        let (before, query) = Self.split(rest, at: "?")
        if before.hasPrefix("//") {
            let authority = before.dropFirst(2).prefix { $0 != "/" }
            guard let (host, port) = Self.authority(authority, scheme) else { return nil }
            (self.host, self.port) = (host, port)
            path = Self.withoutDots(Self.encoded(before.dropFirst(2 + authority.count)))
            self.query = Self.cleaned(query)
        } else {
            guard let base else { return nil }
            (host, port) = (base.host, base.port)
            if before.isEmpty {
                path = base.path
                self.query = query == nil ? base.query : Self.cleaned(query)
            } else {
                let folder = before.hasPrefix("/") ? "" : base.folder
                path = Self.withoutDots(Self.encoded(folder + before))
                self.query = Self.cleaned(query)
            }
        }
        self.scheme = scheme
        guard description.utf8.count <= Self.maximumBytes else { return nil }
    }

    /// The whole address.
    package var description: String { origin + target }

    /// Scheme, host and port: what a robots.txt is about.
    package var origin: String { "\(scheme)://\(host)" + (port.map { ":\($0)" } ?? "") }

    /// Path and query: what a server is asked for, and what patterns look at.
    package var target: String { path + (query.map { "?" + $0 } ?? "") }

    /// The path up to its last slash.
    package var folder: String { String(path[...(path.lastIndex(of: "/") ?? path.startIndex)]) }

    /// The last segment of the path when it names a file, for telling the format.
    package var fileName: String? {
        let last = path.split(separator: "/").last.map(String.init)
        guard let last, !path.hasSuffix("/"), last.contains(".") else { return nil }
        return last.removingPercentEncoding ?? last
    }

    /// Whether a segment comes again and again, as in relative links that lead deeper with every click.
    package var repeatsItself: Bool {
        var counts: [Substring: Int] = [:]
        for segment in path.split(separator: "/") { counts[segment, default: 0] += 1 }
        return counts.values.contains { $0 > 3 }
    }

    // MARK: - Parts

    /// Without the white space around it and line ends within; backslashes before the query are slashes.
    private static func forgiving(_ text: String) -> String {
        var result = ""
        var inQuery = false
        for scalar in text.unicodeScalars where scalar != "\n" && scalar != "\r" && scalar != "\t" {
            if scalar == "?" || scalar == "#" { inQuery = true }
            result.unicodeScalars.append(scalar == "\\" && !inQuery ? "/" : scalar)
        }
        return result.trimmingCharacters(in: .whitespaces)
    }

    private static func isScheme(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, (first | 0x20) &- 0x61 < 26 else { return false }
        return text.utf8.allSatisfy { ($0 | 0x20) &- 0x61 < 26 || $0 &- 0x30 < 10 || [0x2B, 0x2D, 0x2E].contains($0) }
    }

    private static func split(_ text: Substring, at mark: Character) -> (Substring, Substring?) {
        guard let place = text.firstIndex(of: mark) else { return (text, nil) }
        return (text[..<place], text[text.index(after: place)...])
    }

    private static func authority(_ text: Substring, _ scheme: String) -> (host: String, port: Int?)? {
        guard !text.contains("@") else { return nil }
        var name = text
        var port: Int?
        if let end = text.lastIndex(of: ":"), !text[end...].contains("]") {
            let digits = text[text.index(after: end)...]
            if !digits.isEmpty {
                guard digits.utf8.allSatisfy({ $0 &- 0x30 < 10 }), let number = Int(digits),
                    (1...65_535).contains(number)
                else { return nil }
                port = number
            }
            name = text[..<end]
        }
        if port == (scheme == "http" ? 80 : 443) { port = nil }
        guard let host = host(name) else { return nil }
        return (host, port)
    }

    private static func host(_ text: Substring) -> String? {
        var name = text.removingPercentEncoding?.lowercased() ?? ""
        if name.hasPrefix("[") {
            let inside = name.dropFirst().dropLast().utf8
            let isAddress =
                name.hasSuffix("]")
                && inside.allSatisfy { $0 &- 0x30 < 10 || $0 &- 0x61 < 6 || $0 == 0x3A || $0 == 0x2E }
            return isAddress ? name : nil
        }
        if !name.utf8.allSatisfy({ $0 < 0x80 }) { name = URL(string: "http://\(name)/")?.host() ?? "" }
        if name.hasSuffix(".") { name.removeLast() }
        let isName = name.utf8.allSatisfy {
            $0 &- 0x61 < 26 || $0 &- 0x30 < 10 || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F
        }
        return !name.isEmpty && name.utf8.count <= 253 && isName ? name : nil
    }

    /// Percent-encoding in one form: what needs none has none, the rest in upper case.
    static func encoded(_ text: some StringProtocol) -> String {
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte == 0x25, index + 2 < bytes.count, let high = digit(bytes[index + 1]),
                let low = digit(bytes[index + 2])
            {
                let value = high << 4 | low
                if isUnreserved(value) { result.append(value) } else { append(value, to: &result) }
                index += 3
                continue
            }
            // A percent sign that encodes nothing is one that was left unencoded.
            if byte <= 0x20 || byte >= 0x7F || byte == 0x25 || unsafeBytes.contains(byte) {
                append(byte, to: &result)
            } else {
                result.append(byte)
            }
            index += 1
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static let unsafeBytes = Set("\"<>\\^`{|}".utf8)
    private static let digits = Array("0123456789ABCDEF".utf8)

    private static func append(_ byte: UInt8, to result: inout [UInt8]) {
        result += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 || byte == 0x2D || byte == 0x2E || byte == 0x5F || byte == 0x7E
    }

    /// Resolves `.` and `..`; the result starts with a slash.
    private static func withoutDots(_ path: String) -> String {
        var segments: [Substring] = []
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst(path.hasPrefix("/") ? 1 : 0)
        for (offset, part) in parts.enumerated() {
            let isLast = offset == parts.count - 1
            switch part {
            case ".": if isLast { segments.append("") }
            case "..":
                _ = segments.popLast()
                if isLast { segments.append("") }
            default: segments.append(part)
            }
        }
        return "/" + segments.joined(separator: "/")
    }

    private static let trackers: Set<String> = ["gclid", "dclid", "fbclid", "msclkid", "yclid", "mc_cid", "mc_eid"]

    /// A query without tracking parameters; nil when nothing is left.
    private static func cleaned(_ query: Substring?) -> String? {
        guard let query else { return nil }
        let kept = query.split(separator: "&").filter { parameter in
            let name = parameter.prefix { $0 != "=" }.lowercased()
            return !name.hasPrefix("utm_") && !trackers.contains(name)
        }
        return kept.isEmpty ? nil : encoded(kept.joined(separator: "&"))
    }
}
