/// Reads `multipart/form-data` bodies: uploaded files and plain fields.
///
/// The whole body is in memory, bounded by the server's upload limit; parts are slices of it.
/// Source: RFC 7578 (form data), RFC 2046 section 5.1 (multipart syntax).
package struct MultipartForm: Sendable {
    /// The most parts in one form.
    package static let maximumParts = 10_000
    /// The longest header of one part, in bytes.
    package static let maximumHeaderBytes = 16_384

    /// One part of a form.
    package struct Part: Sendable, Equatable {
        /// The field's name.
        package var name: String
        /// The file's name as the client gave it; nil for a plain field.
        package var fileName: String?
        /// The part's Content-Type, if it has one.
        package var contentType: String?
        /// The bytes between header and next boundary.
        package var bytes: [UInt8]
    }

    /// What is wrong with a form.
    package enum Failure: Error, Equatable, CustomStringConvertible {
        /// The Content-Type has no usable boundary parameter.
        case missingBoundary
        /// The body ends before the closing boundary.
        case truncated
        /// A part has no `Content-Disposition: form-data; name="…"`.
        case missingName(part: Int)
        /// More than ``maximumParts`` parts.
        case tooManyParts(limit: Int)
        /// A part's header is longer than ``maximumHeaderBytes``.
        case headerTooLong(part: Int)

        package var description: String {
            switch self {
            case .missingBoundary:
                "the multipart body has no boundary: send Content-Type: multipart/form-data; boundary=…"
            case .truncated: "the multipart body ends before its closing boundary: send it again, whole"
            case .missingName(let part): "part \(part) of the multipart body has no Content-Disposition with a name"
            case .tooManyParts(let limit): "the multipart body has more than \(limit) parts: send several requests"
            case .headerTooLong(let part): "the header of part \(part) of the multipart body is too long"
            }
        }
    }

    /// The parts in the order they were sent.
    package let parts: [Part]

    /// Parses `body`.
    /// - Parameters:
    ///   - body: the request's body.
    ///   - contentType: the request's Content-Type, which names the boundary.
    /// - Throws: what is wrong with the form.
    package init(_ body: [UInt8], contentType: String) throws(Failure) {
        guard let boundary = HeaderParameters(contentType)["boundary"], !boundary.isEmpty, boundary.utf8.count <= 200
        else { throw .missingBoundary }
        let delimiter = Array("--\(boundary)".utf8)
        var parts: [Part] = []
        guard var position = Self.find(delimiter, in: body, from: 0) else { throw .truncated }
        while true {
            position += delimiter.count
            if body[position...].starts(with: [0x2D, 0x2D]) { break }
            guard let lineEnd = Self.find([0x0A], in: body, from: position) else { throw .truncated }
            let number = parts.count + 1
            guard number <= Self.maximumParts else { throw .tooManyParts(limit: Self.maximumParts) }
            let start = lineEnd + 1
            guard let headerEnd = Self.find([0x0D, 0x0A, 0x0D, 0x0A], in: body, from: start - 2) else {
                throw .truncated
            }
            guard headerEnd - start <= Self.maximumHeaderBytes else { throw .headerTooLong(part: number) }
            let contentStart = headerEnd + 4
            guard let next = Self.find([0x0D, 0x0A] + delimiter, in: body, from: max(contentStart - 2, 0)) else {
                throw .truncated
            }
            let header = start <= headerEnd ? String(decoding: body[start..<headerEnd], as: UTF8.self) : ""
            parts.append(
                try Self.part(header, Array(body[min(contentStart, next)..<next]), number: number))
            position = next + 2
        }
        self.parts = parts
    }

    private static func part(_ header: String, _ bytes: [UInt8], number: Int) throws(Failure) -> Part {
        var disposition: HeaderParameters?
        var contentType: String?
        for line in header.split(whereSeparator: \.isNewline) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            switch line[..<colon].lowercased() {
            case "content-disposition": disposition = HeaderParameters(String(value))
            case "content-type": contentType = String(value)
            default: break
            }
        }
        guard let disposition, disposition.value.lowercased() == "form-data", let name = disposition["name"] else {
            throw .missingName(part: number)
        }
        return Part(name: name, fileName: disposition["filename"], contentType: contentType, bytes: bytes)
    }

    /// The first place of `needle` in `haystack` at or after `start`.
    private static func find(_ needle: [UInt8], in haystack: [UInt8], from start: Int) -> Int? {
        guard let first = needle.first, start >= 0, haystack.count - needle.count >= start else { return nil }
        var index = start
        let last = haystack.count - needle.count
        while index <= last {
            guard let candidate = haystack[index...last].firstIndex(of: first) else { return nil }
            if haystack[candidate..<candidate + needle.count].elementsEqual(needle) { return candidate }
            index = candidate + 1
        }
        return nil
    }
}

/// A header value with parameters: `form-data; name="file"; filename="a b.html"`.
package struct HeaderParameters: Sendable {
    /// The value before the first semicolon.
    package let value: String
    private let parameters: [String: String]

    /// Parses `text`; quoted strings may hold semicolons, and `\"` and `\\` escapes.
    package init(_ text: String) {
        var fields: [String] = [""]
        var isQuoted = false
        var isEscaped = false
        for character in text {
            if isEscaped {
                fields[fields.count - 1].append(character)
                isEscaped = false
            } else if isQuoted, character == "\\" {
                isEscaped = true
            } else if character == "\"" {
                isQuoted.toggle()
            } else if character == ";", !isQuoted {
                fields.append("")
            } else {
                fields[fields.count - 1].append(character)
            }
        }
        value = fields[0].trimming()
        var parameters: [String: String] = [:]
        for field in fields.dropFirst() {
            guard let equals = field.firstIndex(of: "=") else { continue }
            let name = String(field[..<equals]).trimming().lowercased()
            if parameters[name] == nil { parameters[name] = String(field[field.index(after: equals)...]).trimming() }
        }
        self.parameters = parameters
    }

    /// The parameter called `name` (lower case).
    package subscript(name: String) -> String? { parameters[name] }
}

extension String {
    fileprivate func trimming() -> String {
        let tail = drop { $0 == " " || $0 == "\t" }
        guard let last = tail.lastIndex(where: { $0 != " " && $0 != "\t" }) else { return "" }
        return String(tail[...last])
    }
}
