/// What a model wants before a text, by what the text is embedded for.
///
/// | source, the first that says anything | example |
/// |---|---|
/// | `prompts` in config_sentence_transformers.json: `query`; `document`, `passage` or `corpus` | arctic-embed |
/// | the conventions of the model's family, found by its name | e5: `query: `, `passage: ` |
/// | nothing | MiniLM, gte |
///
/// Source: the model cards of the families named in ``conventions``.
package struct EncoderPrompts: Sendable, Equatable {
    /// Before a question to search with.
    package var query = ""
    /// Before a text to be found.
    package var passage = ""

    /// Bundles prompts; both are empty unless stated.
    package init(query: String = "", passage: String = "") {
        self.query = query
        self.passage = passage
    }

    /// Neither wants anything.
    package static let none = EncoderPrompts()

    /// Whether both kinds of text are embedded as they are.
    package var isEmpty: Bool { query.isEmpty && passage.isEmpty }

    /// What stands before texts of a kind.
    package subscript(kind: TextKind) -> String { kind == .query ? query : passage }

    private static let english = EncoderPrompts(query: "Represent this sentence for searching relevant passages: ")
    private static let chinese = EncoderPrompts(query: "为这个句子生成表示以用于检索相关文章：")
    private static let e5 = EncoderPrompts(query: "query: ", passage: "passage: ")

    /// Families by the words that all stand in a model's name, the first that fits.
    private static let conventions: [(words: [String], prompts: EncoderPrompts)] = [
        (["e5", "instruct"], EncoderPrompts(query: instruction)),
        (["e5"], e5),
        (["bge", "m3"], .none),
        (["bge", "zh"], chinese),
        (["bge", "en"], english),
        (["arctic", "embed", "v2.0"], EncoderPrompts(query: "query: ")),
        (["arctic", "embed"], english),
    ]

    private static let instruction =
        "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery: "

    /// The conventions of the family that a name belongs to: `intfloat/e5-small-v2` is an e5.
    /// - Parameter name: a catalogue name, repository or folder; parts are told apart by `/`, `-` and `_`.
    /// - Returns: nil for a name of no known family.
    package static func conventions(ofModelNamed name: String) -> EncoderPrompts? {
        let words = Set(name.lowercased().split { "/-_ ".contains($0) }.map(String.init))
        return conventions.first { $0.words.allSatisfy(words.contains) }?.prompts
    }
}

/// config_sentence_transformers.json.
struct PromptConfiguration: Decodable {
    var prompts: [String: String]?

    /// The prompts it states; nil when there are none, or all are empty as in files that were saved without any.
    var stated: EncoderPrompts? {
        guard let prompts else { return nil }
        let passage = ["document", "passage", "corpus"].lazy.compactMap { prompts[$0] }.first
        let result = EncoderPrompts(query: prompts["query"] ?? "", passage: passage ?? "")
        return result.isEmpty ? nil : result
    }
}
