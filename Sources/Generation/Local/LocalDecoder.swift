public import Decoders
public import Retrieval
import Synchronization
public import Tokenizers

/// The local decoder as all of its users share it: loaded when it is first needed, its texts written together.
public final class LocalDecoder: Sendable {
    /// The name it is asked for by, and that answers report.
    public let modelName: String
    private let load: @Sendable () throws -> DecoderModel
    private let queue: ComputeQueue
    private let limits: DecoderScheduler.Limits
    private let prefixes: PrefixCache
    private let loaded = Mutex<DecoderScheduler?>(nil)

    /// Sets the decoder up; nothing is loaded yet.
    /// - Parameters:
    ///   - loading: loads the model; called once, on the queue, when the first text is asked for.
    ///   - modelName: what answers report.
    ///   - queue: where prompts are made.
    ///   - limits: how many texts are written at once and how many may wait.
    ///   - prefixMemoryBytes: the most memory for what was computed for recent prompts; 0 keeps nothing.
    public init(
        loading: @escaping @Sendable () throws -> DecoderModel, modelName: String, queue: ComputeQueue,
        limits: DecoderScheduler.Limits = DecoderScheduler.Limits(),
        prefixMemoryBytes: Int = PrefixCache.defaultMemoryBytes
    ) {
        load = loading
        self.modelName = modelName
        self.queue = queue
        self.limits = limits
        prefixes = PrefixCache(memoryBytes: prefixMemoryBytes)
    }

    /// What its scheduler did so far and holds now.
    public var statistics: DecoderScheduler.Statistics {
        loaded.withLock { $0?.statistics } ?? DecoderScheduler.Statistics()
    }

    /// Starts a text.
    ///
    /// Whoever stops reading the stream gives the text up.
    /// - Parameters:
    ///   - parameters: how tokens are chosen.
    ///   - prompt: makes the prompt's tokens; runs on the queue.
    /// - Returns: the model, and the text's tokens as they come.
    /// - Throws: `DecoderError`, `RetrievalError.overloaded`, and what `prompt` throws.
    public func text(
        parameters: SamplingParameters, prompt: @escaping @Sendable (DecoderModel) throws -> [TokenID]
    ) async throws -> (model: DecoderModel, events: AsyncThrowingStream<DecoderScheduler.Event, any Error>) {
        try await queue.run {
            [self] () throws -> (DecoderModel, AsyncThrowingStream<DecoderScheduler.Event, any Error>) in
            let scheduler = try self.scheduler()
            return (
                scheduler.model, try scheduler.text(prompt: try prompt(scheduler.model), parameters: parameters)
            )
        }
    }

    /// The scheduler; the first caller loads its model while the others wait.
    private func scheduler() throws -> DecoderScheduler {
        try loaded.withLock { loaded in
            if let scheduler = loaded { return scheduler }
            let scheduler = DecoderScheduler(model: try load(), limits: limits, prefixes: prefixes)
            loaded = scheduler
            return scheduler
        }
    }
}
