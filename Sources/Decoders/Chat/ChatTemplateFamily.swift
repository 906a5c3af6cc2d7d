/// The conversation forms that are rendered, told apart by the control tokens a template writes.
public enum ChatTemplateFamily: Sendable, Equatable {
    /// `<|im_start|>role … <|im_end|>`: ChatML, SmolLM2, Qwen 2.5.
    ///
    /// `defaultSystem` is written when the conversation has no system message; `writesBegin` tells whether the begin
    /// token goes in front.
    case chatML(defaultSystem: String?, writesBegin: Bool)
    /// `<|start_header_id|>role<|end_header_id|>`: Llama 3; from 3.1 on the system turn is led by two dates.
    case llama3(dates: Bool)
    /// `[INST] <<SYS>> …`: Llama 2.
    case llama2
    /// `<|user|> … </s>`: Zephyr, TinyLlama.
    case zephyr
    /// `<|user|> … <|end|>`: Phi 3.
    case phi3
    /// `<start_of_turn>`: Gemma 1 and 2, which take no system message.
    case gemma
    /// `<start_of_turn>`: Gemma 3, which puts the system message in front of the first question.
    case gemma3

    /// Recognises the family of a Jinja program; nil when it is none of these, or one of these with additions that
    /// would change what it renders.
    init?(source: String) {
        // Programs that write reasoning marks or lead every conversation with tool instructions render more than
        // their family does.
        guard !source.contains("<think>"), !source.contains("function calling AI") else { return nil }
        if source.contains("<|im_start|>") {
            self = .chatML(defaultSystem: Self.defaultSystem(source), writesBegin: source.contains("bos_token"))
        } else if source.contains("<|start_header_id|>") {
            self = .llama3(dates: source.contains("Today Date: "))
        } else if source.contains("[INST]"), source.contains("<<SYS>>") {
            self = .llama2
        } else if source.contains("<start_of_turn>"), source.contains("System role not supported") {
            self = .gemma
        } else if source.contains("<start_of_turn>"), source.contains("first_user_prefix") {
            self = .gemma3
        } else if source.contains("<|user|>"), source.contains("<|end|>") {
            self = .phi3
        } else if source.contains("<|user|>"), source.contains("eos_token") {
            self = .zephyr
        } else {
            return nil
        }
    }

    /// The system text that a ChatML program writes by itself: the literal between its first system turn's marks that
    /// is no expression.
    private static func defaultSystem(_ source: String) -> String? {
        let text = source.split(separator: "\\n", omittingEmptySubsequences: false).joined(separator: "\n")
        var rest = text[...]
        while let start = rest.range(of: "<|im_start|>system\n") {
            let after = rest[start.upperBound...]
            guard let end = after.range(of: "<|im_end|>") else { return nil }
            let candidate = after[..<end.lowerBound]
            if !candidate.isEmpty, !candidate.contains(where: { "'\"{}".contains($0) }) { return String(candidate) }
            rest = after
        }
        return nil
    }
}

extension Substring {
    /// The first occurrence of `text`.
    fileprivate func range(of text: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            formIndex(after: &start)
        }
        return nil
    }
}
