import ArgumentParser

/// `docent eval`: measures of retrieval and of answers.
struct EvalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "eval", abstract: "Measures retrieval and answers; gates exit with 2 when they aren't met.",
        subcommands: [EvalRetrievalCommand.self, EvalAnswersCommand.self, EvalScoreCommand.self])
}
