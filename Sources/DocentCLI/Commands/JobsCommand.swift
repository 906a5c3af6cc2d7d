import ArgumentParser
import Foundation
import Retrieval
import Storage

/// `docent jobs`: what is being taken in and was, and having it wait, go on, end or be tried again.
struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs", abstract: "Lists, shows, pauses, resumes, cancels and retries jobs.",
        subcommands: [List.self, Show.self, Cancel.self, Pause.self, Resume.self, Retry.self])

    /// What every subcommand but `list` is given.
    struct Target: ParsableArguments {
        @Argument(help: "The job's id.")
        var id: Int64
        @Flag(help: "Prints one JSON document.")
        var json = false
        @OptionGroup var global: GlobalOptions

        func store() async throws -> DocumentStore { try Runtime.store(try await Settings(global)) }

        func report(_ job: JobRecord) throws {
            if json { try Terminal.printJSON(job) } else { Terminal.print(JobsCommand.line(job)) }
        }

        /// Does the job to its end in this process.
        /// - Throws: `IngestionError.storage` when another process works on it.
        func run() async throws {
            let runtime = try await Runtime(try await Settings(global), isBrief: true)
            _ = try await IngestRun(runtime).run(id)
            await runtime.search.saveSnapshots()
            try report(try runtime.store.job(id: id))
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists jobs, newest first.")

        @Option(help: "Only jobs of this collection.")
        var collection: String?
        @Option(help: "Only jobs in this state: queued, running, succeeded, failed or cancelled.")
        var state: String?
        @Option(help: "At most this many.")
        var limit = 20
        @Flag(help: "Prints JSON Lines.")
        var json = false
        @OptionGroup var global: GlobalOptions

        func run() async throws {
            var wanted: JobState?
            if let state {
                guard let known = JobState(rawValue: state) else {
                    let names = JobState.allCases.map(\.rawValue).joined(separator: ", ")
                    throw CommandFailure(message: "state is '\(state)': use one of \(names)", exitCode: 64)
                }
                wanted = known
            }
            guard limit > 0 else {
                throw CommandFailure(message: "limit is \(limit) and must be above 0", exitCode: 64)
            }
            let store = try Runtime.store(try await Settings(global))
            let collectionID = try collection.map { try store.collection(named: $0).id }
            var (cursor, left): (String?, Int) = (nil, limit)
            repeat {
                let size = min(left, DocumentStore.maximumPageSize)
                let page = try store.jobs(in: collectionID, state: wanted, after: cursor, limit: size)
                for job in page.jobs {
                    Terminal.print(json ? try Terminal.json(job) : JobsCommand.line(job))
                }
                (cursor, left) = (page.nextCursor, left - page.jobs.count)
            } while cursor != nil && left > 0
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows a job, what failed in it and why.")

        @OptionGroup var target: Target

        func run() async throws {
            let job = try await target.store().job(id: target.id)
            try target.report(job)
            guard !target.json else { return }
            for item in job.items where item.state == .failed {
                Terminal.print("failed  \(item.externalID): \(item.error ?? "unknown reason")")
            }
            for id in job.removed { Terminal.print("removed \(id)") }
            if let note = job.syncNote { Terminal.print("nothing was removed: \(note)") }
        }
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ends a job: what is stored stays, what waits is dropped.")

        @OptionGroup var target: Target

        func run() async throws { try target.report(try await target.store().cancelJob(target.id)) }
    }

    struct Pause: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Has a job wait, in whatever process it runs, until it is resumed.")

        @OptionGroup var target: Target

        func run() async throws { try target.report(try await target.store().pauseJob(target.id)) }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Goes on with a paused job, in this process.")

        @OptionGroup var target: Target

        func run() async throws {
            let job = try await target.store().resumeJob(target.id)
            if job.state.isFinal { return try target.report(job) }
            try await target.run()
        }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Tries the failed items of a job again, in this process, and nothing else of it.")

        @OptionGroup var target: Target

        func run() async throws {
            let (job, count) = try await target.store().retryJob(target.id)
            Terminal.note("\(count) items are tried again")
            if count == 0 { return try target.report(job) }
            try await target.run()
        }
    }

    /// A job on one line.
    static func line(_ job: JobRecord) -> String {
        let progress = job.progress
        var counts = "\(progress.done)/\(progress.total)" + (progress.isTotalFinal ? "" : "+")
        if progress.failed > 0 { counts += ", \(progress.failed) failed" }
        if progress.removed > 0 { counts += ", \(progress.removed) removed" }
        if let seconds = job.pace?.secondsLeft { counts += ", \(Int(seconds.rounded(.up))) s left" }
        return Table.row(
            [
                "\(job.id)", job.isPaused ? "paused" : job.state.rawValue, job.collectionName,
                job.createdAt.formatted(.iso8601), counts,
            ], [6, 10, 20, 21, 0])
    }
}
