/// A JSON document whose strings stay bytes.
///
/// Foundation's decoders make `String` keys, and `String` holds canonically equivalent spellings to be equal: two
/// vocabulary entries would become one. This reader keeps bytes, order and duplicates, and reads the tens of thousands
/// of short strings of a tokenizer.json in a few milliseconds. Source: RFC 8259.
enum JSONBytes: Equatable {
    case null
    case bool(Bool)
    case number(Double)
    case string([UInt8])
    case array([JSONBytes])
    case object([Member])

    struct Member: Equatable {
        let key: [UInt8]
        let value: JSONBytes
    }

    /// The last member of an object with this name.
    subscript(name: StaticString) -> JSONBytes? {
        guard case .object(let members) = self else { return nil }
        let wanted = Array("\(name)".utf8)
        return members.last { $0.key == wanted }?.value
    }

    var text: String? {
        guard case .string(let bytes) = self else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    var flag: Bool? {
        guard case .bool(let value) = self else { return nil }
        return value
    }

    /// A whole number that fits 32 bits.
    var integer: Int? {
        guard case .number(let value) = self, let whole = Int32(exactly: value) else { return nil }
        return Int(whole)
    }

    var elements: [JSONBytes]? {
        guard case .array(let values) = self else { return nil }
        return values
    }

    /// Reads one document.
    /// - Throws: `malformed` with the byte offset of what is wrong, or when the bytes are no UTF-8.
    static func parse(_ bytes: [UInt8], path: String) throws(TokenizerError) -> JSONBytes {
        guard (try? UTF8Span(validating: bytes.span)) != nil else {
            throw .malformed(path: path, reason: "it is not UTF-8")
        }
        var reader = JSONReader(bytes: bytes, path: path)
        return try reader.document()
    }
}

private struct JSONReader {
    let bytes: [UInt8]
    let path: String
    var position = 0

    mutating func document() throws(TokenizerError) -> JSONBytes {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        let value = try value(depth: 0)
        skipSpace()
        guard position == bytes.count else { throw failure("text after the end of the document") }
        return value
    }

    private func failure(_ reason: String) -> TokenizerError {
        .malformed(path: path, reason: "\(reason) at byte \(position)")
    }

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    /// The next byte that is no space, not consumed.
    private mutating func peek() throws(TokenizerError) -> UInt8 {
        skipSpace()
        guard position < bytes.count else { throw failure("the document ends early") }
        return bytes[position]
    }

    private mutating func expect(_ literal: StaticString, _ value: JSONBytes) throws(TokenizerError) -> JSONBytes {
        let wanted = Array("\(literal)".utf8)
        guard bytes[position...].starts(with: wanted) else { throw failure("expected \(literal)") }
        position += wanted.count
        return value
    }

    private mutating func value(depth: Int) throws(TokenizerError) -> JSONBytes {
        guard depth <= TokenizerLimits.jsonDepth else { throw failure("nesting too deep") }
        switch try peek() {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try expect("true", .bool(true))
        case UInt8(ascii: "f"): return try expect("false", .bool(false))
        case UInt8(ascii: "n"): return try expect("null", .null)
        default: return try number()
        }
    }

    private mutating func object(depth: Int) throws(TokenizerError) -> JSONBytes {
        position += 1
        var members: [JSONBytes.Member] = []
        if try peek() == UInt8(ascii: "}") {
            position += 1
            return .object(members)
        }
        while true {
            guard try peek() == UInt8(ascii: "\"") else { throw failure("expected a member's name") }
            let key = try string()
            guard try peek() == UInt8(ascii: ":") else { throw failure("expected ':'") }
            position += 1
            members.append(.init(key: key, value: try value(depth: depth + 1)))
            let next = try peek()
            position += 1
            if next == UInt8(ascii: "}") { return .object(members) }
            guard next == UInt8(ascii: ",") else { throw failure("expected ',' or '}'") }
        }
    }

    private mutating func array(depth: Int) throws(TokenizerError) -> JSONBytes {
        position += 1
        var values: [JSONBytes] = []
        if try peek() == UInt8(ascii: "]") {
            position += 1
            return .array(values)
        }
        while true {
            values.append(try value(depth: depth + 1))
            let next = try peek()
            position += 1
            if next == UInt8(ascii: "]") { return .array(values) }
            guard next == UInt8(ascii: ",") else { throw failure("expected ',' or ']'") }
        }
    }

    private mutating func number() throws(TokenizerError) -> JSONBytes {
        let start = position
        while position < bytes.count, Self.isInNumber(bytes[position]) { position += 1 }
        guard let value = Double(String(decoding: bytes[start..<position], as: UTF8.self)) else {
            throw failure("unexpected character")
        }
        return .number(value)
    }

    /// Whether the byte is one of `+-.eE0123456789`.
    @inline(__always)
    private static func isInNumber(_ byte: UInt8) -> Bool {
        byte &- 0x30 < 10 || byte == 0x2E || byte == 0x2D || byte == 0x2B || byte | 0x20 == 0x65
    }

    private mutating func string() throws(TokenizerError) -> [UInt8] {
        position += 1
        var result: [UInt8] = []
        while position < bytes.count {
            // Runs without escapes are most of the file: copy them whole.
            let start = position
            while position < bytes.count, bytes[position] != UInt8(ascii: "\""), bytes[position] != UInt8(ascii: "\\") {
                position += 1
            }
            result += bytes[start..<position]
            guard position < bytes.count else { break }
            position += 1
            if bytes[position - 1] == UInt8(ascii: "\"") { return result }
            try escape(into: &result)
        }
        throw failure("a string does not end")
    }

    private mutating func escape(into result: inout [UInt8]) throws(TokenizerError) {
        guard position < bytes.count else { throw failure("a string does not end") }
        let letter = bytes[position]
        position += 1
        switch letter {
        case UInt8(ascii: "n"): result.append(0x0A)
        case UInt8(ascii: "t"): result.append(0x09)
        case UInt8(ascii: "r"): result.append(0x0D)
        case UInt8(ascii: "b"): result.append(0x08)
        case UInt8(ascii: "f"): result.append(0x0C)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(letter)
        case UInt8(ascii: "u"):
            var code = try hex4()
            if (0xD800..<0xDC00).contains(code), bytes[position...].starts(with: [0x5C, 0x75]) {
                position += 2
                let low = try hex4()
                guard (0xDC00..<0xE000).contains(low) else { throw failure("half of a surrogate pair") }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            result += UTF8.encode(Unicode.Scalar(code) ?? "\u{FFFD}") ?? UTF8.encodedReplacementCharacter
        default: throw failure("unknown escape")
        }
    }

    private mutating func hex4() throws(TokenizerError) -> UInt32 {
        guard position + 4 <= bytes.count,
            let code = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
        else { throw failure("expected four hexadecimal digits") }
        position += 4
        return code
    }
}
