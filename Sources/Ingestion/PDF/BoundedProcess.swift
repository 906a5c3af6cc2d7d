import Foundation

/// Runs a program with limits on its time, memory and output; nothing of it survives the call.
struct BoundedProcess {
    /// What the program may use.
    struct Limits: Sendable {
        /// Seconds from start to end.
        var seconds = 120
        /// Address space in bytes.
        var memoryBytes = 1 << 30
        /// Bytes of output; more ends the program.
        var outputBytes = 64 << 20
    }

    /// How a program ended.
    enum Outcome: Equatable {
        /// By itself, with an exit status.
        case exited(Int32)
        /// It was stopped when its time was over.
        case tookTooLong
        /// It was stopped for its output.
        case wroteTooMuch
    }

    /// The status of `timeout` after it has killed its program.
    private static let killedStatus: Int32 = 137

    /// The path of a program, nil if it isn't installed.
    static func path(of name: String) -> String? {
        ["/usr/bin/", "/usr/local/bin/", "/opt/homebrew/bin/"].map { $0 + name }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// Runs `program` with `arguments`, without input, messages or environment.
    /// - Returns: what it wrote, and how it ended.
    /// - Throws: `IngestionError.unreadable` when it can't be started.
    static func run(
        _ program: String, _ arguments: [String], limits: Limits
    ) throws(IngestionError) -> (output: [UInt8], outcome: Outcome) {
        let process = Process()
        // The shell sets the memory limit and becomes `timeout`, which starts the program and kills it in the end.
        let script = "ulimit -v \(limits.memoryBytes >> 10); exec timeout -s KILL \(limits.seconds) \"$0\" \"$@\""
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", script, program] + arguments
        process.environment = ["LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"]
        let pipe = Pipe()
        process.standardInput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        process.standardOutput = pipe
        do { try process.run() } catch { throw .unreadable(path: program, reason: "it can't be started") }
        var output: [UInt8] = []
        while output.count <= limits.outputBytes,
            let block = try? pipe.fileHandleForReading.read(upToCount: 1 << 16), !block.isEmpty
        {
            output += block
        }
        // With its output closed a program that still writes ends.
        try? pipe.fileHandleForReading.close()
        process.waitUntilExit()
        if output.count > limits.outputBytes { return (output, .wroteTooMuch) }
        return (output, process.terminationStatus == killedStatus ? .tookTooLong : .exited(process.terminationStatus))
    }
}
