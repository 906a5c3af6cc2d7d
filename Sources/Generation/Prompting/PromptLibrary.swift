import Foundation
import Mustache
import Retrieval

/// The prompt templates: the files in `prompts/`, carried in the binary and replaceable by files of the same name.
///
/// Templates get plain strings and lists; passages arrive with control tokens broken up (``neutralised(_:)``) and
/// between fences that are random per request, so that text inside a document can't pose as an instruction.
public struct PromptLibrary: Sendable {
    /// The templates by name, in the order they are documented in `prompts/README.md`.
    public enum Name: String, CaseIterable, Sendable {
        /// Instructions to a remote model.
        case answerSystem = "answer-system"
        /// Passages and question for a remote model.
        case answerUser = "answer-user"
        /// Instructions to the local decoder.
        case answerLocalSystem = "answer-local-system"
        /// Passages and question for the local decoder.
        case answerLocalUser = "answer-local-user"
        /// The answer when the documents don't say.
        case refusal = "refusal"
    }

    private let templates: [Name: MustacheTemplate]
    /// What Docent says when the documents don't.
    public let refusalText: String

    /// Loads every template.
    /// - Parameter folder: where files `<name>.mustache` override the built-in ones; nil or a folder that doesn't exist
    ///   means the built-in ones.
    /// - Throws: `GenerationError.badTemplate` for a file that can't be read or parsed.
    public init(folder: String? = nil) throws(GenerationError) {
        var templates: [Name: MustacheTemplate] = [:]
        for name in Name.allCases {
            let text = try Self.source(of: name, folder: folder)
            do {
                templates[name] = try MustacheTemplate(string: text)
            } catch {
                throw .badTemplate(name: name.rawValue, reason: "\(error)")
            }
        }
        self.templates = templates
        refusalText =
            (templates[.refusal]?.render([String: String]()) ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
        if refusalText.isEmpty { throw .badTemplate(name: Name.refusal.rawValue, reason: "it renders to nothing") }
    }

    /// Renders the two messages of a question.
    /// - Parameters:
    ///   - system: the template of the instructions.
    ///   - user: the template of passages and question.
    ///   - question: the user's question.
    ///   - passages: what may be used to answer it.
    ///   - fence: an unguessable word that encloses each passage.
    /// - Returns: the contents of the system and of the user message.
    package func render(
        system: Name, user: Name, question: String, passages: [Passage], fence: String
    ) -> (system: String, user: String) {
        let rows: [[String: String]] = passages.map { passage in
            [
                "number": "\(passage.number)", "heading": Self.neutralised(passage.heading),
                "text": Self.neutralised(passage.hit.text),
            ]
        }
        let values: [String: any Sendable] = [
            "refusal": refusalText, "fence": fence, "passages": rows, "question": Self.neutralised(question),
        ]
        return (text(system, values), text(user, values))
    }

    private func text(_ name: Name, _ values: [String: any Sendable]) -> String {
        (templates[name]?.render(values) ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// `text` with the openings of control tokens (`<|im_end|>`, `[INST]`, `<s>` …) broken up by a space, so that no
    /// tokenizer reads them as control tokens.
    package static func neutralised(_ text: String) -> String {
        guard text.contains(where: { "<>[".contains($0) }) else { return text }
        var result = text
        for (opening, broken) in [
            ("<|", "< |"), ("|>", "| >"), ("<s>", "< s>"), ("</s>", "< /s>"), ("[INST]", "[ INST]"),
            ("[/INST]", "[ /INST]"), ("<<", "< <"), (">>", "> >"), ("<start_of_turn>", "< start_of_turn>"),
            ("<end_of_turn>", "< end_of_turn>"),
        ] {
            // Again until none is left: "<<<" holds two.
            while result.contains(opening) { result = result.replacingOccurrences(of: opening, with: broken) }
        }
        return result
    }

    private static func source(of name: Name, folder: String?) throws(GenerationError) -> String {
        if let folder {
            let path = folder + "/" + name.rawValue + ".mustache"
            if FileManager.default.fileExists(atPath: path) {
                do {
                    return try String(contentsOfFile: path, encoding: .utf8)
                } catch {
                    throw .badTemplate(name: name.rawValue, reason: "\(path) can't be read as UTF-8 text")
                }
            }
        }
        let bytes =
            switch name {
            case .answerSystem: PackageResources.answer_system_mustache
            case .answerUser: PackageResources.answer_user_mustache
            case .answerLocalSystem: PackageResources.answer_local_system_mustache
            case .answerLocalUser: PackageResources.answer_local_user_mustache
            case .refusal: PackageResources.refusal_mustache
            }
        return String(decoding: bytes, as: UTF8.self)
    }
}
