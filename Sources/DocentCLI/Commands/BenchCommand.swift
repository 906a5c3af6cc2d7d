import ArgumentParser

/// `docent bench`: speed of the parts, measured in this process.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measures the speed of the parts on this machine.",
        subcommands: [
            BenchIndexCommand.self, BenchEmbedCommand.self, BenchDecodeCommand.self, BenchGenerateCommand.self,
            BenchServeCommand.self,
        ])
}
