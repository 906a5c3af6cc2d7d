import ArgumentParser

/// The `docent` command: its subcommands are the files in `Commands/`, its wiring is in `Wiring/`.
@main
struct Docent: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "docent",
        abstract: "Answers questions from your own documents, with citations.",
        discussion: """
            Put documents in with 'docent ingest', ask with 'docent ask', serve with 'docent serve'.
            Every command takes --data DIR, --models DIR, --config FILE, --threads N, --log-level L and --quiet; settings \
            come from flags, then DOCENT_* in the environment, then --config FILE, then defaults.
            Exit codes: 0 done, 1 failed (one line on stderr says why), 2 gate not met, 64 wrong usage.
            """,
        version: BuildInformation.versionLine,
        groupedSubcommands: [
            CommandGroup(
                name: "Documents and questions",
                subcommands: [
                    IngestCommand.self, SearchCommand.self, AskCommand.self, ChatCommand.self,
                    CollectionsCommand.self, DocumentsCommand.self, JobsCommand.self, ExtractCommand.self,
                ]),
            CommandGroup(
                name: "Operation",
                subcommands: [
                    ServeCommand.self, DoctorCommand.self, FsckCommand.self, ModelsCommand.self,
                ]),
            CommandGroup(
                name: "Engineering",
                subcommands: [
                    EvalCommand.self, BenchCommand.self, IndexCommand.self, EmbedCommand.self, TokenizeCommand.self,
                    GenerateCommand.self, PerplexityCommand.self,
                ]),
        ])

    static func main() async {
        await CommandRunner.run()
    }
}
