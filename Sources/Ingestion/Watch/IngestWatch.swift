public import Storage

/// Keeps a collection in step with files and folders as they change, until its task is cancelled.
///
///     events ─▶ quiet for a moment ─▶ watches of new folders ─▶ listing ─▶ job of what has changed ─▶ its reports
///
/// A burst of events is one look at the files, which costs a listing of them; so dropped events, a folder that comes into
/// being with files in it and a file that is moved over another need no treatment of their own. Every minute it looks
/// without an event too, for file systems that tell of none.
public struct IngestWatch: Sendable {
    /// What happened.
    public enum Report: Sendable {
        /// Watching has begun; the reason for polling, where there are no events.
        case watching(pollingReason: String?)
        /// The first look is over: what had changed before the watch began is taken in.
        case upToDate
        /// A path is not there, or there again; nothing is removed meanwhile.
        case missing([String])
        /// A step of a job.
        case progress(IngestProgress)
        /// A job of changes has ended, or was let go of.
        case ended(JobRecord)
        /// A look at the files failed; the next one may not.
        case failed(IngestionError)
    }

    /// How long it waits.
    public struct Times: Sendable {
        /// How often events are looked for.
        public var step = Duration.milliseconds(100)
        /// A burst is over when nothing has happened for this long, or it has gone on for `longestBurst`.
        public var quiet = Duration.milliseconds(300)
        /// See `quiet`.
        public var longestBurst = Duration.seconds(5)
        /// Between looks without an event, where there are events.
        public var rescan = Duration.seconds(60)
        /// Between looks where there are none; longer, if looking takes long.
        public var poll = Duration.seconds(2)

        /// The defaults.
        public init() {}
    }

    private let service: IngestService
    private let request: WatchRequest
    private let times: Times
    private let allowsEvents: Bool

    /// Sets up a watch.
    /// - Parameters:
    ///   - request: what is watched.
    ///   - service: takes the changes in.
    ///   - times: how long it waits.
    ///   - allowsEvents: false looks at intervals even where the system would tell of changes.
    public init(_ request: WatchRequest, by service: IngestService, times: Times = Times(), allowsEvents: Bool = true) {
        self.service = service
        self.request = request
        self.times = times
        self.allowsEvents = allowsEvents
    }

    /// Watches until the calling task is cancelled; the document in hand is finished, the rest of its job waits.
    ///
    /// What has changed since the last ingest is taken in first.
    /// - Throws: `IngestionError.storage` when the store fails.
    public func run(_ report: (Report) -> Void) async throws(IngestionError) {
        let feed = ChangeFeed(allowsEvents: allowsEvents)
        var pass = WatchPass(request, by: service)
        let clock = ContinuousClock()
        feed.arm(folders)
        var isPolling = feed.isPolling
        report(.watching(pollingReason: feed.pollingReason))
        var missing: [String] = []
        var (interval, lastLook): (Duration, ContinuousClock.Instant?) = (.zero, nil)
        var burst: (first: ContinuousClock.Instant, last: ContinuousClock.Instant)?
        while !Task.isCancelled {
            let now = clock.now
            if feed.hasChanged() { burst = (burst?.first ?? now, now) }
            let isSettled = burst.map { now - $0.last >= times.quiet || now - $0.first >= times.longestBurst } ?? false
            let isDue = burst == nil && lastLook.map { now - $0 >= interval } ?? true
            if isSettled || isDue {
                burst = nil
                feed.arm(folders)
                if feed.isPolling != isPolling {
                    isPolling = feed.isPolling
                    report(.watching(pollingReason: feed.pollingReason))
                }
                if pass.missingPaths != missing {
                    missing = pass.missingPaths
                    report(.missing(missing))
                }
                if missing.isEmpty { try await look(&pass, report) }
                if lastLook == nil { report(.upToDate) }
                let took = clock.now - now
                interval = feed.isPolling || !missing.isEmpty ? max(times.poll, took * 10) : times.rescan
                lastLook = clock.now
            }
            try? await Task.sleep(for: times.step)
        }
    }

    private func look(_ pass: inout WatchPass, _ report: (Report) -> Void) async throws(IngestionError) {
        do throws(IngestionError) {
            guard let job = try pass.submit() else { return }
            report(.ended(try await service.run(job.id) { report(.progress($0)) }))
        } catch {
            if case .storage = error { throw error }
            report(.failed(error))
        }
    }

    /// The folders to watch: the given ones with those inside them, and those that given files are in.
    private var folders: Set<String> {
        FileCollector(isRecursive: request.isRecursive).folders(of: request.paths)
    }
}
