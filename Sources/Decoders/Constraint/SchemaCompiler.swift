/// Turns a JSON schema into rules; what it can't turn into some is refused by name.
///
/// Properties are written in the order the schema lists them; those that `required` doesn't name may be left out. Where
/// `additionalProperties` allows more, none is written beside listed properties. The alternatives of `oneOf` are taken as
/// those of `anyOf`.
///
/// Source: JSON Schema 2020-12, the Core and Validation vocabularies.
struct SchemaCompiler {
    private static let annotations: Set<String> = [
        "title", "description", "default", "examples", "example", "$schema", "$id", "$comment", "$defs", "definitions",
        "deprecated", "readOnly", "writeOnly",
    ]
    private static let byType: [String: Set<String>] = [
        "object": ["properties", "required", "additionalProperties"], "array": ["items", "minItems", "maxItems"],
        "string": ["minLength", "maxLength", "pattern", "format"], "integer": ["minimum", "maximum"], "number": [],
        "boolean": [], "null": [],
    ]
    private static let alternatives: Set<String> = ["anyOf", "oneOf", "allOf", "enum", "const", "$ref", "type"]
    /// The most properties of an object.
    private static let maxPropertyCount = 256
    /// The greatest `maxLength`, `maxItems` and their like.
    private static let maxCount = 100_000

    private let root: OrderedJSON
    private var rules: [ConstraintRule] = []
    private var references: [String: Int] = [:]
    private var anything: Int?

    init(root: OrderedJSON) {
        self.root = root
    }

    /// The rules; the first one is the schema's.
    mutating func compile() throws(DecoderError) -> [ConstraintRule] {
        references["#"] = 0
        rules = [.empty]
        rules[0] = try rule(root, "#")
        return rules
    }

    private mutating func rule(_ schema: OrderedJSON, _ path: String) throws(DecoderError) -> ConstraintRule {
        let members: [(key: String, value: OrderedJSON)]
        switch schema {
        case .bool(true): return anyValue()
        case .bool(false): throw failure(path, "it is false, which nothing satisfies")
        case .object(let list): members = list
        default: throw failure(path, "it is neither an object nor true or false")
        }
        let keys = Set(members.map(\.key)).subtracting(Self.annotations)
        if keys.isEmpty { return anyValue() }
        for key in ["$ref", "anyOf", "oneOf", "allOf"] where keys.contains(key) {
            guard keys.count == 1 else {
                throw failure(path, "\(key) stands beside \(keys.subtracting([key]).sorted().joined(separator: ", "))")
            }
        }
        if let reference = schema["$ref"] { return .call(try target(of: reference, path)) }
        for key in ["anyOf", "oneOf", "allOf"] {
            guard let list = schema[key] else { continue }
            guard case .array(let options) = list, !options.isEmpty else { throw failure(path, "\(key) lists nothing") }
            guard key != "allOf" || options.count == 1 else {
                throw failure(path, "allOf of several schemas is not supported; write one schema")
            }
            var parts: [ConstraintRule] = []
            for (index, option) in options.enumerated() { parts.append(try rule(option, "\(path)/\(key)/\(index)")) }
            return .choice(parts)
        }
        return try typed(schema, keys, path)
    }

    /// A schema with `type`, `enum` or `const`.
    private mutating func typed(
        _ schema: OrderedJSON, _ keys: Set<String>, _ path: String
    ) throws(DecoderError) -> ConstraintRule {
        let anywhere = Self.byType.values.reduce(Self.alternatives) { $0.union($1) }
        if let key = keys.subtracting(anywhere).min() { throw failure(path, "'\(key)' is not supported") }
        let types = try types(of: schema, keys, path)
        let known = types.reduce(into: Self.alternatives) { $0.formUnion(Self.byType[$1] ?? []) }
        if let key = keys.subtracting(known).min() {
            throw failure(path, "'\(key)' is not supported here; leave it out")
        }
        var values: [OrderedJSON]?
        if let const = schema["const"] { values = [const] }
        if let list = schema["enum"] {
            guard case .array(let items) = list, !items.isEmpty else { throw failure(path, "enum lists nothing") }
            values = values == nil ? items : items.filter { values?.contains($0) == true }
        }
        if let values {
            let others = keys.subtracting(["const", "enum", "type"])
            if let key = others.min() { throw failure(path, "'\(key)' beside enum or const is not supported") }
            let fitting = schema["type"] == nil ? values : values.filter { value in types.contains { value.isA($0) } }
            guard !fitting.isEmpty else { throw failure(path, "none of the values of enum or const fits") }
            return .choice(fitting.map { .text($0.text) })
        }
        var parts: [ConstraintRule] = []
        for type in types { parts.append(try rule(ofType: type, schema, path)) }
        return .choice(parts)
    }

    private func types(of schema: OrderedJSON, _ keys: Set<String>, _ path: String) throws(DecoderError) -> [String] {
        var names: [String] = []
        switch schema["type"] {
        case .string(let name): names = [name]
        case .array(let list):
            for case .string(let name) in list { names.append(name) }
            guard names.count == list.count, !names.isEmpty else { throw failure(path, "type lists no names") }
        case nil:
            if keys.contains("enum") || keys.contains("const") { return Self.byType.keys.sorted() }
            // Keywords that belong to one type alone stand for it: what is meant by them is clear.
            names = Self.byType.filter { !$0.value.isDisjoint(with: keys) }.map(\.key)
            guard names.count == 1 else { throw failure(path, "it has no type, and its keywords name none") }
        default: throw failure(path, "type is neither a name nor a list of names")
        }
        for name in names where Self.byType[name] == nil { throw failure(path, "the type '\(name)' does not exist") }
        return names
    }

    private mutating func rule(
        ofType type: String, _ schema: OrderedJSON, _ path: String
    ) throws(DecoderError) -> ConstraintRule {
        switch type {
        case "object": return try object(schema, path)
        case "array":
            let (min, max) = try bounds(schema, "minItems", "maxItems", path)
            let item = try schema["items"].map { items throws(DecoderError) in try rule(items, path + "/items") }
            return .sequence([.text("["), JSONRules.list(item ?? anyValue(), min: min, max: max), .text("]")])
        case "string": return try string(schema, path)
        case "integer": return try integer(schema, path)
        case "number": return JSONRules.number
        case "boolean": return JSONRules.boolean
        default: return JSONRules.null
        }
    }

    private mutating func object(_ schema: OrderedJSON, _ path: String) throws(DecoderError) -> ConstraintRule {
        var properties: [(key: String, value: OrderedJSON)] = []
        if let listed = schema["properties"] {
            guard case .object(let members) = listed else { throw failure(path, "properties is not an object") }
            properties = members
        }
        guard properties.count <= Self.maxPropertyCount else {
            throw failure(path, "it has more than \(Self.maxPropertyCount) properties")
        }
        var required: Set<String> = []
        if let listed = schema["required"] {
            guard case .array(let names) = listed else { throw failure(path, "required is not a list") }
            for case .string(let name) in names { required.insert(name) }
        }
        if let missing = required.subtracting(properties.map(\.key)).min() {
            throw failure(path, "'\(missing)' is required but not among the properties")
        }
        guard !properties.isEmpty else { return try freeObject(schema, path) }
        var members: [(rule: ConstraintRule, isRequired: Bool)] = []
        for (key, value) in properties {
            let place = rules.count
            // A rule of its own, as it may stand in several places of the program.
            rules.append(.empty)
            rules[place] = try rule(value, "\(path)/properties/\(key)")
            members.append(
                (.sequence([.text(OrderedJSON.quoted(key)), JSONRules.colon, .call(place)]), required.contains(key)))
        }
        return .sequence([.text("{"), Self.members(members), .text("}")])
    }

    /// Properties in their order, each of those that aren't required left out or not, with commas between.
    private static func members(_ members: [(rule: ConstraintRule, isRequired: Bool)]) -> ConstraintRule {
        func rest(after first: Int) -> [ConstraintRule] {
            members[(first + 1)...].map { member in
                let rule = ConstraintRule.sequence([JSONRules.comma, member.rule])
                return member.isRequired ? rule : .optional(rule)
            }
        }
        var choices: [ConstraintRule] = []
        for (index, member) in members.enumerated() {
            choices.append(.sequence([member.rule] + rest(after: index)))
            if member.isRequired { return .choice(choices) }
        }
        return .choice(choices + [.empty])
    }

    /// An object without listed properties: none, or any with values of one kind.
    private mutating func freeObject(_ schema: OrderedJSON, _ path: String) throws(DecoderError) -> ConstraintRule {
        let value: ConstraintRule
        switch schema["additionalProperties"] {
        case .bool(false): return .text("{}")
        case .bool(true), nil: value = anyValue()
        case .some(let other): value = try rule(other, path + "/additionalProperties")
        }
        let member = ConstraintRule.sequence([JSONRules.string(), JSONRules.colon, value])
        return .sequence([.text("{"), JSONRules.list(member, min: 0, max: nil), .text("}")])
    }

    private func string(_ schema: OrderedJSON, _ path: String) throws(DecoderError) -> ConstraintRule {
        let (min, max) = try bounds(schema, "minLength", "maxLength", path)
        var pattern: String?
        if let asked = schema["pattern"] {
            guard case .string(let text) = asked else { throw failure(path, "pattern is not a text") }
            pattern = text
        }
        if let asked = schema["format"] {
            guard case .string(let name) = asked, let known = PatternCompiler.formats[name] else {
                let names = PatternCompiler.formats.keys.sorted().joined(separator: ", ")
                throw failure(path, "this format is not supported; use one of \(names)")
            }
            guard pattern == nil else { throw failure(path, "format beside pattern is not supported") }
            pattern = known
        }
        guard let pattern else { return JSONRules.string(min: min, max: max) }
        guard min == 0, max == nil else {
            throw failure(path, "a length beside pattern or format is not supported; put it into the pattern")
        }
        var compiler = PatternCompiler(pattern)
        do throws(PatternCompiler.Failure) {
            return .sequence([.text("\""), try compiler.compile(), .text("\"")])
        } catch {
            throw failure(path, "the pattern can't be used: \(error.reason)")
        }
    }

    private func integer(_ schema: OrderedJSON, _ path: String) throws(DecoderError) -> ConstraintRule {
        func bound(_ key: String) throws(DecoderError) -> Int? {
            guard let value = schema[key] else { return nil }
            guard case .number(let text) = value, let number = Double(text), let bound = Int(exactly: number),
                abs(bound) <= IntegerRange.limit
            else { throw failure(path, "\(key) is no whole number up to \(IntegerRange.limit)") }
            return bound
        }
        let (low, high) = (try bound("minimum"), try bound("maximum"))
        guard low != nil || high != nil else { return JSONRules.integer }
        let range = (low: low ?? -IntegerRange.limit, high: high ?? IntegerRange.limit)
        guard range.low <= range.high else { throw failure(path, "minimum is greater than maximum") }
        return IntegerRange.rule(range.low, range.high)
    }

    private func bounds(
        _ schema: OrderedJSON, _ low: String, _ high: String, _ path: String
    ) throws(DecoderError) -> (min: Int, max: Int?) {
        func count(_ key: String) throws(DecoderError) -> Int? {
            guard let value = schema[key] else { return nil }
            guard case .number(let text) = value, let number = Double(text), let count = Int(exactly: number),
                (0...Self.maxCount).contains(count)
            else { throw failure(path, "\(key) is no whole number from 0 to \(Self.maxCount)") }
            return count
        }
        let (min, max) = (try count(low) ?? 0, try count(high))
        if let max, max < min { throw failure(path, "\(low) is greater than \(high)") }
        return (min, max)
    }

    /// The rule that a `$ref` calls.
    private mutating func target(of reference: OrderedJSON, _ path: String) throws(DecoderError) -> Int {
        guard case .string(let pointer) = reference, pointer.hasPrefix("#") else {
            throw failure(path, "$ref has to point into this schema: #/$defs/…")
        }
        if let known = references[pointer] { return known }
        var schema = root
        for part in pointer.dropFirst().split(separator: "/", omittingEmptySubsequences: true) {
            let key = String(part).replacing("~1", with: "/").replacing("~0", with: "~")
            guard let next = schema[key] else { throw failure(path, "$ref points at '\(pointer)', which is not there") }
            schema = next
        }
        let place = rules.count
        references[pointer] = place
        rules.append(.empty)
        rules[place] = try rule(schema, pointer)
        return place
    }

    private mutating func anyValue() -> ConstraintRule {
        if let anything { return .call(anything) }
        let place = rules.count
        anything = place
        let free = JSONRules.anything(value: place, object: place + 1)
        rules += [free.value, free.object]
        return .call(place)
    }

    private func failure(_ path: String, _ reason: String) -> DecoderError {
        .invalidSchema(path: path, reason: reason)
    }
}

extension OrderedJSON {
    /// Whether the value is of a JSON Schema type.
    fileprivate func isA(_ type: String) -> Bool {
        switch self {
        case .null: type == "null"
        case .bool: type == "boolean"
        case .number(let text): type == "number" || type == "integer" && Double(text).map { $0 == $0.rounded() } == true
        case .string: type == "string"
        case .array: type == "array"
        case .object: type == "object"
        }
    }
}
