import ArgumentParser

/// The options every command has.
///
/// Each is mirrored by `DOCENT_<NAME>` in the environment and a key in `--config FILE`.
struct GlobalOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("The folder that holds everything Docent stores. (default: indexes)"))
    var data: String?

    @Option(name: .long, help: ArgumentHelp("The folder that holds the models. (default: models)"))
    var models: String?

    @Option(
        name: .long, help: "A JSON file with settings, for example {\"threads\": 4, \"remote\": {\"model\": \"…\"}}.")
    var config: String?

    @Option(name: .long, help: ArgumentHelp("Threads for CPU work. (default: the number of cores)"))
    var threads: Int?

    @Option(
        name: .customLong("log-level"),
        help: ArgumentHelp("trace, debug, info, notice, warning or error. (default: notice)"))
    var logLevel: String?

    @Flag(name: .long, help: "No progress, no notices: only results and errors.")
    var quiet = false
}
