import Foundation
import Synchronization

/// Runs a program to its end on a thread of its own; cancelling the task ends the program.
enum ChildProcess {
    enum Outcome: Sendable, Equatable {
        case succeeded
        /// The last line the program wrote to standard error, without user names and passwords of URLs.
        case failed(String)
        case notFound
        case cancelled
    }

    /// The program's process id as long as it runs: what cancelling needs.
    private final class Running: Sendable {
        private struct State {
            var identifier: Int32?
            var isCancelled = false
        }

        private let state = Mutex(State())
        var isCancelled: Bool { state.withLock { $0.isCancelled } }

        /// Notes the running program; one that came too late is ended at once.
        func begin(_ identifier: Int32) {
            state.withLock { state in
                state.identifier = identifier
                if state.isCancelled { kill(identifier, SIGTERM) }
            }
        }

        func end() { state.withLock { $0.identifier = nil } }

        func cancel() {
            state.withLock { state in
                state.isCancelled = true
                if let identifier = state.identifier { kill(identifier, SIGTERM) }
            }
        }
    }

    /// Runs `command`, found through `PATH`, without input.
    static func run(_ command: [String]) async -> Outcome {
        let running = Running()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let thread = Thread { continuation.resume(returning: wait(for: command, running)) }
                thread.name = "docent-child"
                thread.start()
            }
        } onCancel: {
            running.cancel()
        }
    }

    private static func wait(for command: [String], _ running: Running) -> Outcome {
        if running.isCancelled { return .cancelled }
        let process = Process()
        let errors = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = errors
        do {
            try process.run()
        } catch {
            return .notFound
        }
        running.begin(process.processIdentifier)
        let text = String(decoding: (try? errors.fileHandleForReading.readToEnd()) ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        running.end()
        if running.isCancelled { return .cancelled }
        if process.terminationStatus == 0 { return .succeeded }
        if process.terminationStatus == 127 { return .notFound }
        let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
        let line = lines.last { $0.hasPrefix("ERROR:") } ?? lines.last { !$0.isEmpty } ?? "it failed without a word"
        return .failed(redacted(line.replacingOccurrences(of: "ERROR: ", with: "")))
    }

    /// `line` without what stands between "://" and "@".
    static func redacted(_ line: String) -> String {
        line.split(separator: " ", omittingEmptySubsequences: false).map { word in
            guard let start = word.range(of: "://"), let end = word.lastIndex(of: "@"), start.upperBound <= end else {
                return String(word)
            }
            return String(word[..<start.upperBound]) + String(word[word.index(after: end)...])
        }.joined(separator: " ")
    }
}
