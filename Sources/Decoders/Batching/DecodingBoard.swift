import Dispatch
import Foundation
import Synchronization

/// A text's place in the scheduler, shared by whoever asked for it and the thread that writes it.
final class DecodingTicket: Sendable {
    private let flag = Atomic<Bool>(false)
    /// Takes the text's events, on the writing thread.
    let report: @Sendable (DecoderScheduler.Event) -> Void

    init(report: @escaping @Sendable (DecoderScheduler.Event) -> Void) {
        self.report = report
    }

    /// Whether nobody wants the text any more.
    var isCancelled: Bool { flag.load(ordering: .relaxed) }

    /// Returns whether it is the first call.
    func cancel() -> Bool { !flag.exchange(true, ordering: .relaxed) }
}

/// The line of texts that wait, and the thread that writes those under way.
final class DecodingBoard: Sendable {
    struct Entry {
        var run: GenerationRun
        var ticket: DecodingTicket
    }

    let limits: DecoderScheduler.Limits
    private let model: DecoderModel
    private let prefixes: PrefixCache?
    private let state = Mutex(State())
    /// Counts reasons to look at the line.
    private let wake = DispatchSemaphore(value: 0)

    private struct State {
        var waiting: [Entry] = []
        var statistics = DecoderScheduler.Statistics()
        var hasThread = false
        var isClosed = false
    }

    init(model: DecoderModel, limits: DecoderScheduler.Limits, prefixes: PrefixCache?) {
        self.model = model
        self.limits = limits
        self.prefixes = prefixes
    }

    var statistics: DecoderScheduler.Statistics {
        state.withLock { state in
            var result = state.statistics
            result.waitingCount = state.waiting.count
            return result
        }
    }

    /// Puts a text at the end of the line.
    /// - Throws: `overloaded` when the line is full.
    func enter(_ run: GenerationRun, _ ticket: DecodingTicket) throws(DecoderError) {
        let entry = Entry(run: run, ticket: ticket)
        let (isRefused, needsThread) = state.withLock { state in
            guard state.waiting.count < limits.waitingCount else {
                state.statistics.refusedCount += 1
                return (true, false)
            }
            state.waiting.append(entry)
            defer { state.hasThread = true }
            return (false, !state.hasThread)
        }
        if isRefused { throw .overloaded(limit: limits.waitingCount) }
        if needsThread { startThread() }
        wake.signal()
    }

    /// Gives a text up: at once when it waits, before the next layer or pass when it is under way.
    func cancel(_ ticket: DecodingTicket) {
        guard ticket.cancel() else { return }
        let waiting = state.withLock { state in
            guard let place = state.waiting.firstIndex(where: { $0.ticket === ticket }) else { return Entry?.none }
            state.statistics.cancelledCount += 1
            state.statistics.endedCount += 1
            return state.waiting.remove(at: place)
        }
        if let waiting { ticket.report(.finished(waiting.run.result(.cancelled))) }
    }

    /// Gives up what waits, and lets the thread end after giving up what is under way.
    func close() {
        let waiting = state.withLock { state in
            state.isClosed = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for entry in waiting { entry.ticket.report(.finished(entry.run.result(.cancelled))) }
        wake.signal()
    }

    /// Takes up to `count` texts from the front of the line, waiting for one when `waits`; nil when the scheduler is
    /// gone.
    func take(_ count: Int, waits: Bool) -> [Entry]? {
        while true {
            let entries: [Entry]? = state.withLock { state in
                if state.isClosed { return nil }
                let entries = Array(state.waiting.prefix(count))
                state.waiting.removeFirst(entries.count)
                return entries
            }
            guard let entries else { return nil }
            if !entries.isEmpty || !waits { return entries }
            wake.wait()
        }
    }

    /// Changes the counts.
    func count(_ change: (inout DecoderScheduler.Statistics) -> Void) {
        state.withLock { change(&$0.statistics) }
    }

    private func startThread() {
        let thread = Thread { [self] in
            var worker = DecodingWorker(model: model, limits: limits, prefixes: prefixes, board: self)
            worker.run()
        }
        thread.name = "docent-decoder"
        thread.stackSize = 4 << 20
        thread.start()
    }
}
