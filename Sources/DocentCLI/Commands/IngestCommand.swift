import ArgumentParser
import Foundation
import Ingestion
import Storage

/// `docent ingest`: files, folders or JSON Lines into a collection.
struct IngestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ingest", abstract: "Takes documents into a collection.",
        discussion: """
            PATH is a file, a folder, or - for JSON Lines on standard input ({"id", "title", "text"|"html"|"markdown", \
            "url", "metadata"}). A document's id is its path below the folder given. Unchanged files cost nothing; \
            changed ones replace their old text at once. An ingest that was cut off goes on when it is started again.
            """)

    @Argument(help: "What to take in.")
    var paths: [String]
    @Option(help: "The collection; made if it isn't there.")
    var collection: String
    @Flag(help: "Goes into folders below the ones given.")
    var recursive = false
    @Option(name: .customLong("id-prefix"), help: "Put before every document id.")
    var idPrefix = ""
    @Option(help: "A field k=v for every document; may be given several times.")
    var metadata: [String] = []
    @Flag(help: "Prints one JSON document.")
    var json = false
    @OptionGroup var global: GlobalOptions

    private struct Output: Encodable {
        struct Skipped: Encodable {
            var path: String
            var reason: String
        }
        var job: JobRecord?
        var skipped: [Skipped]
        var chunks: Int
        var tokens: Int
        var seconds: Double
    }

    func run() async throws {
        let settings = try await Settings(global)
        let fields = try metadataFields()
        let runtime = try await Runtime(settings)
        let record = try runtime.collectionForIngest(collection)
        let start = ContinuousClock.now
        try await finishEarlierJobs(runtime, record)
        let collected = try IngestSources.collect(paths, recursive: recursive, prefix: idPrefix, metadata: fields)
        var output = Output(
            job: nil, skipped: collected.skipped.map { .init(path: $0.path, reason: $0.reason) }, chunks: 0,
            tokens: 0, seconds: 0)
        if !collected.items.isEmpty {
            let job = try runtime.ingest.submit(collected.items, in: record)
            let totals = try await run(job.id, runtime, settings)
            output.job = try runtime.store.job(id: job.id)
            output.chunks = totals.chunkCount
            output.tokens = totals.tokenCount
        }
        runtime.search.saveSnapshots()
        output.seconds = (ContinuousClock.now - start) / .seconds(1)
        try report(output)
    }

    /// Jobs of this collection that a killed process left behind: they are finished first, so that nothing is lost.
    private func finishEarlierJobs(_ runtime: Runtime, _ record: CollectionRecord) async throws {
        for job in try runtime.store.unfinishedJobs() where job.collectionID == record.id {
            if !runtime.settings.isQuiet {
                Terminal.note("going on with job \(job.id), \(job.progress.done) of \(job.progress.total) done")
            }
            _ = try await run(job.id, runtime, runtime.settings)
        }
    }

    private func run(_ job: Int64, _ runtime: Runtime, _ settings: Settings) async throws -> IngestProgress {
        let progress = ProgressLine(isQuiet: settings.isQuiet)
        let totals = try await runtime.ingest.run(job) { step in
            let rate = Int(step.chunksPerSecond)
            progress.show(
                "ingesting", done: step.done, total: step.total,
                detail: "\(step.chunkCount) chunks, \(rate)/s" + (step.failed > 0 ? ", \(step.failed) failed" : ""))
        }
        progress.finish()
        return totals
    }

    private func metadataFields() throws -> [String: JSONValue] {
        var fields: [String: JSONValue] = [:]
        for entry in metadata {
            guard let equals = entry.firstIndex(of: "="), equals != entry.startIndex else {
                throw CommandFailure(message: "--metadata '\(entry)' is not of the form k=v", exitCode: 64)
            }
            let text = String(entry[entry.index(after: equals)...])
            let value = (try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))) ?? .string(text)
            fields[String(entry[..<equals])] = value
        }
        return fields
    }

    private func report(_ output: Output) throws {
        if json {
            try Terminal.printJSON(output)
        } else {
            let progress = output.job?.progress
            let (done, failed, unchanged) = (progress?.done ?? 0, progress?.failed ?? 0, progress?.unchanged ?? 0)
            let seconds = (output.seconds * 10).rounded() / 10
            Terminal.print(
                "\(done - failed - unchanged) documents taken in, \(unchanged) unchanged, \(failed) failed: "
                    + "\(output.chunks) chunks in \(seconds) s")
            for item in output.job?.items ?? [] where item.state == .failed {
                Terminal.note("failed: \(item.externalID): \(item.error ?? "unknown reason")")
            }
            for skipped in output.skipped { Terminal.note("skipped: \(skipped.path): \(skipped.reason)") }
        }
        if let job = output.job, job.state == .failed {
            throw CommandFailure(message: "no document could be taken in" + (job.error.map { ": \($0)" } ?? ""))
        }
        if output.job == nil {
            throw CommandFailure(message: "nothing to take in: no file of a known type was found")
        }
    }
}
