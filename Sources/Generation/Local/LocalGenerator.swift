public import Decoders
public import Retrieval
import Synchronization
import Tokenizers

/// Lets the local decoder write the answer.
///
/// Passages stand in front of the question, so that a second question over the same ones only costs itself
/// (`PrefixCache`), and words that an answer quotes from them are guessed ahead (`GenerationOptions.drafting`).
///
/// A small decoder can't pick the answer out of long passages, so the prompt stays short: passages are cut from the
/// end until it fits the budget. Control tokens can't come from documents (``PromptLibrary`` breaks them up).
public struct LocalGenerator: TextGenerating {
    /// `local`.
    public let name = "local"
    private let loader: DecoderLoader
    private let modelName: String
    private let prompts: PromptLibrary
    private let queue: ComputeQueue
    /// The most tokens of a prompt.
    ///
    /// Longer prompts cost time to the first word and confuse small models.
    private let promptBudget: Int
    /// What was computed for recent prompts.
    private let prefixes: PrefixCache

    /// Sets up the generator.
    /// - Parameters:
    ///   - loading: loads the decoder; called once, on the queue, when the first answer is asked for.
    ///   - modelName: what answers report.
    ///   - prompts: the templates.
    ///   - queue: where the CPU work runs.
    ///   - promptBudget: the most tokens of a prompt, 128 or more. Default 1,024; never more than the model's context.
    ///   - prefixMemoryBytes: the most memory for what was computed for recent prompts; 0 keeps nothing.
    public init(
        loading: @escaping @Sendable () throws -> DecoderModel, modelName: String, prompts: PromptLibrary,
        queue: ComputeQueue, promptBudget: Int = 1024, prefixMemoryBytes: Int = PrefixCache.defaultMemoryBytes
    ) {
        loader = DecoderLoader(loading)
        self.modelName = modelName
        self.prompts = prompts
        self.queue = queue
        self.promptBudget = max(128, promptBudget)
        prefixes = PrefixCache(memoryBytes: prefixMemoryBytes)
    }

    /// Writes token by token.
    public func generate(_ request: GenerationRequest) -> AsyncThrowingStream<GenerationEvent, any Error> {
        let (stream, continuation) = AsyncThrowingStream<GenerationEvent, any Error>.makeStream()
        let cancelled = CancellationFlag()
        let task = Task {
            do {
                let summary = try await queue.run { [self] in
                    let model = try loader.model()
                    let (ids, notes) = try prompt(for: request, model)
                    let decoded = try model.generate(
                        prompt: ids, parameters: request.parameters,
                        options: GenerationOptions(prefixCache: prefixes),
                        onToken: { token in
                            if !token.text.isEmpty { continuation.yield(.text(token.text)) }
                            return !cancelled.isSet
                        },
                        isCancelled: { cancelled.isSet })
                    return GenerationSummary(
                        generator: name, model: modelName, promptTokenCount: decoded.promptTokenCount,
                        cachedTokenCount: decoded.reusedTokenCount, completionTokenCount: decoded.tokens.count,
                        finishReason: decoded.finishReason, notes: notes)
                }
                continuation.yield(.finished(summary))
                continuation.finish()
            } catch let error as DecoderError {
                continuation.finish(throwing: GenerationError.decoderFailed(reason: "\(error)"))
            } catch {
                continuation.finish(throwing: error)
            }
        }
        continuation.onTermination = { _ in
            cancelled.set()
            task.cancel()
        }
        return stream
    }

    /// The prompt's token ids, with as many passages as fit, and a note when some don't.
    private func prompt(
        for request: GenerationRequest, _ model: DecoderModel
    ) throws -> (ids: [TokenID], notes: [String]) {
        let limit = model.contextLength - min(request.parameters.maxTokens, model.contextLength / 2)
        let budget = min(promptBudget, limit)
        var passages = request.passages
        while true {
            let (system, user) = prompts.render(
                system: .answerLocalSystem, user: .answerLocalUser, question: request.question, passages: passages,
                fence: "")
            let text = try model.chatTemplate.render(
                [ChatMessage(role: .system, content: system), ChatMessage(role: .user, content: user)],
                addGenerationPrompt: true)
            let ids = model.encode(prompt: text)
            if ids.count <= budget || (passages.count <= 1 && ids.count <= limit) {
                let left = request.passages.count - passages.count
                return (ids, left == 0 ? [] : ["\(left) of \(request.passages.count) passages did not fit the prompt"])
            }
            guard passages.count > 1 else { throw GenerationError.promptTooLong(tokenCount: ids.count, limit: limit) }
            passages.removeLast()
        }
    }
}

/// Set once, from any thread, when nobody reads the text any more.
final class CancellationFlag: Sendable {
    private let flag = Atomic<Bool>(false)

    var isSet: Bool { flag.load(ordering: .relaxed) }

    func set() { flag.store(true, ordering: .relaxed) }
}

/// Loads the decoder when it is first needed: most commands never are.
final class DecoderLoader: Sendable {
    private let load: @Sendable () throws -> DecoderModel
    private let loaded = Mutex<DecoderModel?>(nil)

    init(_ load: @escaping @Sendable () throws -> DecoderModel) {
        self.load = load
    }

    /// The model; the first caller loads it while the others wait.
    func model() throws -> DecoderModel {
        try loaded.withLock { loaded in
            if let model = loaded { return model }
            let model = try load()
            loaded = model
            return model
        }
    }
}
