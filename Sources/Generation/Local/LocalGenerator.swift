import Decoders
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
    private let decoder: LocalDecoder
    private let prompts: PromptLibrary
    /// The most tokens of a prompt.
    ///
    /// Longer prompts cost time to the first word and confuse small models.
    private let promptBudget: Int

    /// Sets up the generator.
    /// - Parameters:
    ///   - decoder: writes.
    ///   - prompts: the templates.
    ///   - promptBudget: the most tokens of a prompt, 128 or more. Default 1,024; never more than the model's context.
    public init(decoder: LocalDecoder, prompts: PromptLibrary, promptBudget: Int = 1024) {
        self.decoder = decoder
        self.prompts = prompts
        self.promptBudget = max(128, promptBudget)
    }

    /// Writes token by token.
    public func generate(_ request: GenerationRequest) -> AsyncThrowingStream<GenerationEvent, any Error> {
        let (stream, continuation) = AsyncThrowingStream<GenerationEvent, any Error>.makeStream()
        let task = Task {
            do {
                try await write(request) { continuation.yield($0) }
                continuation.finish()
            } catch DecoderError.overloaded(let limit) {
                continuation.finish(throwing: GenerationError.overloaded(limit: limit))
            } catch let error as DecoderError {
                continuation.finish(throwing: GenerationError.decoderFailed(reason: "\(error)"))
            } catch {
                continuation.finish(throwing: error)
            }
        }
        continuation.onTermination = { _ in task.cancel() }
        return stream
    }

    private func write(_ request: GenerationRequest, yield: (GenerationEvent) -> Void) async throws {
        let notes = Mutex<[String]>([])
        let (_, events) = try await decoder.text(parameters: request.parameters) { [self] model in
            let (ids, made) = try prompt(for: request, model)
            notes.withLock { $0 = made }
            return ids
        }
        for try await event in events {
            switch event {
            case .token(let token): if !token.text.isEmpty { yield(.text(token.text)) }
            case .finished(let decoded):
                yield(
                    .finished(
                        GenerationSummary(
                            generator: name, model: decoder.modelName, promptTokenCount: decoded.promptTokenCount,
                            cachedTokenCount: decoded.reusedTokenCount, completionTokenCount: decoded.tokens.count,
                            finishReason: decoded.finishReason, notes: notes.withLock { $0 })))
            }
        }
        try Task.checkCancellation()
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
