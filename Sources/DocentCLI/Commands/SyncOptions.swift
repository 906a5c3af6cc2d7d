import ArgumentParser
import Ingestion
import Storage

/// The flags of `docent ingest` that keep a collection in step with its source.
struct SyncOptions: ParsableArguments {
    @Flag(
        help: """
            Removes documents that came from the same PATH, with the same --id-prefix, and are no longer there; none, \
            if anything could not be read. Of a crawl: those whose pages the site says are gone.
            """)
    var sync = false
    @Flag(name: .customLong("dry-run"), help: "Prints what would be added, changed and removed, and changes nothing.")
    var isDryRun = false
    @Flag(
        help: """
            Goes on taking in what changes in PATH until Ctrl-C or SIGTERM, a line for each change; with --json, JSON \
            Lines.
            """)
    var watch = false

    func validate() throws {
        if watch && isDryRun { throw ValidationError("--watch and --dry-run exclude each other") }
    }

    /// The mode of a single run.
    var mode: SyncMode { sync ? .on : .off }
}

/// `docent ingest --dry-run`: what an ingest would come to, as lines or as one JSON document.
struct DryRunReport: Encodable {
    private struct Failure: Encodable {
        var id: String
        var error: String
    }

    private struct Skipped: Encodable {
        var path: String
        var reason: String
    }

    private let added: [String]
    private let changed: [String]
    private let removed: [String]
    private let unchanged: Int
    private let failed: [Failure]
    private let skipped: [Skipped]
    private let syncNote: String?
    private let isDryRun = true

    private enum CodingKeys: String, CodingKey {
        case added, changed, removed, unchanged, failed, skipped
        case syncNote = "not_removed_reason"
        case isDryRun = "dry_run"
    }

    init(_ plan: IngestPlan) {
        added = plan.added
        changed = plan.changed
        removed = plan.removed
        unchanged = plan.unchangedCount
        failed = plan.failures.map { Failure(id: $0.id, error: $0.reason) }
        skipped = plan.skipped.map { Skipped(path: $0.path, reason: $0.reason) }
        syncNote = plan.syncNote
    }

    /// A line for each document that would change, and one with the counts.
    func printLines() {
        for (label, ids) in [("add", added), ("change", changed), ("remove", removed)] {
            for id in ids { Terminal.print(Table.row([label, id], [6, 0])) }
        }
        for failure in failed { Terminal.print(Table.row(["fail", "\(failure.id): \(failure.error)"], [6, 0])) }
        if let syncNote { Terminal.note("nothing would be removed: \(syncNote)") }
        Terminal.print(
            "dry run: \(added.count) to add, \(changed.count) to change, \(removed.count) to remove, "
                + "\(unchanged) unchanged, \(failed.count) can't be read")
    }
}
