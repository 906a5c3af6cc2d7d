import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// JSON in and out of the server: UTF-8, snake_case through each type's coding keys, ISO 8601 dates.
enum JSONWire {
    /// An encoder with sorted keys, so that equal answers are equal bytes.
    static func encoder() -> JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        return encoder
    }

    /// A response with `value` as its body.
    static func response(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        let data = try encoder().encode(value)
        return Response(
            status: status, headers: [.contentType: "application/json; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: data)))
    }

    /// Reads a request's JSON body.
    /// - Throws: `HTTPFailure` 400 that says which field is wrong and how, or 413.
    static func decode<Value: Decodable>(
        _ type: Value.Type, from request: Request, limit: Int
    ) async throws -> Value {
        let body = try await bytes(of: request, limit: limit)
        do {
            return try JSONDecoder().decode(type, from: Data(body))
        } catch let error as DecodingError {
            throw HTTPFailure(.badRequest, "invalid_json", describe(error))
        }
    }

    /// Collects a request's body.
    /// - Throws: `HTTPFailure` 413 when it is longer than `limit` bytes.
    static func bytes(of request: Request, limit: Int) async throws -> [UInt8] {
        if let text = request.headers[.contentLength], let length = Int(text), length > limit {
            throw tooLarge(limit)
        }
        var collected: [UInt8] = []
        for try await var buffer in request.body {
            guard collected.count + buffer.readableBytes <= limit else { throw tooLarge(limit) }
            collected.append(contentsOf: buffer.readBytes(length: buffer.readableBytes) ?? [])
        }
        return collected
    }

    private static func tooLarge(_ limit: Int) -> HTTPFailure {
        HTTPFailure(.contentTooLarge, "body_too_large", "the body is larger than \(limit) bytes: send less at once")
    }

    /// What a client needs to mend its JSON.
    static func describe(_ error: DecodingError) -> String {
        func path(_ context: DecodingError.Context, _ last: (any CodingKey)? = nil) -> String {
            let keys = context.codingPath + (last.map { [$0] } ?? [])
            return keys.map { key in key.intValue.map { "[\($0)]" } ?? ".\(key.stringValue)" }.joined()
                .trimmingPrefix(".").description
        }
        switch error {
        case .keyNotFound(let key, let context): return "the field '\(path(context, key))' is missing"
        case .typeMismatch(let type, let context):
            let place = context.codingPath.isEmpty ? "the body" : "the field '\(path(context))'"
            return "\(place) must be \(name(of: type))"
        case .valueNotFound(let type, let context):
            return "the field '\(path(context))' is null and must be \(name(of: type))"
        case .dataCorrupted(let context):
            if !context.codingPath.isEmpty {
                return "the field '\(path(context))' can't be used: \(context.debugDescription)"
            }
            return "the body is not valid JSON"
        @unknown default: return "the body can't be read"
        }
    }

    private static func name(of type: any Any.Type) -> String {
        switch type {
        case is String.Type: "a string"
        case is Bool.Type: "true or false"
        case is any BinaryInteger.Type: "a whole number"
        case is any BinaryFloatingPoint.Type: "a number"
        case is [Any].Type: "an array"
        default: "\(type)".hasPrefix("Array") ? "an array" : "an object"
        }
    }
}
