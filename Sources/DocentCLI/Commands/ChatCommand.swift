import ArgumentParser
import Decoders
import Foundation
import Generation
import Retrieval

/// `docent chat`: questions one after the other; a follow-up may lean on what was said before.
struct ChatCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chat", abstract: "Answers questions one after the other; /quit or Ctrl-D ends it.",
        discussion: """
            A follow-up may lean on what was said before. Ctrl-C stops an answer. Lines that begin with a slash are \
            commands: /help lists them.
            """)

    @OptionGroup var answer: AnswerOptions
    @OptionGroup var decoding: DecoderOptions
    @OptionGroup var global: GlobalOptions

    private static let help = """
        /sources  the passages that the last answer was made from
        /reset    forgets the conversation
        /help     this list
        /quit     ends the program, as Ctrl-D does
        """

    func run() async throws {
        let runtime = try await Runtime(try await Settings(global, decoder: decoding))
        _ = try runtime.requireCollection(answer.collection)
        // Wrong options end the program before the first question.
        try runtime.answers.validate(try answer.request("?"))
        var conversation: [ChatMessage] = []
        var last: Answer?
        var input = LineEditor(prompt: "> ")
        let interrupts = Interrupts()
        while let line = input.next()?.trimmingCharacters(in: .whitespaces) {
            switch line {
            case "": continue
            case "/quit", "/exit": return
            case "/help": Terminal.print(Self.help)
            case "/reset":
                (conversation, last) = ([], nil)
                Terminal.print("The conversation is forgotten.")
            case "/sources": printPassages(of: last)
            case _ where line.hasPrefix("/"): Terminal.error("'\(line)' is no command: /help lists them")
            default:
                guard let finished = await reply(to: line, conversation, runtime, interrupts) else { continue }
                conversation.append(ChatMessage(role: .user, content: line))
                conversation.append(ChatMessage(role: .assistant, content: finished.answer))
                last = finished
            }
        }
    }

    /// Answers one question; nil when it was stopped or failed, which doesn't end the conversation.
    private func reply(
        to line: String, _ conversation: [ChatMessage], _ runtime: Runtime, _ interrupts: Interrupts
    ) async -> Answer? {
        do {
            let request = try answer.request(line, conversation: conversation)
            return try await interrupts.run {
                try await AnswerPrinter(isStreaming: true).print(runtime.answers.answer(request))
            }
        } catch is CancellationError {
            Terminal.stream("\n")
            Terminal.note("stopped")
        } catch {
            Terminal.error("\(error)")
        }
        return nil
    }

    private func printPassages(of answer: Answer?) {
        guard let answer, !answer.passages.isEmpty else { return Terminal.print("There is no answer yet.") }
        for (index, hit) in answer.passages.enumerated() {
            Terminal.print("[\(index + 1)] \(([hit.documentID] + hit.headingPath).joined(separator: " › "))")
            let text = hit.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            Terminal.print("    \(text.count > 400 ? text.prefix(399) + "…" : text)")
        }
    }
}
