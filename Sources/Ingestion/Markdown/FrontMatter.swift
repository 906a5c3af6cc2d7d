import Storage

/// The `---` block at the start of a Markdown file: `key: value` lines, lists, quoted strings.
///
/// Reads the flat part of YAML that front matter is written in; anything deeper is left alone.
struct FrontMatter {
    /// The values by key, lower-cased.
    private(set) var values: [String: JSONValue] = [:]
    /// The line after the block; 0 if there is none.
    private(set) var end = 0

    /// A front matter longer than this is none.
    private static let mostLines = 500

    /// Reads the front matter of a file's lines.
    init(_ lines: [ArraySlice<UInt8>]) {
        guard let first = lines.first, Self.isFence(first) else { return }
        guard
            let close = lines.dropFirst().prefix(Self.mostLines).firstIndex(where: {
                Self.isFence($0) || Self.isEnd($0)
            })
        else { return }
        var key: String?
        for line in lines[1..<close] {
            let text = String(decoding: line, as: UTF8.self)
            let bare = text.trimmingWhitespace()
            if bare.isEmpty || bare.hasPrefix("#") { continue }
            if bare.hasPrefix("- "), let key {
                var list: [JSONValue] = []
                if case .array(let known) = values[key] { list = known }
                list.append(Self.scalar(String(bare.dropFirst(2))))
                values[key] = .array(list)
                continue
            }
            guard let colon = text.firstIndex(of: ":"), text.first?.isWhitespace == false else { continue }
            let name = text[..<colon].trimmingWhitespace().lowercased()
            let rest = text[text.index(after: colon)...].trimmingWhitespace()
            // A sentence with a colon between two rules is no front matter.
            guard !name.isEmpty, name.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" || $0 == "." })
            else {
                values = [:]
                return
            }
            key = name
            if !rest.isEmpty { values[name] = Self.value(rest) }
        }
        if !values.isEmpty || close == 1 { end = close + 1 }
    }

    private static func isFence(_ line: ArraySlice<UInt8>) -> Bool { line.trimmed.elementsEqual("---".utf8) }
    private static func isEnd(_ line: ArraySlice<UInt8>) -> Bool { line.elementsEqual("...".utf8) }

    private static func value(_ text: String) -> JSONValue {
        guard text.hasPrefix("["), text.hasSuffix("]") else { return scalar(text) }
        return .array(text.dropFirst().dropLast().split(separator: ",").map { scalar($0.trimmingWhitespace()) })
    }

    private static func scalar(_ text: String) -> JSONValue {
        for quote in ["\"", "'"] where text.count >= 2 && text.hasPrefix(quote) && text.hasSuffix(quote) {
            return .string(String(text.dropFirst().dropLast()))
        }
        switch text {
        case "true": return .bool(true)
        case "false": return .bool(false)
        case "null", "~": return .null
        default: break
        }
        if let integer = Int64(text) { return .int(integer) }
        if let number = Double(text), number.isFinite { return .number(number) }
        return .string(text)
    }
}
