import ArgumentParser
import ModelCatalog

/// `docent models`: what there is, what is here, fetching and checking.
struct ModelsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models", abstract: "Lists, fetches and checks models.",
        subcommands: [List.self, Pull.self, Verify.self, Path.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the models of the catalogue.")

        @Flag(help: "Prints one JSON document.")
        var json = false
        @OptionGroup var global: GlobalOptions

        private struct Row: Encodable {
            var name: String
            var kind: String
            var status: String
            var bytes: Int
            var licence: String
        }

        func run() async throws {
            let models = try Runtime.models(try await Settings(global))
            let rows = models.catalog.entries.map { entry in
                Row(
                    name: entry.name, kind: entry.kind.rawValue, status: models.status(of: entry).rawValue,
                    bytes: entry.byteCount, licence: entry.licence)
            }
            if json { return try Terminal.printJSON(rows) }
            for row in rows {
                Terminal.print(
                    Table.row(
                        [
                            row.name, row.kind, row.status, row.bytes > 0 ? ByteCount.text(row.bytes) : "?",
                            row.licence,
                        ], [28, 9, 10, 10, 0]))
            }
        }
    }

    struct Pull: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Fetches a model and checks it; does nothing when it is there and right.")

        @Argument(help: "The model's name.")
        var name: String
        @OptionGroup var global: GlobalOptions

        func run() async throws {
            let settings = try await Settings(global)
            let models = try Runtime.models(settings)
            let progress = ProgressLine(isQuiet: settings.isQuiet)
            let notices = try await models.pull(name) { event in
                progress.show(
                    event.file, done: event.receivedBytes, total: event.totalBytes ?? event.receivedBytes,
                    detail: ByteCount.text(event.receivedBytes))
            }
            progress.finish()
            if !settings.isQuiet {
                for notice in notices { Terminal.note("note: \(notice)") }
                Terminal.note("\(name) is ready in \(try models.path(ofModel: name))")
            }
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Checks every file of the fetched models.")

        @OptionGroup var global: GlobalOptions

        func run() async throws {
            let models = try Runtime.models(try await Settings(global))
            var isWhole = true
            for entry in models.catalog.entries where models.status(of: entry) != .missing {
                let problems = try models.verify(entry.name)
                Terminal.print(problems.isEmpty ? "\(entry.name): all files are right" : "\(entry.name):")
                for problem in problems { Terminal.print("  \(problem)") }
                isWhole = isWhole && problems.isEmpty
            }
            if !isWhole {
                throw CommandFailure(message: "some model files are wrong: run 'docent models pull NAME' again")
            }
        }
    }

    struct Path: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Prints where a model is.")

        @Argument(help: "The model's name.")
        var name: String
        @OptionGroup var global: GlobalOptions

        func run() async throws {
            Terminal.print(try Runtime.models(try await Settings(global)).path(ofModel: name))
        }
    }
}
