import Storage

extension Condition {
    func matches(_ metadata: [String: JSONValue]) -> Bool {
        switch self {
        case .all(let conditions): conditions.allSatisfy { $0.matches(metadata) }
        case .any(let conditions): conditions.contains { $0.matches(metadata) }
        case .not(let condition): !condition.matches(metadata)
        case .equals(let field, let value): Self.holds(metadata, field) { $0.canonical == value }
        case .isIn(let field, let values): Self.holds(metadata, field) { values.contains($0.canonical) }
        case .compares(let field, let comparison, let value):
            Self.holds(metadata, field) { comparison.holds($0, value) }
        case .exists(let field): Self.value(of: field, in: metadata) != .null
        }
    }

    /// Whether `test` holds for the field's value, or for some element of it when it is an array.
    private static func holds(
        _ metadata: [String: JSONValue], _ field: String, _ test: (JSONValue) -> Bool
    ) -> Bool {
        let value = value(of: field, in: metadata)
        if case .array(let elements) = value { return elements.contains(where: test) }
        return test(value)
    }

    /// The field's value, null when it is absent; a field of just that name goes before a path into objects.
    private static func value(of field: String, in metadata: [String: JSONValue]) -> JSONValue {
        if let value = metadata[field] { return value }
        guard field.contains(".") else { return .null }
        var current = JSONValue.object(metadata)
        for part in field.split(separator: ".", omittingEmptySubsequences: false) {
            guard case .object(let members) = current, let next = members[String(part)] else { return .null }
            current = next
        }
        return current
    }
}

extension Condition.Comparison {
    func holds(_ value: JSONValue, _ bound: JSONValue) -> Bool {
        switch (value, bound) {
        case (.int(let value), .int(let bound)): compare(value, bound)
        case (.string(let value), .string(let bound)):
            // By code points, the same everywhere; Swift's own order depends on normalisation.
            compare(value, bound) { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
        default:
            if let value = value.doubleValue, let bound = bound.doubleValue { compare(value, bound) } else { false }
        }
    }

    private func compare<Value: Comparable>(_ value: Value, _ bound: Value) -> Bool {
        compare(value, bound, by: <)
    }

    private func compare<Value>(_ value: Value, _ bound: Value, by precedes: (Value, Value) -> Bool) -> Bool {
        switch self {
        case .less: precedes(value, bound)
        case .lessOrEqual: !precedes(bound, value)
        case .greater: precedes(bound, value)
        case .greaterOrEqual: !precedes(value, bound)
        }
    }
}

extension JSONValue {
    /// Equal numbers in one form: a whole `number` becomes an `int`.
    var canonical: JSONValue {
        guard case .number(let value) = self, let whole = Int64(exactly: value) else { return self }
        return .int(whole)
    }
}
