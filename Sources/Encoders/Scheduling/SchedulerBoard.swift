import Dispatch
import Foundation
import Synchronization

/// What waits and what runs of an `EmbeddingScheduler`, and the two threads that work it off.
final class SchedulerBoard: Sendable {
    typealias Completion = @Sendable (Result<Embeddings, EncoderError>) -> Void
    /// Some texts of one request.
    private typealias Part = (ticket: UInt64, texts: Range<Int>)

    private struct Request {
        let texts: [String]
        /// Estimated tokens of each text.
        let costs: [Int]
        /// The first text that is in no batch yet.
        var next = 0
        /// Texts that are not done.
        var remaining: Int
        var result: Embeddings
        let completion: Completion
    }

    private struct Lane {
        /// Requests with texts that are in no batch yet, the next to be served first.
        var order: [UInt64] = []
        var isRunning = false
        var hasThread = false
    }

    private struct State {
        var queries = Lane()
        var passages = Lane()
        var requests: [UInt64: Request] = [:]
        var lastTicket: UInt64 = 0
        /// Cancelled before they entered, or after they were done.
        var cancelled: Set<UInt64> = []
        /// Query batches that went before a waiting passage batch.
        var yieldCount = 0
        var isYielding = false
        var isClosed = false
        var statistics = EmbeddingScheduler.Statistics()

        subscript(kind: TextKind) -> Lane {
            get { kind == .query ? queries : passages }
            set { if kind == .query { queries = newValue } else { passages = newValue } }
        }
    }

    let encoder: any TextEmbedding
    private let limits: EmbeddingScheduler.Limits
    private let state = Mutex(State())
    private let queryWake = DispatchSemaphore(value: 0)
    private let passageWake = DispatchSemaphore(value: 0)

    init(encoder: any TextEmbedding, limits: EmbeddingScheduler.Limits) {
        self.encoder = encoder
        self.limits = limits
    }

    var statistics: EmbeddingScheduler.Statistics { state.withLock { $0.statistics } }

    /// A number for a request that is about to enter.
    func ticket() -> UInt64 {
        state.withLock {
            $0.lastTicket += 1
            return $0.lastTicket
        }
    }

    // MARK: - Coming and going

    /// Embeds on the caller's thread; nil when the lane is busy or the texts are more than one batch.
    func runDirectly(_ texts: [String], _ kind: TextKind) -> Result<Embeddings, EncoderError>? {
        guard costs(of: texts).reduce(0, +) <= limits.batchTokenCount else { return nil }
        let isFree = state.withLock { state in
            guard !state[kind].isRunning, state[kind].order.isEmpty, !mustYield(state, kind) else { return false }
            state[kind].isRunning = true
            count(texts.count, kind, &state)
            return true
        }
        guard isFree else { return nil }
        defer { finish(kind) }
        do throws(EncoderError) {
            return .success(try encoder.embed(texts, kind: kind))
        } catch {
            return .failure(error)
        }
    }

    /// Lines a request up; `completion` is called once, from another thread, unless it is refused.
    /// - Returns: why it is refused: `.busy`, or `.cancelled` when it was before it came.
    func enter(
        _ texts: [String], _ kind: TextKind, _ ticket: UInt64, isBounded: Bool, completion: @escaping Completion
    ) -> EncoderError? {
        let request = Request(
            texts: texts, costs: costs(of: texts), remaining: texts.count,
            result: Embeddings(
                vectors: [Float](repeating: 0, count: texts.count * encoder.dimension), dimension: encoder.dimension,
                tokenCounts: [Int](repeating: 0, count: texts.count),
                truncated: [Bool](repeating: false, count: texts.count)),
            completion: completion)
        let (refusal, needsThread): (EncoderError?, Bool) = state.withLock { state in
            if state.cancelled.contains(ticket) { return (.cancelled, false) }
            let waiting = state.statistics.waitingTextCount
            if isBounded, waiting > 0, waiting + texts.count > limits.waitingTextCount {
                state.statistics.refusedCount += 1
                return (.busy(waitingTextCount: waiting), false)
            }
            state.requests[ticket] = request
            state[kind].order.append(ticket)
            state.statistics.waitingTextCount += texts.count
            defer { state[kind].hasThread = true }
            return (nil, !state[kind].hasThread)
        }
        if refusal != nil { return refusal }
        if needsThread { startThread(kind) }
        wake(kind).signal()
        return nil
    }

    /// Takes a request out; what of it is in a batch is thrown away when the batch is done.
    func leave(_ ticket: UInt64) {
        let request: Request? = state.withLock { state in
            let request = remove(ticket, &state)
            if request == nil { state.cancelled.insert(ticket) }
            return request
        }
        request?.completion(.failure(.cancelled))
    }

    /// The caller has its answer: nothing about this ticket needs to be kept.
    func forget(_ ticket: UInt64) {
        state.withLock { _ = $0.cancelled.remove(ticket) }
    }

    /// Ends the threads.
    func close() {
        state.withLock { $0.isClosed = true }
        queryWake.signal()
        passageWake.signal()
    }

    private func remove(_ ticket: UInt64, _ state: inout State) -> Request? {
        guard let request = state.requests.removeValue(forKey: ticket) else { return nil }
        state.queries.order.removeAll { $0 == ticket }
        state.passages.order.removeAll { $0 == ticket }
        state.statistics.waitingTextCount -= request.texts.count - request.next
        return request
    }

    /// A token has three bytes or more in most languages: a guess that costs nothing.
    private func costs(of texts: [String]) -> [Int] {
        texts.map { min($0.utf8.count / 3 + 2, encoder.maxTokenCount) }
    }

    private func wake(_ kind: TextKind) -> DispatchSemaphore { kind == .query ? queryWake : passageWake }
}

// MARK: - Working it off

extension SchedulerBoard {
    private func startThread(_ kind: TextKind) {
        let thread = Thread { [self] in
            while !state.withLock({ $0.isClosed }) {
                wake(kind).wait()
                while let batch = nextBatch(kind) {
                    run(batch, kind)
                    finish(kind)
                }
            }
        }
        thread.name = "embed-\(kind.rawValue)"
        thread.stackSize = 4 << 20
        thread.start()
    }

    /// Whether a batch of this lane has to wait for queries.
    private func mustYield(_ state: borrowing State, _ kind: TextKind) -> Bool {
        kind == .passage && (state.queries.isRunning || !state.queries.order.isEmpty)
            && state.yieldCount < limits.yieldCount
    }

    /// The lane's next batch, which then runs; nil when there is none, one runs already, or queries go first.
    private func nextBatch(_ kind: TextKind) -> [Part]? {
        state.withLock { state in
            guard !state[kind].isRunning, !state[kind].order.isEmpty else { return nil }
            if mustYield(state, kind) {
                state.isYielding = true
                return nil
            }
            var batch: [Part] = []
            var room = limits.batchTokenCount
            while let ticket = state[kind].order.first, var request = state.requests[ticket] {
                let start = request.next
                var share = min(room, max(1, limits.batchTokenCount / 4))
                while request.next < request.texts.count,
                    request.costs[request.next] <= share || (batch.isEmpty && request.next == start)
                {
                    share -= request.costs[request.next]
                    room -= request.costs[request.next]
                    request.next += 1
                }
                if request.next == start { break }
                batch.append((ticket, start..<request.next))
                state[kind].order.removeFirst()
                if request.next < request.texts.count { state[kind].order.append(ticket) }
                state.requests[ticket] = request
            }
            let textCount = batch.reduce(0) { $0 + $1.texts.count }
            state.statistics.waitingTextCount -= textCount
            state[kind].isRunning = true
            count(textCount, kind, &state)
            return batch
        }
    }

    private func count(_ textCount: Int, _ kind: TextKind, _ state: inout State) {
        state.statistics.textCount += textCount
        if kind == .query {
            state.statistics.queryBatchCount += 1
            if !state.passages.order.isEmpty { state.yieldCount += 1 }
        } else {
            state.statistics.passageBatchCount += 1
            state.yieldCount = 0
        }
    }

    /// The lane's batch is done: the next one may go, and passages that have let queries go first.
    private func finish(_ kind: TextKind) {
        let (hasMore, hasYielded): (Bool, Bool) = state.withLock { state in
            state[kind].isRunning = false
            let hasYielded = kind == .query && state.isYielding
            if hasYielded { state.isYielding = false }
            return (!state[kind].order.isEmpty, hasYielded)
        }
        if hasMore { wake(kind).signal() }
        if hasYielded { passageWake.signal() }
    }

    /// Embeds a batch; should that fail, each request's part by itself, so that none fails for another.
    private func run(_ batch: [Part], _ kind: TextKind) {
        let (parts, texts): ([Part], [String]) = state.withLock { state in
            var (parts, texts): ([Part], [String]) = ([], [])
            for part in batch {
                guard let request = state.requests[part.ticket] else { continue }  // cancelled
                parts.append(part)
                texts += request.texts[part.texts]
            }
            return (parts, texts)
        }
        guard !parts.isEmpty else { return }
        do throws(EncoderError) {
            complete(parts, try encoder.embed(texts, kind: kind))
        } catch {
            let tickets = Set(parts.map(\.ticket))
            guard tickets.count > 1 else { return fail(tickets, error) }
            for ticket in tickets.sorted() { run(parts.filter { $0.ticket == ticket }, kind) }
        }
    }

    private func fail(_ tickets: Set<UInt64>, _ error: EncoderError) {
        let requests = state.withLock { state in tickets.compactMap { remove($0, &state) } }
        for request in requests { request.completion(.failure(error)) }
    }

    /// Hands a batch's rows to the requests they belong to.
    private func complete(_ parts: [Part], _ embeddings: Embeddings) {
        let size = embeddings.dimension
        let done = state.withLock { state in
            var done: [Request] = []
            var row = 0
            for part in parts {
                let rows = row..<(row + part.texts.count)
                row = rows.upperBound
                guard var request = state.requests.removeValue(forKey: part.ticket) else { continue }
                let place = (part.texts.lowerBound * size)..<(part.texts.upperBound * size)
                let source = (rows.lowerBound * size)..<(rows.upperBound * size)
                request.result.vectors.replaceSubrange(place, with: embeddings.vectors[source])
                request.result.tokenCounts.replaceSubrange(part.texts, with: embeddings.tokenCounts[rows])
                request.result.truncated.replaceSubrange(part.texts, with: embeddings.truncated[rows])
                request.remaining -= part.texts.count
                if request.remaining == 0 { done.append(request) } else { state.requests[part.ticket] = request }
            }
            return done
        }
        for request in done { request.completion(.success(request.result)) }
    }
}
