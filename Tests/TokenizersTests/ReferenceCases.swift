import Foundation
import Testing

/// One line of a `*.jsonl` fixture: a text and what the reference implementation makes of it.
struct ReferenceCase: Decodable, Sendable, CustomTestStringConvertible {
    /// The text, `repeat` times after itself.
    var text: String
    var `repeat`: Int?
    /// Ids without special tokens.
    var ids: [Int32]
    /// Ids with special tokens, where they are not `ids` between what stands around every text.
    var special: [Int32]?
    var decoded: String?

    var fullText: String { String(repeating: text, count: self.repeat ?? 1) }
    var testDescription: String { String(fullText.prefix(40)).debugDescription }
}

/// Files of this target's `Fixtures` folder.
enum Fixtures {
    static func path(_ name: String) -> String {
        Bundle.module.bundleURL.appendingPathComponent("Fixtures/\(name)").path
    }

    static func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: path(name))))
    }

    static func cases(_ name: String) throws -> [ReferenceCase] {
        try bytes(name).split(separator: 0x0A).map { line in
            try JSONDecoder().decode(ReferenceCase.self, from: Data(line))
        }
    }
}
