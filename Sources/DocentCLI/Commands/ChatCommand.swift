import ArgumentParser
import Decoders
import Foundation
import Generation

/// `docent chat`: questions one after the other; a follow-up may lean on what was said before.
struct ChatCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chat", abstract: "Answers questions one after the other; an empty line or Ctrl-D ends it.")

    @OptionGroup var answer: AnswerOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let runtime = try await Runtime(try await Settings(global))
        _ = try runtime.requireCollection(answer.collection)
        var conversation: [ChatMessage] = []
        let printer = AnswerPrinter(isStreaming: true)
        while true {
            if Terminal.isInteractive { Terminal.stream("> ") }
            guard let line = readLine(), !line.allSatisfy(\.isWhitespace) else { return }
            do {
                let request = try answer.request(line, conversation: conversation)
                let finished = try await printer.print(runtime.answers.answer(request))
                conversation.append(ChatMessage(role: .user, content: line))
                conversation.append(ChatMessage(role: .assistant, content: finished.answer))
            } catch let error as GenerationError {
                // One bad question doesn't end the conversation.
                Terminal.error(error.description)
            }
        }
    }
}
