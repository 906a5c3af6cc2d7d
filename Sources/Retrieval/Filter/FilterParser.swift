import Storage

/// Turns a filter's JSON into a ``Condition``, or says where it is wrong.
struct FilterParser {
    static let operators = "$eq, $ne, $gt, $gte, $lt, $lte, $in, $nin, $exists, $not"
    private var conditionCount = 0

    /// A filter object: fields and combinators, all of which must hold.
    mutating func filter(_ json: JSONValue, at path: String, depth: Int) throws(RetrievalError) -> Condition {
        guard depth <= MetadataFilter.maximumDepth else {
            throw .invalidFilter(path: path, reason: "it nests deeper than \(MetadataFilter.maximumDepth) levels")
        }
        guard case .object(let members) = json else {
            throw .invalidFilter(path: path, reason: "a filter is an object, this is \(json.kindName)")
        }
        var conditions: [Condition] = []
        // Sorted, so that equal filters are equal values whatever the order of their members.
        for (key, value) in members.sorted(by: { $0.key < $1.key }) {
            let place = path + "." + key
            switch key {
            case "$and": conditions.append(.all(try list(value, at: place, depth: depth)))
            case "$or": conditions.append(.any(try list(value, at: place, depth: depth)))
            case "$not": conditions.append(.not(try filter(value, at: place, depth: depth + 1)))
            default:
                guard !key.hasPrefix("$") else {
                    throw .invalidFilter(
                        path: place,
                        reason: "'\(key)' does not stand here: use $and, $or or $not, or put it below a field")
                }
                conditions.append(try field(key, value, at: place, depth: depth))
            }
        }
        return conditions.count == 1 ? conditions[0] : .all(conditions)
    }

    private mutating func list(
        _ json: JSONValue, at path: String, depth: Int
    ) throws(RetrievalError) -> [Condition] {
        guard case .array(let elements) = json, !elements.isEmpty else {
            throw .invalidFilter(path: path, reason: "it takes a list of at least one filter")
        }
        var conditions: [Condition] = []
        for (index, element) in elements.enumerated() {
            conditions.append(try filter(element, at: "\(path)[\(index)]", depth: depth + 1))
        }
        return conditions
    }

    /// What stands at a field: a value to equal, or an object of operators.
    private mutating func field(
        _ name: String, _ json: JSONValue, at path: String, depth: Int
    ) throws(RetrievalError) -> Condition {
        guard depth <= MetadataFilter.maximumDepth else {
            throw .invalidFilter(path: path, reason: "it nests deeper than \(MetadataFilter.maximumDepth) levels")
        }
        guard case .object(let members) = json else {
            try count(at: path)
            return .equals(field: name, try scalar(json, at: path))
        }
        guard !members.isEmpty else { throw .invalidFilter(path: path, reason: "it holds no operator") }
        var conditions: [Condition] = []
        for (key, value) in members.sorted(by: { $0.key < $1.key }) {
            let place = path + "." + key
            try count(at: place)
            conditions.append(try operation(key, value, on: name, at: place, depth: depth))
        }
        return conditions.count == 1 ? conditions[0] : .all(conditions)
    }

    private mutating func operation(
        _ key: String, _ value: JSONValue, on name: String, at path: String, depth: Int
    ) throws(RetrievalError) -> Condition {
        switch key {
        case "$eq": return .equals(field: name, try scalar(value, at: path))
        case "$ne": return .not(.equals(field: name, try scalar(value, at: path)))
        case "$gt": return .compares(field: name, .greater, try comparable(value, at: path))
        case "$gte": return .compares(field: name, .greaterOrEqual, try comparable(value, at: path))
        case "$lt": return .compares(field: name, .less, try comparable(value, at: path))
        case "$lte": return .compares(field: name, .lessOrEqual, try comparable(value, at: path))
        case "$in": return .isIn(field: name, try values(value, at: path))
        case "$nin": return .not(.isIn(field: name, try values(value, at: path)))
        case "$exists":
            guard case .bool(let wanted) = value else {
                throw .invalidFilter(path: path, reason: "it takes true or false, this is \(value.kindName)")
            }
            return wanted ? .exists(field: name) : .not(.exists(field: name))
        case "$not": return .not(try field(name, value, at: path, depth: depth + 1))
        default:
            let hint =
                key.hasPrefix("$")
                ? "'\(key)' is not an operator: use \(Self.operators)"
                : "an object holds operators (\(Self.operators)); write a field of an object as \"\(name).\(key)\""
            throw .invalidFilter(path: path, reason: hint)
        }
    }

    private func scalar(_ json: JSONValue, at path: String) throws(RetrievalError) -> JSONValue {
        switch json {
        case .array, .object:
            throw .invalidFilter(
                path: path, reason: "it takes a string, number, boolean or null, this is \(json.kindName)")
        default: return json.canonical
        }
    }

    private func comparable(_ json: JSONValue, at path: String) throws(RetrievalError) -> JSONValue {
        switch json {
        case .int, .number, .string: return json
        default: throw .invalidFilter(path: path, reason: "it takes a number or a string, this is \(json.kindName)")
        }
    }

    private func values(_ json: JSONValue, at path: String) throws(RetrievalError) -> Set<JSONValue> {
        guard case .array(let elements) = json else {
            throw .invalidFilter(path: path, reason: "it takes a list, this is \(json.kindName)")
        }
        guard elements.count <= MetadataFilter.maximumListCount else {
            throw .invalidFilter(
                path: path, reason: "it lists \(elements.count) values, the most is \(MetadataFilter.maximumListCount)")
        }
        var values: Set<JSONValue> = []
        for (index, element) in elements.enumerated() { values.insert(try scalar(element, at: "\(path)[\(index)]")) }
        return values
    }

    private mutating func count(at path: String) throws(RetrievalError) {
        conditionCount += 1
        guard conditionCount <= MetadataFilter.maximumConditionCount else {
            throw .invalidFilter(
                path: path, reason: "the filter has more than \(MetadataFilter.maximumConditionCount) conditions")
        }
    }
}
