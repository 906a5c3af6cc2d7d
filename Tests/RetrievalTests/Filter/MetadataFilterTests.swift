import Foundation
import Retrieval
import Storage
import Testing

struct MetadataFilterTests {
    static let metadata: [String: JSONValue] = [
        "lang": "en", "year": 2024, "price": 9.5, "draft": false, "tags": ["red", "blue"], "sizes": [1, 5],
        "date": "2024-03-01", "author": ["name": "Ada", "langs": ["de"]], "nothing": nil, "a.b": "plain",
        "a": ["b": "nested"],
    ]

    @Test(
        "each operator means what Chroma and Pinecone mean by it",
        arguments: [
            (#"{}"#, true),
            (#"{"lang": "en"}"#, true), (#"{"lang": "de"}"#, false), (#"{"lang": {"$eq": "en"}}"#, true),
            (#"{"year": 2024}"#, true), (#"{"year": 2024.0}"#, true), (#"{"year": "2024"}"#, false),
            (#"{"draft": false}"#, true), (#"{"draft": 0}"#, false),
            (#"{"year": {"$gte": 2024}}"#, true), (#"{"year": {"$gt": 2024}}"#, false),
            (#"{"year": {"$lt": 2024.5}}"#, true), (#"{"year": {"$lte": 2023}}"#, false),
            (#"{"year": {"$gt": 2020, "$lt": 2024}}"#, false), (#"{"year": {"$gt": 2020, "$lt": 2025}}"#, true),
            (#"{"price": {"$gt": 9}}"#, true), (#"{"lang": {"$gt": 1}}"#, false),
            (#"{"date": {"$gte": "2024-01-01", "$lt": "2025-01-01"}}"#, true), (#"{"date": {"$lt": "2024"}}"#, false),
            (#"{"lang": {"$ne": "de"}}"#, true), (#"{"lang": {"$ne": "en"}}"#, false), (#"{"gone": {"$ne": 1}}"#, true),
            (#"{"lang": {"$in": ["de", "en"]}}"#, true), (#"{"lang": {"$in": []}}"#, false),
            (#"{"year": {"$in": [2024.0]}}"#, true), (#"{"gone": {"$in": ["x"]}}"#, false),
            (#"{"lang": {"$nin": ["de"]}}"#, true), (#"{"lang": {"$nin": ["en"]}}"#, false),
            (#"{"gone": {"$nin": ["x"]}}"#, true),
            (#"{"lang": {"$exists": true}}"#, true), (#"{"gone": {"$exists": true}}"#, false),
            (#"{"gone": {"$exists": false}}"#, true), (#"{"nothing": {"$exists": true}}"#, false),
            (#"{"gone": null}"#, true), (#"{"lang": null}"#, false), (#"{"lang": {"$ne": null}}"#, true),
            (#"{"tags": "red"}"#, true), (#"{"tags": "green"}"#, false), (#"{"tags": {"$ne": "red"}}"#, false),
            (#"{"tags": {"$ne": "green"}}"#, true), (#"{"tags": {"$in": ["green", "blue"]}}"#, true),
            (#"{"tags": {"$nin": ["green", "blue"]}}"#, false), (#"{"sizes": {"$gt": 4}}"#, true),
            (#"{"sizes": {"$gt": 5}}"#, false),
            (#"{"$and": [{"lang": "en"}, {"year": 2024}]}"#, true),
            (#"{"$and": [{"lang": "en"}, {"year": 1}]}"#, false),
            (#"{"$or": [{"lang": "de"}, {"year": 2024}]}"#, true), (#"{"$or": [{"lang": "de"}]}"#, false),
            (#"{"$not": {"lang": "de"}}"#, true), (#"{"$not": {"$or": [{"lang": "en"}, {"x": 1}]}}"#, false),
            (#"{"year": {"$not": {"$gt": 2030}}}"#, true), (#"{"lang": "en", "year": 1}"#, false),
            (#"{"author.name": "Ada"}"#, true), (#"{"author.langs": "de"}"#, true), (#"{"author.x.y": "de"}"#, false),
            (#"{"a.b": "plain"}"#, true), (#"{"a.b": "nested"}"#, false),
            (
                #"{"lang": "en", "year": {"$gte": 2024}, "$or": [{"team": {"$in": ["a"]}}, {"draft": {"$ne": true}}]}"#,
                true
            ),
        ])
    func semantics(text: String, matches: Bool) throws {
        #expect(try MetadataFilter(text: text).matches(Self.metadata) == matches)
    }

    @Test(
        "a wrong filter is refused with the operator and its place",
        arguments: [
            (#"{"year": {"$foo": 1}}"#, "$.year.$foo", "'$foo' is not an operator"),
            (#"{"$or": [{"a": 1}, {"b": {"$gt": true}}]}"#, "$.$or[1].b.$gt", "a boolean"),
            (#"{"$and": {}}"#, "$.$and", "list"), (#"{"$or": []}"#, "$.$or", "at least one"),
            (#"{"$gt": 3}"#, "$.$gt", "does not stand here"), (#"[]"#, "$", "an array"), (#"3"#, "$", "a number"),
            (#"{"a": {"$in": "x"}}"#, "$.a.$in", "a string"), (#"{"a": {"$in": [1, [2]]}}"#, "$.a.$in[1]", "an array"),
            (#"{"a": {"$exists": 1}}"#, "$.a.$exists", "true or false"), (#"{"a": {}}"#, "$.a", "no operator"),
            (#"{"a": {"b": 1}}"#, "$.a.b", "a.b"), (#"{"a": [1]}"#, "$.a", "an array"),
            (#"{"a": {"$not": {"$bad": 1}}}"#, "$.a.$not.$bad", "$bad"), (#"{"a": "#, "$", "not valid JSON"),
        ])
    func refusals(text: String, path: String, words: String) {
        #expect {
            _ = try MetadataFilter(text: text)
        } throws: {
            guard case .invalidFilter(path, let reason) = $0 as? RetrievalError else { return false }
            return reason.contains(words)
        }
    }

    @Test("depth, breadth and list length are bounded")
    func limits() throws {
        func nested(_ depth: Int) -> JSONValue { depth == 0 ? ["a": 1] : ["$not": nested(depth - 1)] }
        _ = try MetadataFilter(json: nested(MetadataFilter.maximumDepth - 1))
        #expect(throws: RetrievalError.self) { _ = try MetadataFilter(json: nested(MetadataFilter.maximumDepth)) }
        func wide(_ count: Int) -> JSONValue { ["$or": .array((0..<count).map { ["a": .int(Int64($0))] })] }
        _ = try MetadataFilter(json: wide(1000))
        #expect(throws: RetrievalError.self) { _ = try MetadataFilter(json: wide(1001)) }
        let list = JSONValue.array((0...10_000).map { .int(Int64($0)) })
        #expect(throws: RetrievalError.self) { _ = try MetadataFilter(json: ["a": ["$in": list]]) }
        let deep = String(repeating: #"{"$not":"#, count: 400) + "{}" + String(repeating: "}", count: 400)
        #expect(throws: RetrievalError.self) { _ = try MetadataFilter(text: deep) }
    }

    @Test("filters that say the same are equal, whatever the order of their members")
    func equality() throws {
        #expect(
            try MetadataFilter(text: #"{"a": 1, "b": {"$gt": 1, "$lt": 3}}"#)
                == MetadataFilter(text: #"{"b": {"$lt": 3, "$gt": 1}, "a": 1.0}"#))
    }
}
