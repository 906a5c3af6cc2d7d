import Foundation

/// Reads one JSON file of a model's folder, of a bounded size.
package enum ModelJSON {
    /// The file's contents, or nil when there is no such file.
    /// - Throws: `TensorError.unreadable`, or `.malformedJSON` with the key that is missing or of a wrong type.
    package static func readIfPresent<T: Decodable>(
        _ type: T.Type, _ path: String, maxBytes: Int
    ) throws(TensorError) -> T? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let file = try MappedFile(path: path)
        guard file.byteCount <= maxBytes else {
            throw .malformedJSON(path: path, reason: "it is longer than \(maxBytes >> 20) MB")
        }
        do {
            // Copied out of the map; the file is small.
            return try JSONDecoder().decode(type, from: unsafe Data(file.base))
        } catch DecodingError.keyNotFound(let key, _) {
            throw .malformedJSON(path: path, reason: "it has no \(key.stringValue)")
        } catch DecodingError.typeMismatch(_, let context) {
            let key = context.codingPath.last?.stringValue ?? "its contents"
            throw .malformedJSON(path: path, reason: "\(key) is of a wrong type")
        } catch DecodingError.valueNotFound(_, let context) {
            let key = context.codingPath.last?.stringValue ?? "its contents"
            throw .malformedJSON(path: path, reason: "\(key) is null")
        } catch {
            throw .malformedJSON(path: path, reason: "it is not valid JSON")
        }
    }
}
