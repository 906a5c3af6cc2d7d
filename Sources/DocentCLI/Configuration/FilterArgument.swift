import Foundation
import Storage

/// The JSON of a `--filter` option.
enum FilterArgument {
    /// Parses `text`.
    /// - Throws: `CommandFailure` with exit code 64 when it isn't JSON.
    static func parse(_ text: String) throws -> JSONValue {
        do {
            return try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
        } catch {
            throw CommandFailure(
                message: "--filter is not valid JSON: write for example '{\"lang\": \"en\"}'", exitCode: 64)
        }
    }
}
