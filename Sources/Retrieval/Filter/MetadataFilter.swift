import Foundation
public import Storage

/// A condition on a document's metadata, in the operators Chroma and Pinecone share.
///
/// | form | holds when the field |
/// |---|---|
/// | `{"f": v}`, `{"f": {"$eq": v}}` | equals v; an array: has v among its elements; v null: is absent or null |
/// | `$ne`, `$nin` | is not so: absent fields pass |
/// | `$gt`, `$gte`, `$lt`, `$lte` | compares with a number, or with a string by code points (ISO dates order well) |
/// | `$in` | equals one of the values |
/// | `$exists` | is there and not null (`true`), or not (`false`) |
/// | `$and`, `$or`, `$not` | combine filters |
///
/// Several fields, or several operators on one field, must all hold. On an array a comparison holds when it holds for
/// some element. Values of different kinds are unequal and incomparable; 1 equals 1.0. `"a.b"` reaches into an object
/// when there is no field of just that name.
public struct MetadataFilter: Sendable, Hashable {
    /// The deepest nesting of `$and`, `$or` and `$not`.
    public static let maximumDepth = 16
    /// The most conditions in one filter.
    public static let maximumConditionCount = 1_000
    /// The most values in one `$in` or `$nin`.
    public static let maximumListCount = 10_000

    let condition: Condition

    /// Reads a filter from its JSON form.
    /// - Throws: ``RetrievalError/invalidFilter(path:reason:)`` naming the operator and where it stands.
    public init(json: JSONValue) throws(RetrievalError) {
        var parser = FilterParser()
        condition = try parser.filter(json, at: "$", depth: 1)
    }

    /// Reads a filter from JSON text, as it is given on the command line.
    /// - Throws: ``RetrievalError/invalidFilter(path:reason:)``, also for text that is not JSON.
    public init(text: String) throws(RetrievalError) {
        guard let json = try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)) else {
            throw .invalidFilter(path: "$", reason: "it is not valid JSON")
        }
        try self.init(json: json)
    }

    /// Whether a document with this metadata passes.
    public func matches(_ metadata: [String: JSONValue]) -> Bool { condition.matches(metadata) }
}

/// The checked form of a filter.
indirect enum Condition: Sendable, Hashable {
    case all([Condition])
    case any([Condition])
    case not(Condition)
    case equals(field: String, JSONValue)
    case isIn(field: String, Set<JSONValue>)
    case compares(field: String, Comparison, JSONValue)
    case exists(field: String)

    enum Comparison: Sendable, Hashable {
        case less
        case lessOrEqual
        case greater
        case greaterOrEqual
    }
}
