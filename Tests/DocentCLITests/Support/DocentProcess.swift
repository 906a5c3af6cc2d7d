import Foundation
import TestSupport

/// The built `docent`, run in a folder of its own.
struct DocentProcess {
    /// What came of one run.
    struct Result {
        var exitCode: Int32
        var output: String
        var errors: String

        /// The lines on stderr.
        var errorLines: [Substring] { errors.split(whereSeparator: \.isNewline) }

        /// Whether there is nothing on stdout and one `docent: …` line on stderr.
        var isOneClearLine: Bool {
            output.isEmpty && errorLines.count == 1 && errors.hasPrefix("docent: ") && errors.hasSuffix("\n")
        }

        /// Stdout as JSON; nil unless it is one document and nothing else.
        var json: Any? { try? JSONSerialization.jsonObject(with: Data(output.utf8), options: [.fragmentsAllowed]) }
    }

    /// The binary beside the test bundle, where `swift build --build-tests` puts it.
    static let binary: String? = {
        let bundle = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        let path = bundle.deletingLastPathComponent().appendingPathComponent("docent").path
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }()

    /// Whether the tests here can run.
    static var isBuilt: Bool { binary != nil }

    /// The folder it runs in.
    let folder: TemporaryDirectory

    init() throws {
        folder = try TemporaryDirectory()
    }

    /// The catalogue and the models of this checkout.
    static var models: [String] {
        ["--models", URL(fileURLWithPath: TestModels.encoderFolder).deletingLastPathComponent().path]
    }

    /// Runs `docent` with `arguments` and waits for its end; settings of the environment don't reach it.
    func run(_ arguments: String..., input: String = "") async throws -> Result {
        try await run(arguments, input: input)
    }

    /// As ``run(_:input:)-(String...,_)``.
    func run(_ arguments: [String], input: String = "") async throws -> Result {
        guard let binary = Self.binary else { throw CocoaError(.fileNoSuchFile) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: binary)
        process.arguments = arguments
        process.currentDirectoryURL = folder.url
        process.environment = ["PATH": "/usr/bin:/bin", "HOME": folder.path, "DOCENT_THREADS": "1"]
        // Files and not pipes: nothing can fill up while nobody reads.
        let run = UUID().uuidString
        let places = ["in", "out", "err"].map { folder.file(".\(run).\($0)") }
        try folder.write(input, to: ".\(run).in")
        for name in ["out", "err"] { try folder.write("", to: ".\(run).\(name)") }
        process.standardInput = FileHandle(forReadingAtPath: places[0])
        process.standardOutput = FileHandle(forWritingAtPath: places[1])
        process.standardError = FileHandle(forWritingAtPath: places[2])
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            process.terminationHandler = { _ in continuation.resume() }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        defer { for place in places { try? FileManager.default.removeItem(atPath: place) } }
        // A crash is reported as the signal that ended it, below zero.
        return Result(
            exitCode: process.terminationReason == .uncaughtSignal
                ? -process.terminationStatus : process.terminationStatus,
            output: String(decoding: FileManager.default.contents(atPath: places[1]) ?? Data(), as: UTF8.self),
            errors: String(decoding: FileManager.default.contents(atPath: places[2]) ?? Data(), as: UTF8.self))
    }
}
