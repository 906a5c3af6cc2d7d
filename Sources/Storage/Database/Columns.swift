import Foundation
import GRDB

/// How values stand in columns.
enum Columns {
    /// The greatest size of a document's metadata as JSON.
    static let maximumMetadataBytes = 65_536

    static func milliseconds(_ date: Date) -> Int64 {
        Int64((date.timeIntervalSince1970 * 1000).rounded())
    }

    static func date(_ milliseconds: Int64) -> Date {
        Date(timeIntervalSince1970: Double(milliseconds) / 1000)
    }

    static func json(_ value: some Encodable, field: String) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(value), as: UTF8.self)
        } catch {
            throw StorageError.invalidInput(
                field: field, reason: "it can't be written as JSON (numbers must be finite)")
        }
    }

    static func metadata(_ value: [String: JSONValue]) throws -> String {
        guard !value.isEmpty else { return "{}" }
        let text = try json(value, field: "metadata")
        guard text.utf8.count <= maximumMetadataBytes else {
            throw StorageError.invalidInput(
                field: "metadata",
                reason: "it has \(text.utf8.count) bytes as JSON, the most is \(maximumMetadataBytes)")
        }
        return text
    }

    static func object(_ text: String) throws -> [String: JSONValue] {
        text == "{}" ? [:] : try decode([String: JSONValue].self, text)
    }

    static func headingPath(_ text: String) throws -> [String] {
        text == "[]" ? [] : try decode([String].self, text)
    }

    static func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(text.utf8))
        } catch {
            throw StorageError.failed(detail: "a JSON column can't be read: \(error)")
        }
    }

    /// Little-endian f32, so that the file can be carried to any machine.
    static func blob(_ vector: [Float]) -> Data {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(vector.count * 4)
        for value in vector {
            let bits = value.bitPattern
            bytes.append(UInt8(truncatingIfNeeded: bits))
            bytes.append(UInt8(truncatingIfNeeded: bits >> 8))
            bytes.append(UInt8(truncatingIfNeeded: bits >> 16))
            bytes.append(UInt8(truncatingIfNeeded: bits >> 24))
        }
        return Data(bytes)
    }

    /// The vector in a blob; a tail of fewer than four bytes is left out, for the caller to notice by the count.
    static func vector(_ blob: Data) -> [Float] {
        let bytes = blob.span
        let count = bytes.count / 4
        var vector: [Float] = []
        vector.reserveCapacity(count)
        for index in 0..<count {
            let at = index &* 4
            let low = UInt32(bytes[at]) | UInt32(bytes[at &+ 1]) << 8
            let high = UInt32(bytes[at &+ 2]) | UInt32(bytes[at &+ 3]) << 8
            vector.append(Float(bitPattern: low | high << 16))
        }
        return vector
    }
}
