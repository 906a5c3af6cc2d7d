import Encoders
import Logging
import Storage

/// Runs one job: reading and cutting, embedding, and storing go on side by side, each on its own queue.
///
/// One async loop owns all state. Reading stops while enough text waits for the encoder, so memory is bounded by a few
/// documents and batches. A document is stored in one transaction with the end of its job item, so that a crash at any
/// moment leaves each document old or new and each item done or to do again.
struct IngestPipeline {
    let store: DocumentStore
    let embedder: any TextEmbedding
    let preparer: DocumentPreparer
    let logger: Logger
    let parserCount: Int
    let onCommit: @Sendable (Int64) -> Void

    /// Tokens of a batch: enough to pack texts of like length together, little enough for frequent progress.
    private static let batchTokens = 16_384
    private static let batchTexts = 256
    /// Reading stops while this much waits.
    private static let mostWaitingTokens = 4 * batchTokens
    /// Reading stops while so many chunks are on their way to the store: what has vectors already needs no encoder, and
    /// comes faster than it is stored.
    private static let mostHeldChunks = 16_384

    private let parsing = WorkQueue(label: "docent.ingest.parse", isConcurrent: true)
    private let embedding = WorkQueue(label: "docent.ingest.embed")
    private let storing = WorkQueue(label: "docent.ingest.store")

    init(
        store: DocumentStore, embedder: any TextEmbedding, preparer: DocumentPreparer, logger: Logger, parserCount: Int,
        onCommit: @escaping @Sendable (Int64) -> Void
    ) {
        self.store = store
        self.embedder = embedder
        self.preparer = preparer
        self.logger = logger
        self.parserCount = parserCount
        self.onCommit = onCommit
    }

    private enum Event: Sendable {
        /// What became of an item, and how many files of documents had been opened when it was asked for.
        case prepared(Preparation, expansions: Int)
        case embedded([Embedded])
        case stored([Outcome], chunkCount: Int)
    }

    /// A batch, or a part of it, and its vectors.
    private struct Embedded: Sendable {
        var batch: EmbeddingQueue.Batch
        var result: Result<Embeddings, EncoderError>
    }

    /// What became of a document in the last stage.
    private enum Outcome: Sendable {
        case stored(id: String, chunkCount: Int, byteCount: Int, warnings: [String])
        case failed(id: String, reason: String)
        case stopped(IngestionError)
    }

    /// The loop's state.
    private struct State {
        var queue = EmbeddingQueue()
        var ready: [PreparedDocument] = []
        /// Chunks that were read and are not stored yet.
        var heldChunks = 0
        var parsing = 0
        var isEmbedding = false
        var isStoring = false
        /// No item was left to take; a file of documents that is being opened may add some.
        var isDrained = false
        /// The job was paused meanwhile.
        var isPaused = false
        /// Files of documents that were opened.
        var expansionCount = 0
        var stop: IngestionError?
        var progress: IngestProgress
        let clock = ContinuousClock()
        let start: ContinuousClock.Instant

        init(_ job: JobProgress) {
            progress = IngestProgress(event: .started)
            progress.doneCount = job.done
            progress.totalCount = job.total
            progress.failedCount = job.failed
            progress.unchangedCount = job.unchanged
            progress.skippedCount = job.skipped
            progress.removedCount = job.removed
            start = clock.now
        }

        mutating func report(_ event: IngestProgress.Event, to callback: (IngestProgress) -> Void) {
            progress.event = event
            progress.elapsed = clock.now - start
            callback(progress)
        }
    }

    /// Does the job's items until none is left, the job is cancelled or paused, or the store fails; then its sync.
    /// - Throws: `IngestionError.storage`; items not finished then wait for the next run.
    func run(_ job: JobRecord, progress: (IngestProgress) -> Void) async throws(IngestionError) {
        var state = State(job.progress)
        state.report(.started, to: progress)
        await withTaskGroup(of: Event.self) { group in
            schedule(&state, &group)
            while let event = await group.next() {
                handle(event, &state, progress)
                schedule(&state, &group)
            }
        }
        if let error = state.stop { throw error }
        if job.isSync { try await removeGone(job.id, &state, progress) }
        state.report(.finished, to: progress)
    }

    /// Removes what is gone from the source, a step at a time.
    private func removeGone(
        _ jobID: Int64, _ state: inout State, _ report: (IngestProgress) -> Void
    ) async throws(IngestionError) {
        while !Task.isCancelled {
            let result = await storing.run { [store] in
                Result { () throws(StorageError) in try store.removeGone(job: jobID) }
            }
            let step: SyncStep
            do { step = try result.get() } catch { throw .storage(reason: error.description) }
            state.progress.removedCount += step.removed.count
            for id in step.removed { state.report(.removed(id: id), to: report) }
            if !step.removed.isEmpty { onCommit(preparer.collection.id) }
            if step.isDone { return }
        }
    }

    private func schedule(_ state: inout State, _ group: inout TaskGroup<Event>) {
        let isStopping = state.stop != nil || state.isPaused || Task.isCancelled
        if !isStopping, !state.isDrained {
            while state.parsing < parserCount, state.queue.waitingTokens < Self.mostWaitingTokens,
                state.ready.count < 4 * parserCount, state.heldChunks < Self.mostHeldChunks
            {
                state.parsing += 1
                let expansions = state.expansionCount
                group.addTask { [preparer, parsing] in
                    .prepared(await parsing.run { preparer.next() }, expansions: expansions)
                }
            }
        }
        let isFull = state.queue.waitingTokens >= Self.batchTokens || state.queue.waitingCount >= Self.batchTexts
        // A short batch goes only when nothing can fill it, or when what could is waited for from a network.
        if !isStopping, !state.isEmbedding, isFull || state.parsing == 0 || preparer.crawler != nil,
            let batch = state.queue.nextBatch(mostTokens: Self.batchTokens, mostTexts: Self.batchTexts)
        {
            state.isEmbedding = true
            group.addTask { [embedder, embedding] in
                .embedded(await embedding.run { Self.embed(batch, embedder) })
            }
        }
        if !state.isStoring, !state.ready.isEmpty, state.stop == nil {
            state.isStoring = true
            let documents = state.ready
            state.ready = []
            let count = documents.reduce(0) { $0 + $1.document.chunks.count }
            group.addTask { [self] in .stored(await storing.run { store(documents) }, chunkCount: count) }
        }
    }

    private func handle(_ event: Event, _ state: inout State, _ report: (IngestProgress) -> Void) {
        switch event {
        case .prepared(let preparation, let expansions):
            state.parsing -= 1
            handle(preparation, expansions: expansions, &state, report)
        case .embedded(let parts):
            state.isEmbedding = false
            for part in parts { handle(part, &state, report) }
            if state.ready.isEmpty { state.report(.embedded, to: report) }
        case .stored(let outcomes, let chunkCount):
            state.isStoring = false
            state.heldChunks -= chunkCount
            var isChanged = false
            for outcome in outcomes {
                switch outcome {
                case .stored(let id, let chunkCount, let byteCount, let warnings):
                    isChanged = true
                    state.progress.doneCount += 1
                    state.progress.chunkCount += chunkCount
                    state.progress.byteCount += byteCount
                    state.report(.stored(id: id, chunkCount: chunkCount, warnings: warnings), to: report)
                case .failed(let id, let reason): failed(id, reason, &state, report)
                case .stopped(let error): state.stop = state.stop ?? error
                }
            }
            if isChanged { onCommit(preparer.collection.id) }
        }
    }

    private func handle(_ part: Embedded, _ state: inout State, _ report: (IngestProgress) -> Void) {
        switch part.result {
        case .success(let embeddings):
            state.progress.embeddedCount += part.batch.texts.count
            state.progress.tokenCount += part.batch.tokenCount
            let cut = embeddings.truncated.count { $0 }
            if cut > 0 { logger.warning("chunks longer than the encoder reads", metadata: ["count": "\(cut)"]) }
            state.ready += state.queue.complete(part.batch, embeddings)
        case .failure(let error):
            let reason = IngestionError.embedding(reason: "\(error)").description
            for item in Set(part.batch.places.map(\.item)).sorted() {
                guard let document = state.queue.remove(item) else { continue }
                state.heldChunks -= document.document.chunks.count
                fail(document, reason, &state, report)
            }
        }
    }

    private func handle(
        _ preparation: Preparation, expansions: Int, _ state: inout State, _ report: (IngestProgress) -> Void
    ) {
        switch preparation {
        // What a file opened meanwhile has added may not have been there yet when it was looked for.
        case .nothingLeft: state.isDrained = expansions == state.expansionCount
        case .paused: state.isPaused = true
        case .ready(let prepared):
            state.heldChunks += prepared.document.chunks.count
            if prepared.missing.isEmpty { state.ready.append(prepared) } else { state.queue.add(prepared) }
        case .unchanged(let id, let byteCount):
            state.progress.doneCount += 1
            state.progress.unchangedCount += 1
            state.progress.byteCount += byteCount
            state.report(.unchanged(id: id), to: report)
        case .failed(let id, let reason): failed(id, reason, &state, report)
        case .expanded(let itemCount, let unchangedCount):
            state.progress.totalCount += itemCount - 1
            state.progress.doneCount += unchangedCount
            state.progress.unchangedCount += unchangedCount
            state.expansionCount += 1
            state.isDrained = false
        case .skipped(let id, let reason):
            state.progress.doneCount += 1
            state.progress.skippedCount += 1
            state.report(.skipped(id: id, reason: reason), to: report)
        case .removed(let id):
            state.progress.doneCount += 1
            state.progress.removedCount += 1
            state.report(.removed(id: id), to: report)
            onCommit(preparer.collection.id)
        case .page(let page, let addedCount):
            state.progress.totalCount += addedCount
            if addedCount > 0 { state.expansionCount += 1 }
            handle(page, expansions: expansions, &state, report)
            if addedCount > 0 { state.isDrained = false }
        case .stopped(let error): state.stop = state.stop ?? error
        }
    }

    private func failed(_ id: String, _ reason: String, _ state: inout State, _ report: (IngestProgress) -> Void) {
        state.progress.doneCount += 1
        state.progress.failedCount += 1
        logger.warning("document not ingested", metadata: ["document": "\(id)", "reason": "\(reason)"])
        state.report(.failed(id: id, reason: reason), to: report)
    }

    private func fail(
        _ document: PreparedDocument, _ reason: String, _ state: inout State, _ report: (IngestProgress) -> Void
    ) {
        do throws(StorageError) {
            try store.recordFailure(
                externalID: document.document.externalID, in: preparer.collection.id, title: document.document.title,
                contentType: document.document.contentType, byteCount: document.document.byteCount, error: reason,
                finishing: document.itemID)
            failed(document.document.externalID, reason, &state, report)
        } catch {
            state.stop = state.stop ?? .storage(reason: error.description)
        }
    }

    /// Embeds a batch; should that fail, each document's part by itself, so that none fails for another.
    private static func embed(_ batch: EmbeddingQueue.Batch, _ embedder: any TextEmbedding) -> [Embedded] {
        do throws(EncoderError) {
            return [Embedded(batch: batch, result: .success(try embedder.embed(batch.texts, kind: .passage)))]
        } catch {
            let parts = batch.byDocument()
            guard parts.count > 1 else { return [Embedded(batch: batch, result: .failure(error))] }
            return parts.flatMap { embed($0, embedder) }
        }
    }

    /// Stores documents, each in a transaction of its own with the end of its item.
    private func store(_ documents: [PreparedDocument]) -> [Outcome] {
        var outcomes: [Outcome] = []
        for prepared in documents {
            let document = prepared.document
            do throws(StorageError) {
                try store.replaceDocument(document, in: preparer.collection.id, finishing: prepared.itemID)
                outcomes.append(
                    .stored(
                        id: document.externalID, chunkCount: document.chunks.count, byteCount: document.byteCount,
                        warnings: prepared.warnings))
            } catch {
                // What is wrong with this document fails it; what is wrong with the store stops the job.
                guard case .invalidInput = error else {
                    outcomes.append(.stopped(.storage(reason: error.description)))
                    return outcomes
                }
                do throws(StorageError) {
                    try store.recordFailure(
                        externalID: document.externalID, in: preparer.collection.id, title: document.title,
                        error: error.description, finishing: prepared.itemID)
                    outcomes.append(.failed(id: document.externalID, reason: error.description))
                } catch {
                    outcomes.append(.stopped(.storage(reason: error.description)))
                    return outcomes
                }
            }
        }
        return outcomes
    }
}
