import Foundation

/// What a person sees: results on stdout, everything else on stderr.
enum Terminal {
    /// Whether stderr is a terminal, so that a progress line may be redrawn in place.
    static let isInteractive = isatty(STDERR_FILENO) == 1

    /// Writes a line to stdout.
    static func print(_ text: String) {
        write(text + "\n", to: .standardOutput)
    }

    /// Writes `text` to stdout without a line end, at once.
    static func stream(_ text: String) {
        write(text, to: .standardOutput)
    }

    /// Writes a line to stderr.
    static func note(_ text: String) {
        write(text + "\n", to: .standardError)
    }

    /// Writes `docent: …` on one line to stderr.
    static func error(_ message: String) {
        let line = message.split(whereSeparator: \.isNewline).joined(separator: " ")
        write("docent: \(line)\n", to: .standardError)
    }

    /// Writes `value` as one JSON document to stdout.
    /// - Throws: `CommandFailure` when it can't be encoded.
    static func printJSON(_ value: some Encodable) throws {
        print(try json(value, pretty: isatty(STDOUT_FILENO) == 1))
    }

    /// `value` as JSON text with sorted keys.
    /// - Throws: `CommandFailure` when it can't be encoded.
    static func json(_ value: some Encodable, pretty: Bool = false) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if pretty { encoder.outputFormatting.insert(.prettyPrinted) }
        encoder.dateEncodingStrategy = .iso8601
        do {
            return String(decoding: try encoder.encode(value), as: UTF8.self)
        } catch {
            throw CommandFailure(message: "the result can't be written as JSON: \(error)")
        }
    }

    /// A closed pipe (`docent … | head`) ends the process quietly, as a filter's user expects.
    private static func write(_ text: String, to handle: FileHandle) {
        do {
            try handle.write(contentsOf: Data(text.utf8))
        } catch {
            exit(handle === FileHandle.standardOutput ? 0 : 1)
        }
    }
}
