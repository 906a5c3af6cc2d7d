import Decoders
import Testing

@Suite("Chat templates")
struct ChatTemplateTests {
    /// A conversation as transformers renders it.
    struct Rendering: Decodable, Sendable, CustomTestStringConvertible {
        var family: String
        var template: String
        var messages: [ChatMessage]
        var addGenerationPrompt: Bool
        var text: String
        var testDescription: String { "\(family), \(messages.count) messages, prompt \(addGenerationPrompt)" }
    }

    @Test("each family renders what transformers renders from the template")
    func parity() throws {
        let renderings = try TinyModel.json("chat.json", as: [Rendering].self)
        #expect(Set(renderings.map(\.family)).count == 10)
        for rendering in renderings {
            let template = ChatTemplate(source: rendering.template, beginToken: "<s>", endToken: "</s>")
            let text = try template.render(rendering.messages, addGenerationPrompt: rendering.addGenerationPrompt)
            #expect(text == rendering.text, "\(rendering.testDescription)")
        }
    }

    @Test("a template of no known family is refused, and the error says what to do")
    func unknown() {
        let template = ChatTemplate(source: "{{ messages | tojson }}")
        #expect(template.family == nil)
        let error = #expect(throws: DecoderError.self) {
            _ = try template.render([ChatMessage(role: .user, content: "Hi")], addGenerationPrompt: true)
        }
        #expect("\(error.map { "\($0)" } ?? "")".contains("raw prompt"))
        #expect(ChatTemplate(source: "").family == nil)
        #expect(ChatTemplate(source: "<|im_start|> {{ '<think>' }}").family == nil)
    }

    @Test("conversations that a family can't express are refused")
    func conversations() throws {
        let gemma = ChatTemplate(source: "<start_of_turn> System role not supported")
        #expect(gemma.family == .gemma)
        #expect(throws: DecoderError.self) {
            _ = try gemma.render([ChatMessage(role: .system, content: "x")], addGenerationPrompt: true)
        }
        let gemma3 = ChatTemplate(source: "<start_of_turn> first_user_prefix")
        #expect(gemma3.family == .gemma3)
        #expect(throws: DecoderError.self) {
            let answer = ChatMessage(role: .assistant, content: "x")
            _ = try gemma3.render([answer], addGenerationPrompt: true)
        }
        let llama2 = ChatTemplate(source: "[INST] <<SYS>>")
        let twice = [ChatMessage(role: .user, content: "a"), ChatMessage(role: .user, content: "b")]
        #expect(throws: DecoderError.self) { _ = try llama2.render(twice, addGenerationPrompt: true) }
        #expect(throws: DecoderError.self) {
            _ = try ChatTemplate(source: "<|im_start|>").render([], addGenerationPrompt: true)
        }
    }
}
