/// Writes a conversation the way a model was trained to read it.
///
/// Model files carry their template as a Jinja program. Programs of the same family differ in layout but render the
/// same text, so a family is recognised by the control tokens it writes, and rendered natively; a template of no known
/// family is refused rather than guessed at, for a model answers badly to a conversation in the wrong form.
public struct ChatTemplate: Sendable, Equatable {
    /// The template's source from the model file; empty when it has none.
    public let source: String
    /// How it is rendered; nil when it is of no known family.
    public let family: ChatTemplateFamily?

    private let beginToken: String
    private let endToken: String

    /// Recognises a template.
    /// - Parameters:
    ///   - source: the Jinja program of the model file.
    ///   - beginToken: the text of the token that begins a text, where templates write it.
    ///   - endToken: the text of the token that ends one.
    public init(source: String, beginToken: String = "", endToken: String = "") {
        self.source = source
        self.beginToken = beginToken
        self.endToken = endToken
        family = ChatTemplateFamily(source: source)
    }

    /// The conversation as one text; control tokens are written out and become tokens in `DecoderModel.encode(prompt:)`.
    /// - Parameters:
    ///   - messages: the turns so far, at least one.
    ///   - addGenerationPrompt: whether the text ends with the beginning of the model's next turn.
    /// - Returns: the text.
    /// - Throws: `unknownChatTemplate`, or `invalidConversation` when the family can't express the turns.
    public func render(_ messages: [ChatMessage], addGenerationPrompt: Bool) throws(DecoderError) -> String {
        guard !messages.isEmpty else { throw .invalidConversation(reason: "there are no messages") }
        switch family {
        case .chatML(let defaultSystem, let writesBegin):
            return (writesBegin ? beginToken : "") + chatML(messages, defaultSystem, addGenerationPrompt)
        case .llama3(let dates): return llama3(messages, dates, addGenerationPrompt)
        case .llama2: return try llama2(messages)
        case .zephyr: return zephyr(messages, addGenerationPrompt)
        case .phi3: return phi3(messages, addGenerationPrompt)
        case .gemma: return try gemma(messages, addGenerationPrompt)
        case .gemma3: return try gemma3(messages, addGenerationPrompt)
        case nil:
            let excerpt = source.isEmpty ? "it has none" : String(source.prefix(80))
            throw .unknownChatTemplate(excerpt: excerpt)
        }
    }

    private func chatML(_ messages: [ChatMessage], _ defaultSystem: String?, _ prompts: Bool) -> String {
        var text = ""
        if let defaultSystem, messages.first?.role != .system {
            text = "<|im_start|>system\n\(defaultSystem)<|im_end|>\n"
        }
        for message in messages {
            text += "<|im_start|>\(message.role.rawValue)\n\(message.content)<|im_end|>\n"
        }
        return prompts ? text + "<|im_start|>assistant\n" : text
    }

    private func llama3(_ messages: [ChatMessage], _ dates: Bool, _ prompts: Bool) -> String {
        func turn(_ role: String, _ content: String) -> String {
            "<|start_header_id|>\(role)<|end_header_id|>\n\n\(content)<|eot_id|>"
        }
        var text = beginToken
        var rest = messages[...]
        if dates {
            // The template's own fixed date: a prompt doesn't change from day to day.
            let system = rest.first?.role == .system ? Self.trimmed(rest.removeFirst().content) : ""
            text += turn("system", "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n" + system)
        }
        for message in rest { text += turn(message.role.rawValue, Self.trimmed(message.content)) }
        return prompts ? text + "<|start_header_id|>assistant<|end_header_id|>\n\n" : text
    }

    private func llama2(_ messages: [ChatMessage]) throws(DecoderError) -> String {
        var turns = messages[...]
        var system = ""
        if turns.first?.role == .system { system = "<<SYS>>\n\(turns.removeFirst().content)\n<</SYS>>\n\n" }
        try Self.checkAlternation(turns)
        var text = ""
        for message in turns {
            let content = Self.trimmed(system + message.content)
            system = ""
            text +=
                message.role == .user
                ? "\(beginToken)[INST] \(content) [/INST]" : " \(content) \(endToken)"
        }
        return text
    }

    private func zephyr(_ messages: [ChatMessage], _ prompts: Bool) -> String {
        let turns = messages.map { "<|\($0.role.rawValue)|>\n\($0.content)\(endToken)\n" }
        return turns.joined() + (prompts ? "<|assistant|>\n" : "")
    }

    private func phi3(_ messages: [ChatMessage], _ prompts: Bool) -> String {
        // A system message without text isn't written.
        let turns = messages.filter { $0.role != .system || !$0.content.isEmpty }
            .map { "<|\($0.role.rawValue)|>\n\($0.content)<|end|>\n" }
        return turns.joined() + (prompts ? "<|assistant|>\n" : endToken)
    }

    private func gemma(_ messages: [ChatMessage], _ prompts: Bool) throws(DecoderError) -> String {
        guard messages.first?.role != .system else {
            throw .invalidConversation(reason: "this model takes no system message; put it into the first question")
        }
        return try gemmaTurns(messages[...], prefix: "", prompts)
    }

    private func gemma3(_ messages: [ChatMessage], _ prompts: Bool) throws(DecoderError) -> String {
        guard let first = messages.first, first.role == .system else {
            return try gemmaTurns(messages[...], prefix: "", prompts)
        }
        return try gemmaTurns(messages.dropFirst(), prefix: first.content + "\n\n", prompts)
    }

    /// The turns of a conversation, `prefix` before what is said first.
    private func gemmaTurns(_ turns: ArraySlice<ChatMessage>, prefix: String, _ prompts: Bool) throws(DecoderError)
        -> String
    {
        try Self.checkAlternation(turns)
        var text = beginToken
        for (index, message) in turns.enumerated() {
            let role = message.role == .assistant ? "model" : "user"
            let content = (index == 0 ? prefix : "") + Self.trimmed(message.content)
            text += "<start_of_turn>\(role)\n\(content)<end_of_turn>\n"
        }
        return prompts ? text + "<start_of_turn>model\n" : text
    }

    private static func checkAlternation(_ turns: ArraySlice<ChatMessage>) throws(DecoderError) {
        for (index, message) in turns.enumerated() {
            guard message.role == (index % 2 == 0 ? .user : .assistant) else {
                throw .invalidConversation(reason: "user and assistant must take turns, the user first")
            }
        }
    }

    /// Without white space at both ends.
    private static func trimmed(_ text: String) -> String {
        let scalars = text.unicodeScalars
        guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
            let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
        else { return "" }
        return String(scalars[first...last])
    }
}
