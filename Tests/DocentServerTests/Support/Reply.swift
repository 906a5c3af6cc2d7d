import CurlClient
import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import Storage

/// A response as tests look at it.
struct Reply {
    let status: Int
    let headers: HTTPFields
    let bytes: [UInt8]

    init(_ response: TestResponse) {
        status = response.status.code
        headers = response.headers
        bytes = Array(response.body.readableBytesView)
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The body as JSON; null when it isn't.
    var json: JSONValue { (try? JSONDecoder().decode(JSONValue.self, from: Data(bytes))) ?? .null }

    /// The `code` of an error body, nil when the body isn't exactly `{"error": {"code", "message", "request_id"}}` with
    /// the id that is in the header too.
    var errorCode: String? {
        guard case .object(let body) = json, body.count == 1, case .object(let error) = body["error"],
            error.keys.sorted() == ["code", "message", "request_id"],
            let id = error["request_id"]?.stringValue, !id.isEmpty, headers[.requestID] == id,
            headers[.contentType] == "application/json; charset=utf-8"
        else { return nil }
        return error["code"]?.stringValue
    }

    /// The chunks of an OpenAI-compatible stream; nil unless it ends with `[DONE]` and its events have no names.
    var chunks: [JSONValue]? {
        var parser = EventStreamParser()
        guard let events = try? parser.append(bytes), events.last?.data == "[DONE]" else { return nil }
        let chunks = events.dropLast().map { event in
            (try? JSONDecoder().decode(JSONValue.self, from: Data(event.data.utf8))) ?? .null
        }
        return events.allSatisfy { $0.name == "message" } ? chunks : nil
    }

    /// The message of an error body.
    var errorMessage: String { json["error"]["message"].stringValue ?? "" }

    /// The events of a stream, with their data as JSON.
    var events: [(name: String, data: JSONValue)] {
        var parser = EventStreamParser()
        guard let events = try? parser.append(bytes) else { return [] }
        return events.map { event in
            (event.name, (try? JSONDecoder().decode(JSONValue.self, from: Data(event.data.utf8))) ?? .null)
        }
    }
}

extension HTTPField.Name {
    static var requestID: Self { HTTPField.Name("X-Request-Id") ?? .server }
}

extension JSONValue {
    /// The value of a key, null where there is none.
    subscript(key: String) -> JSONValue {
        if case .object(let values) = self { return values[key] ?? .null }
        return .null
    }

    /// The element at a place, null where there is none.
    subscript(index: Int) -> JSONValue {
        if case .array(let values) = self, values.indices.contains(index) { return values[index] }
        return .null
    }

    /// The elements of an array.
    var elements: [JSONValue] {
        if case .array(let values) = self { return values }
        return []
    }

    /// The keys of an object, sorted.
    var keys: [String] {
        if case .object(let values) = self { return values.keys.sorted() }
        return []
    }

    var intValue: Int? { doubleValue.map { Int($0) } }
}
