/// A JSON document that keeps the order of its objects' keys, which is the order in which a model writes them.
public enum OrderedJSON: Sendable, Equatable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A number as it was written.
    case number(String)
    /// A text.
    case string(String)
    /// A list.
    case array([OrderedJSON])
    /// Keys and values in their order; a repeated key counts once, with its last value.
    case object([(key: String, value: OrderedJSON)])

    /// The deepest nesting that is read.
    public static let maxDepth = 128

    /// Reads a document.
    /// - Parameter text: UTF-8, one value and white space around it.
    /// - Throws: `DecoderError.invalidSchema` when it isn't JSON.
    public init(parsing text: [UInt8]) throws(DecoderError) {
        var reader = Reader(bytes: text)
        self = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.place == text.count else { throw reader.failure("something follows the value") }
    }

    /// The value of a key of an object; nil where there is none.
    public subscript(key: String) -> OrderedJSON? {
        if case .object(let members) = self { return members.last { $0.key == key }?.value }
        return nil
    }

    /// Whether both are the same document; the order of keys counts.
    public static func == (first: OrderedJSON, second: OrderedJSON) -> Bool {
        switch (first, second) {
        case (.null, .null): true
        case (.bool(let one), .bool(let other)): one == other
        case (.number(let one), .number(let other)): one == other
        case (.string(let one), .string(let other)): one == other
        case (.array(let one), .array(let other)): one == other
        case (.object(let one), .object(let other)):
            one.elementsEqual(other) { $0.key == $1.key && $0.value == $1.value }
        default: false
        }
    }

    /// The document as compact text.
    var text: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number(let text): text
        case .string(let text): Self.quoted(text)
        case .array(let items): "[" + items.map(\.text).joined(separator: ",") + "]"
        case .object(let members):
            "{" + members.map { Self.quoted($0.key) + ":" + $0.value.text }.joined(separator: ",") + "}"
        }
    }

    /// `text` between quotes, with what JSON wants escaped.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars { result += escaped(scalar) }
        return result + "\""
    }

    /// A character as it stands in a JSON string.
    static func escaped(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\"": return "\\\""
        case "\\": return "\\\\"
        case "\n": return "\\n"
        case "\r": return "\\r"
        case "\t": return "\\t"
        default:
            guard scalar.value < 0x20 else { return String(scalar) }
            let digits = String(scalar.value, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
    }
}

/// Reads JSON byte by byte.
private struct Reader {
    let bytes: [UInt8]
    var place = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    func failure(_ reason: String) -> DecoderError {
        .invalidSchema(path: "byte \(place)", reason: "it is not valid JSON: \(reason)")
    }

    mutating func skipSpace() {
        while place < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[place]) { place += 1 }
    }

    mutating func value(depth: Int) throws(DecoderError) -> OrderedJSON {
        skipSpace()
        guard place < bytes.count else { throw failure("it ends too early") }
        guard depth < OrderedJSON.maxDepth else { throw failure("it is nested more than \(OrderedJSON.maxDepth) deep") }
        switch bytes[place] {
        case UInt8(ascii: "{"): return try object(depth)
        case UInt8(ascii: "["): return try array(depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        skipSpace()
        guard place < bytes.count, bytes[place] == byte else { return false }
        place += 1
        return true
    }

    private mutating func object(_ depth: Int) throws(DecoderError) -> OrderedJSON {
        place += 1
        var members: [(key: String, value: OrderedJSON)] = []
        if take(UInt8(ascii: "}")) { return .object([]) }
        repeat {
            skipSpace()
            guard place < bytes.count, bytes[place] == UInt8(ascii: "\"") else { throw failure("a key is missing") }
            let key = try string()
            guard take(UInt8(ascii: ":")) else { throw failure("a colon is missing") }
            let value = try value(depth: depth + 1)
            members.removeAll { $0.key == key }
            members.append((key, value))
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { throw failure("an object does not end") }
        return .object(members)
    }

    private mutating func array(_ depth: Int) throws(DecoderError) -> OrderedJSON {
        place += 1
        var items: [OrderedJSON] = []
        if take(UInt8(ascii: "]")) { return .array([]) }
        repeat { items.append(try value(depth: depth + 1)) } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw failure("an array does not end") }
        return .array(items)
    }

    private mutating func word(_ word: String, _ value: OrderedJSON) throws(DecoderError) -> OrderedJSON {
        guard bytes[place...].starts(with: word.utf8) else { throw failure("an unknown word") }
        place += word.utf8.count
        return value
    }

    private mutating func number() throws(DecoderError) -> OrderedJSON {
        let start = place
        while place < bytes.count, "+-.eE0123456789".utf8.contains(bytes[place]) { place += 1 }
        let text = String(decoding: bytes[start..<place], as: UTF8.self)
        guard let value = Double(text), value.isFinite, bytes[start] != UInt8(ascii: "+") else {
            throw failure("an unknown value")
        }
        return .number(text)
    }

    private mutating func string() throws(DecoderError) -> String {
        place += 1
        var result: [UInt8] = []
        while place < bytes.count {
            let byte = bytes[place]
            place += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: result, as: UTF8.self) else {
                    throw failure("a string is not UTF-8")
                }
                return text
            case UInt8(ascii: "\\"): result += try escape()
            case 0..<0x20: throw failure("a control character in a string")
            default: result.append(byte)
            }
        }
        throw failure("a string does not end")
    }

    private mutating func escape() throws(DecoderError) -> [UInt8] {
        guard place < bytes.count else { throw failure("a string does not end") }
        let byte = bytes[place]
        place += 1
        switch byte {
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "u"):
            var unit = try hexUnit()
            if (0xD800..<0xDC00).contains(unit), bytes[place...].starts(with: "\\u".utf8) {
                place += 2
                let low = try hexUnit()
                guard (0xDC00..<0xE000).contains(low) else { throw failure("half of a surrogate pair") }
                unit = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(unit) else { throw failure("half of a surrogate pair") }
            return Array(String(scalar).utf8)
        default: throw failure("an unknown escape")
        }
    }

    private mutating func hexUnit() throws(DecoderError) -> UInt32 {
        let digits = bytes[place...].prefix(4)
        guard digits.count == 4, let unit = UInt32(String(decoding: digits, as: UTF8.self), radix: 16) else {
            throw failure("an unknown escape")
        }
        place += 4
        return unit
    }
}
