import ArgumentParser
import Foundation
import Kernels
import Logging
import Retrieval
import Storage

/// `docent fsck`: proves that everything in the data folder agrees.
struct FsckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fsck", abstract: "Checks that documents, chunks, vectors, postings and snapshots agree.",
        discussion: "Changes nothing. Exit code 0 when all is well, 1 with a list of what is not.")

    @Option(help: "Checks this collection alone, not the database file and the folder.")
    var collection: String?
    @Flag(help: "Prints one JSON document.")
    var json = false
    @OptionGroup var global: GlobalOptions

    private struct Output: Encodable {
        var clean: Bool
        var collections: [DataCheck.CollectionCount]
        var findings: [Finding]
        var milliseconds: Double

        private enum CodingKeys: String, CodingKey {
            case clean, collections, findings
            case milliseconds = "duration_ms"
        }
    }

    func run() async throws {
        let settings = try await Settings(global)
        let path = settings.dataFolder + "/docent.sqlite"
        guard FileManager.default.fileExists(atPath: path) else {
            throw CommandFailure(message: "there is no database '\(path)': check --data")
        }
        let start = ContinuousClock.now
        var logger = Runtime.logger(settings)
        // What opening the indexes has to say is among the findings.
        logger.logLevel = max(logger.logLevel, .error)
        let check = DataCheck(
            store: try Runtime.store(settings), dataDirectory: settings.dataFolder,
            pool: ThreadPool(threadCount: settings.threads), logger: logger)
        let report = try check.run(collection: collection)
        if json {
            let milliseconds = (ContinuousClock.now - start) / .milliseconds(1)
            try Terminal.printJSON(
                Output(
                    clean: report.isClean, collections: report.collections, findings: report.findings,
                    milliseconds: milliseconds))
        } else {
            show(report)
        }
        guard report.isClean else {
            throw CommandFailure(
                message: "\(report.findings.count) findings: the data folder does not agree with itself")
        }
    }

    private func show(_ report: DataCheck.Report) {
        for count in report.collections {
            let counts = [("vectors", count.vectors), ("postings", count.postings)].map { name, held in
                "\(name) \(held.map { "of \($0) chunks" } ?? "not saved yet")"
            }
            let stored = "\(count.documents) documents, \(count.chunks) chunks"
            Terminal.print("\(count.name): \(stored), \(counts.joined(separator: ", "))")
        }
        for finding in report.findings {
            let place = [finding.collection, finding.subject].compactMap(\.self).joined(separator: ", ")
            Terminal.print("\(finding.check.rawValue): \(place): \(finding.detail)")
            Terminal.print("    \(finding.advice)")
        }
        if report.isClean { Terminal.print("everything agrees") }
    }
}
