/// A part of a mail message: its headers and its body, still encoded.
///
/// Source: RFC 5322 (messages), RFC 2045 and 2046 (MIME), RFC 2047 (encoded words), RFC 2231 (parameters).
struct MailPart {
    /// Header fields by lower-cased name, unfolded; of a field that is there more than once, the first.
    private(set) var headers: [String: String] = [:]
    /// The bytes after the headers.
    private(set) var body: ArraySlice<UInt8>

    /// Header bytes beyond this aren't read.
    private static let mostHeaderBytes = 1 << 20

    /// Splits a message or part into headers and body.
    init(_ bytes: ArraySlice<UInt8>) {
        var lines: [[UInt8]] = []
        var at = bytes.startIndex
        let limit = min(bytes.endIndex, bytes.startIndex + Self.mostHeaderBytes)
        while at < limit {
            let end = bytes[at..<limit].firstIndex(of: 0x0A) ?? limit
            var line = bytes[at..<end]
            at = min(end + 1, bytes.endIndex)
            if line.last == 0x0D { line.removeLast() }
            if line.isEmpty { break }
            if line.first == 0x20 || line.first == 0x09, !lines.isEmpty {
                lines[lines.count - 1] += line
            } else {
                lines.append(Array(line))
            }
        }
        body = bytes[at...]
        for line in lines {
            guard let colon = line.firstIndex(of: 0x3A) else { continue }
            let name = String(decoding: line[..<colon], as: UTF8.self).trimmingWhitespace().lowercased()
            // Raw bytes above ASCII are UTF-8 today.
            let value = String(decoding: line[(colon + 1)...], as: UTF8.self).trimmingWhitespace()
            if headers[name] == nil { headers[name] = value }
        }
    }

    /// Whether bytes with control characters in them may still be mail: its parts may be 8-bit.
    static func looksLikeMail(_ bytes: [UInt8], ending: String) -> Bool {
        guard ending == "eml" || ending == "mbox",
            let colon = bytes.prefix(200).firstIndex(where: { $0 <= 0x20 || $0 == 0x3A })
        else { return false }
        return bytes[colon] == 0x3A && colon > 0 || bytes.starts(with: Array("From ".utf8))
    }

    /// The media type, lower-cased; `text/plain` where none is given.
    var mediaType: String {
        let type = MediaType(headers["content-type"]).essence
        return type.isEmpty ? "text/plain" : type
    }

    /// A parameter of Content-Type or Content-Disposition, quotes taken off.
    func parameter(_ name: String, of header: String) -> String? {
        guard let value = headers[header] else { return nil }
        for part in Self.parameters(value) {
            let pair = part.split(separator: "=", maxSplits: 1).map { String($0).trimmingWhitespace() }
            guard pair.count == 2 else { continue }
            let key = pair[0].lowercased()
            if key == name { return pair[1].trimmingCharacters("\"") }
            // RFC 2231: filename*=utf-8''na%C3%AFve.txt
            if key == name + "*" {
                return pair[1].split(separator: "'").last.map { String($0).removingPercentEscapes() }
            }
        }
        return nil
    }

    /// The parts between semicolons that aren't in quotes.
    private static func parameters(_ value: String) -> [String] {
        var parts = [""]
        var inQuotes = false
        for character in value {
            if character == "\"" { inQuotes.toggle() }
            if character == ";", !inQuotes { parts.append("") } else { parts[parts.count - 1].append(character) }
        }
        return parts
    }

    /// The parts of a multipart body.
    func parts() -> [MailPart] {
        guard let boundary = parameter("boundary", of: "content-type"), !boundary.isEmpty else { return [] }
        let mark = Array("--".utf8) + Array(boundary.utf8)
        var parts: [MailPart] = []
        var start: Int?
        var at = body.startIndex
        while at < body.endIndex {
            let end = body[at...].firstIndex(of: 0x0A) ?? body.endIndex
            if body[at..<end].starts(with: mark) {
                if let start, at > start { parts.append(MailPart(body[start..<at])) }
                start = min(end + 1, body.endIndex)
                if body[at..<end].dropFirst(mark.count).starts(with: Array("--".utf8)) { return parts }
            }
            at = end + 1
        }
        // A message that was cut off ends without its last mark.
        if let start, start < body.endIndex { parts.append(MailPart(body[start...])) }
        return parts
    }

    /// The body with its transfer encoding taken off.
    func decodedBody() -> [UInt8] {
        switch headers["content-transfer-encoding"]?.lowercased().trimmingWhitespace() {
        case "base64": MailEncoding.base64(body)
        case "quoted-printable": MailEncoding.quotedPrintable(body)
        default: Array(body)
        }
    }

    /// A header as a reader sees it, encoded words decoded.
    func text(of header: String) -> String? {
        guard let value = headers[header] else { return nil }
        let text = MailEncoding.words(value)
        return text.isEmpty ? nil : text
    }
}
