import ArgumentParser
import Foundation
import Ingestion
import Retrieval
import Storage

/// `docent ingest`: files, folders or JSON Lines into a collection.
struct IngestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ingest", abstract: "Takes documents into a collection.",
        discussion: """
            PATH is a file, a folder, an http(s) address whose site is crawled, or - for JSON Lines on standard input ({"id", "title", "text"|"html"|"markdown", \
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
    @OptionGroup var sync: SyncOptions
    @OptionGroup(title: "Crawl options") var crawl: CrawlOptions
    @OptionGroup var global: GlobalOptions

    /// Failures and skipped paths that are listed one by one.
    private static let shownReasons = 20

    private struct Output: Encodable {
        struct Skipped: Encodable {
            var path: String
            var reason: String
        }
        var job: JobRecord
        var skipped: [Skipped]
        var chunks: Int
        var tokens: Int
        var seconds: Double
    }

    private typealias Submission = (job: JobRecord, skipped: [FileCollector.Skipped])

    func run() async throws {
        var settings = try await Settings(global)
        if crawl.allowsPrivate { settings.crawl.allowsPrivate = true }
        if sync.isDryRun || sync.watch, paths.contains(where: CrawlOptions.isAddress) {
            throw CommandFailure(
                message: "--dry-run and --watch are for files: repeat a crawl with cron or a timer", exitCode: 64)
        }
        let fields = try metadataFields()
        if paths.contains("-"), sync.watch || sync.isDryRun {
            throw CommandFailure(message: "--watch and --dry-run can't be used with standard input", exitCode: 64)
        }
        let runtime = try await Runtime(settings, isBrief: true)
        if sync.isDryRun { return try dryRun(fields, runtime) }
        let (record, isNew) = try runtime.collectionForIngest(collection)
        let start = ContinuousClock.now
        try await IngestRun(runtime).finishEarlierJobs(of: record)
        if sync.watch { return try await watch(fields, runtime) }
        let submission: Submission
        do {
            submission = try submit(fields, to: record, runtime)
        } catch {
            // Nothing came of it: no empty collection stays behind.
            if isNew { _ = try? runtime.store.deleteCollection(named: record.name) }
            throw error
        }
        let totals = try await IngestRun(runtime).run(submission.job.id)
        await runtime.search.saveSnapshots()
        try report(
            Output(
                job: try runtime.store.job(id: submission.job.id),
                skipped: submission.skipped.map { .init(path: $0.path, reason: $0.reason) },
                chunks: totals?.chunkCount ?? 0, tokens: totals?.tokenCount ?? 0,
                seconds: (ContinuousClock.now - start) / .seconds(1)))
    }

    private func submit(
        _ fields: [String: JSONValue], to record: CollectionRecord, _ runtime: Runtime
    ) throws -> Submission {
        if paths.contains(where: CrawlOptions.isAddress) {
            guard let address = paths.first, paths.count == 1 else {
                throw CommandFailure(
                    message: "an address can't be mixed with other paths: crawl one site at a time",
                    exitCode: 64)
            }
            let settings = crawl.settings(url: address, isSync: sync.sync, metadata: fields)
            return (try runtime.ingest.submit(crawl: settings, into: record.name), [])
        }
        guard paths.contains("-") else {
            let submission = try runtime.ingest.submit(
                paths: paths, isRecursive: recursive, idPrefix: idPrefix, metadata: fields, sync: sync.mode,
                into: record.name)
            return (submission.job, submission.skipped)
        }
        guard paths == ["-"] else {
            throw CommandFailure(message: "- (standard input) can't be mixed with other paths", exitCode: 64)
        }
        guard !sync.sync || !idPrefix.isEmpty else {
            throw CommandFailure(
                message: "--sync of standard input needs --id-prefix, which tells this input from others",
                exitCode: 64)
        }
        let job = try runtime.ingest.submit(
            jsonLines: .standardInput, idPrefix: idPrefix, metadata: fields, sync: sync.mode, into: record.name)
        return (job, [])
    }

    private func watch(_ fields: [String: JSONValue], _ runtime: Runtime) async throws {
        let request = WatchRequest(
            paths: paths, isRecursive: recursive, idPrefix: idPrefix, metadata: fields, sync: sync.mode,
            collection: collection)
        try await WatchRun(runtime, isJSON: json).run(request)
    }

    private func dryRun(_ fields: [String: JSONValue], _ runtime: Runtime) throws {
        var record: CollectionRecord?
        do { record = try runtime.store.collection(named: collection) } catch StorageError.collectionNotFound {}
        let report = DryRunReport(
            try runtime.ingest.plan(
                paths: paths, isRecursive: recursive, idPrefix: idPrefix, metadata: fields, sync: sync.mode,
                into: record))
        if json { try Terminal.printJSON(report) } else { report.printLines() }
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

    /// Prints what became of it all.
    /// - Throws: `CommandFailure` when no document could be taken in; a single reason is part of its one line.
    private func report(_ output: Output) throws {
        let failed = output.job.items.filter { $0.state == .failed }
        let isLost = output.job.state == .failed
        if json {
            try Terminal.printJSON(output)
        } else if !isLost {
            let progress = output.job.progress
            let seconds = (output.seconds * 10).rounded() / 10
            Terminal.print(
                "\(progress.done - progress.failed - progress.unchanged - progress.skipped) documents taken in, "
                    + "\(progress.unchanged) unchanged, \(progress.failed) failed"
                    + (progress.skipped > 0 ? ", \(progress.skipped) skipped" : "")
                    + (output.job.isSync || progress.removed > 0 ? ", \(progress.removed) removed" : "")
                    + ": \(output.chunks) chunks in \(seconds) s")
        }
        if let note = output.job.syncNote { Terminal.note("nothing was removed: \(note)") }
        let reasons =
            failed.map { "\($0.externalID): \($0.error ?? "unknown reason")" }
            + output.skipped.map { "skipped \($0.path): \($0.reason)" }
        if isLost, reasons.count <= 1 {
            let reason = output.job.error ?? reasons.first
            throw CommandFailure(message: reason ?? "no document could be taken in")
        }
        for reason in reasons.prefix(Self.shownReasons) { Terminal.note(reason) }
        if reasons.count > Self.shownReasons {
            Terminal.note("… and \(reasons.count - Self.shownReasons) more: 'docent documents list --state failed'")
        }
        if isLost { throw CommandFailure(message: "none of \(reasons.count) documents could be taken in") }
    }
}
