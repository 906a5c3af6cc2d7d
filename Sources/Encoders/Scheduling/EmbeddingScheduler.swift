import Dispatch
import Foundation
import Synchronization

/// Embeds what many callers ask for, in batches by a budget of tokens, queries before passages.
///
///     caller ─▶ query lane ───▶ batch ─┐
///     caller ─▶ passage lane ─▶ batch ─┴─▶ encoder, whose thread pool both share
///
/// Each lane runs one batch at a time, made of what waits in it. A query therefore never waits for a passage batch to
/// end; and no passage batch begins while queries wait or run, up to ``Limits/yieldCount`` query batches in a row, after
/// which one passage batch goes: passages are slowed down, not starved. In a lane requests take turns, a quarter of a
/// batch each, so that a large one holds no small one up.
///
/// A caller that finds its lane idle runs its own batch: a lone query pays for no hand-over.
public final class EmbeddingScheduler: TextEmbedding {
    /// How much is done at once, and how much may wait.
    public struct Limits: Sendable, Equatable {
        /// Tokens of a batch, estimated from a text's length.
        public var batchTokenCount = 4_096
        /// Texts of asynchronous requests that may wait; one more request is refused.
        public var waitingTextCount = 16_384
        /// Query batches that a passage batch lets go first.
        public var yieldCount = 16

        /// The defaults.
        public init() {}
    }

    /// What the scheduler did so far and holds now.
    public struct Statistics: Sendable, Equatable {
        /// Batches of queries.
        public var queryBatchCount = 0
        /// Batches of passages.
        public var passageBatchCount = 0
        /// Texts embedded.
        public var textCount = 0
        /// Texts that wait now.
        public var waitingTextCount = 0
        /// Requests that were refused because too many texts waited.
        public var refusedCount = 0
    }

    /// The encoder's name.
    public var modelName: String { board.encoder.modelName }
    /// The encoder's fingerprint.
    public var fingerprint: String { board.encoder.fingerprint }
    /// D.
    public var dimension: Int { board.encoder.dimension }
    /// The encoder's limit.
    public var maxTokenCount: Int { board.encoder.maxTokenCount }
    /// What the scheduler did so far and holds now.
    public var statistics: Statistics { board.statistics }

    private let board: SchedulerBoard

    /// Puts a scheduler before an encoder; its threads start when something has to wait, and end with it.
    public init(encoder: any TextEmbedding, limits: Limits = Limits()) {
        board = SchedulerBoard(encoder: encoder, limits: limits)
    }

    deinit { board.close() }

    /// How many tokens `text` has, special tokens not included.
    public func tokenCount(of text: String) -> Int { board.encoder.tokenCount(of: text) }

    /// Embeds texts and waits for it, on a thread that may be kept waiting; see `TextEmbedding`.
    ///
    /// Never refused: as many of these wait as there are threads that call.
    public func embed(_ texts: [String], kind: TextKind) throws(EncoderError) -> Embeddings {
        if texts.isEmpty { return try board.encoder.embed(texts, kind: kind) }
        if let result = board.runDirectly(texts, kind) { return try result.get() }
        let answer = Mutex<Result<Embeddings, EncoderError>?>(nil)
        let isDone = DispatchSemaphore(value: 0)
        let ticket = board.ticket()
        _ = board.enter(texts, kind, ticket, isBounded: false) { result in
            answer.withLock { $0 = result }
            isDone.signal()
        }
        isDone.wait()
        guard let result = answer.withLock({ $0 }) else { throw .busy(waitingTextCount: 0) }
        return try result.get()
    }

    /// Embeds texts without holding a thread.
    /// - Parameters:
    ///   - texts: any texts.
    ///   - kind: what they are embedded for.
    ///   - cache: is asked first and remembers the rest; nil for none.
    /// - Returns: one row for each text, in the order of `texts`.
    /// - Throws: `EncoderError.busy` when too much waits, `EncoderError.notFinite`; `CancellationError` when the task was
    ///   cancelled before all was done.
    public func embed(
        _ texts: [String], kind: TextKind, cache: EmbeddingCache?
    ) async throws -> Embeddings {
        guard let cache else { return try await enqueue(texts, kind) }
        let lookup = CacheLookup(texts, kind: kind, of: board.encoder, in: cache)
        return lookup.completed(with: lookup.missing.isEmpty ? nil : try await enqueue(lookup.missing, kind))
    }

    private func enqueue(_ texts: [String], _ kind: TextKind) async throws -> Embeddings {
        if texts.isEmpty { return Embeddings(vectors: [], dimension: dimension, tokenCounts: [], truncated: []) }
        let ticket = board.ticket()
        defer { board.forget(ticket) }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Embeddings, any Error>) in
                let refusal = board.enter(texts, kind, ticket, isBounded: true) { result in
                    switch result {
                    case .success(let embeddings): continuation.resume(returning: embeddings)
                    case .failure(.cancelled): continuation.resume(throwing: CancellationError())
                    case .failure(let error): continuation.resume(throwing: error)
                    }
                }
                if let refusal {
                    continuation.resume(throwing: refusal == .cancelled ? CancellationError() : refusal)
                }
            }
        } onCancel: {
            board.leave(ticket)
        }
    }
}
