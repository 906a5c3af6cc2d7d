import ArgumentParser
import Foundation
import Generation
import Retrieval

/// Runs the parsed command and turns its errors into the exit codes of the contract.
enum CommandRunner {
    /// Parses the arguments, runs the command, exits.
    static func run() async {
        do {
            var command = try Docent.parseAsRoot(GlobalArguments.reordered(Array(CommandLine.arguments.dropFirst())))
            if var asyncCommand = command as? any AsyncParsableCommand {
                try await asyncCommand.run()
            } else {
                try command.run()
            }
        } catch let failure as CommandFailure {
            Terminal.error(failure.message)
            exit(failure.exitCode)
        } catch let code as ExitCode {
            exit(code.rawValue)
        } catch  where Docent.exitCode(for: error) != .failure {
            // Help, version and wrong usage are ArgumentParser's to print: usage errors exit with 64.
            Docent.exit(withError: error)
        } catch {
            Terminal.error("\(error)")
            exit(exitCode(of: error))
        }
    }

    /// 64 for what the command line asked for wrongly, 1 for everything else.
    private static func exitCode(of error: any Error) -> Int32 {
        switch error {
        case RetrievalError.invalidRequest, RetrievalError.invalidFilter, GenerationError.invalidRequest: 64
        default: 1
        }
    }
}

/// A command that can't do what it was asked to, with the line that says why.
struct CommandFailure: Error {
    /// What was wrong and what to do.
    var message: String
    /// 1 for a failure, 2 for a gate that isn't met, 64 for wrong usage.
    var exitCode: Int32 = 1
}
