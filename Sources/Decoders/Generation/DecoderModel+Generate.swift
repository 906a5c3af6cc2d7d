public import Tokenizers

extension DecoderModel {
    /// Writes a continuation of `prompt`.
    ///
    /// Runs on the calling thread and the model's pool until the text ends; call it off the event loops.
    /// - Parameters:
    ///   - ids: the prompt's tokens; `encode(prompt:)` makes them. At least one place of the context must be left.
    ///   - parameters: how tokens are chosen and when the text ends.
    ///   - onToken: takes each token as it comes; the pieces put together are the text. Returning false ends the text.
    ///     When text is still held back at the end, it comes with the token that ended the text.
    ///   - isCancelled: asked between blocks of the prompt; true ends the text there.
    /// - Returns: the text, its tokens and timings.
    /// - Throws: `emptyPrompt`, `invalidToken`, `contextOverflow` or `invalidParameter`; nothing was then written.
    public func generate(
        prompt ids: [TokenID], parameters: SamplingParameters, onToken: (DecodedToken) -> Bool = { _ in true },
        isCancelled: () -> Bool = { false }
    ) throws(DecoderError) -> DecodedText {
        try parameters.validate()
        guard ids.count < contextLength else {
            throw .contextOverflow(tokenCount: ids.count + 1, limit: contextLength)
        }
        // The last token is never read back, so the session needs no place for it.
        let session = DecoderSession(model: self, contextLength: ids.count + parameters.maxTokens)
        var run = GenerationRun(model: self, session: session, parameters: parameters, prompt: ids)
        return try run.execute(isCancelled: isCancelled, onToken: onToken)
    }

    /// The log-probability of each of `ids` given those before it, the first one left out.
    /// - Returns: `ids.count − 1` values (base e).
    /// - Throws: `emptyPrompt`, `invalidToken` or `contextOverflow`.
    public func logProbabilities(of ids: [TokenID]) throws(DecoderError) -> [Float] {
        let session = DecoderSession(model: self, contextLength: max(ids.count, 1))
        var result: [Float] = []
        try session.logits(ids) { index, logits in
            guard index + 1 < ids.count else { return }
            result.append(logits[Int(ids[index + 1])] - logSumExp(logits))
        }
        return result
    }
}

/// One text being written.
private struct GenerationRun {
    let model: DecoderModel
    let session: DecoderSession
    let parameters: SamplingParameters
    let prompt: [TokenID]
    private let clock = ContinuousClock()
    private var sampler: Sampler
    private var stream: TextStream
    private var text = ""
    private var tokens: [TokenID] = []
    private var logprobs: [Float] = []

    init(model: DecoderModel, session: DecoderSession, parameters: SamplingParameters, prompt: [TokenID]) {
        self.model = model
        self.session = session
        self.parameters = parameters
        self.prompt = prompt
        sampler = Sampler(parameters, history: prompt)
        stream = TextStream(stops: parameters.stop)
    }

    mutating func execute(
        isCancelled: () -> Bool, onToken: (DecodedToken) -> Bool
    ) throws(DecoderError) -> DecodedText {
        let start = clock.now
        let complete = try session.prefill(prompt, while: { !isCancelled() })
        let middle = clock.now
        let reason = complete ? try decode(onToken) : .cancelled
        return DecodedText(
            text: text, tokens: tokens, logprobs: logprobs, finishReason: reason, promptTokenCount: prompt.count,
            timings: .init(prefill: middle - start, decode: clock.now - middle))
    }

    private mutating func decode(_ onToken: (DecodedToken) -> Bool) throws(DecoderError) -> FinishReason {
        while true {
            let (id, logprob) = choose()
            if model.endTokens.contains(id) {
                let rest = stream.finish()
                text += rest
                if !rest.isEmpty { _ = onToken(DecodedToken(id: id, text: rest, logprob: logprob)) }
                return .stop
            }
            tokens.append(id)
            if let logprob { logprobs.append(logprob) }
            var piece = stream.append(model.tokenizer.bytes(of: id))
            let isLast = tokens.count == parameters.maxTokens || session.position == model.contextLength
            if isLast, !stream.isStopped { piece += stream.finish() }
            text += piece
            let goesOn = onToken(DecodedToken(id: id, text: piece, logprob: logprob))
            if stream.isStopped { return .stop }
            if isLast { return .length }
            if !goesOn { return .cancelled }
            try session.prefill([id], while: { true })
        }
    }

    private mutating func choose() -> (TokenID, Float?) {
        var sampler = sampler
        defer { self.sampler = sampler }
        let wanted = parameters.logprobs
        return session.withLastLogits { logits in
            let id = sampler.next(logits)
            return (id, wanted ? logits[Int(id)] - logSumExp(logits) : nil)
        }
    }
}
