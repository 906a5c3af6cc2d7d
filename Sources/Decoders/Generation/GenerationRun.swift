import Tokenizers

/// One text being written.
struct GenerationRun {
    let model: DecoderModel
    let session: DecoderSession
    let parameters: SamplingParameters
    let prompt: [TokenID]
    private let clock = ContinuousClock()
    private var sampler: Sampler
    private var stream: TextStream
    private var lookup: PromptLookup?
    private var text = ""
    private var tokens: [TokenID] = []
    private var logprobs: [Float] = []
    private var drafts = DecodedText.Drafts()

    /// Prepares a text; `session` may hold the beginning of the prompt already, and with `drafting` tokens are guessed
    /// from the text so far.
    init(
        model: DecoderModel, session: DecoderSession, parameters: SamplingParameters, prompt: [TokenID],
        drafting: Bool
    ) {
        self.model = model
        self.session = session
        self.parameters = parameters
        self.prompt = prompt
        sampler = Sampler(parameters, history: prompt)
        stream = TextStream(stops: parameters.stop)
        lookup = drafting ? PromptLookup(prompt) : nil
    }

    /// Reads the rest of the prompt and writes the text.
    mutating func execute(
        isCancelled: () -> Bool, onToken: (DecodedToken) -> Bool
    ) throws(DecoderError) -> DecodedText {
        let start = clock.now
        let reused = session.position
        let complete = try session.prefill(Array(prompt[reused...]), while: { !isCancelled() })
        let middle = clock.now
        let reason = complete ? try decode(onToken) : .cancelled
        return DecodedText(
            text: text, tokens: tokens, logprobs: logprobs, finishReason: reason, promptTokenCount: prompt.count,
            reusedTokenCount: reused, drafts: drafts,
            timings: .init(prefill: middle - start, decode: clock.now - middle))
    }

    /// The tokens that the session has read for certain: all but the last, which may only have been guessed wrongly.
    var readTokens: [TokenID] { Array((prompt + tokens.dropLast()).prefix(session.position)) }

    private mutating func decode(_ onToken: (DecodedToken) -> Bool) throws(DecoderError) -> FinishReason {
        // The session has read the last token and `guess` behind it; `row` counts the guesses that came true.
        var guess: [TokenID] = []
        var row = 0
        while true {
            let (id, logprob) = choose(row)
            if model.endTokens.contains(id) {
                let rest = stream.finish()
                text += rest
                if !rest.isEmpty { _ = onToken(DecodedToken(id: id, text: rest, logprob: logprob)) }
                return .stop
            }
            tokens.append(id)
            if let logprob { logprobs.append(logprob) }
            var piece = stream.append(model.tokenizer.bytes(of: id))
            let length = prompt.count + tokens.count
            let isLast = tokens.count == parameters.maxTokens || length > model.contextLength
            if isLast, !stream.isStopped { piece += stream.finish() }
            text += piece
            let goesOn = onToken(DecodedToken(id: id, text: piece, logprob: logprob))
            if stream.isStopped { return .stop }
            if isLast { return .length }
            if !goesOn { return .cancelled }
            lookup?.append(id)
            if row < guess.count, guess[row] == id {
                row += 1
                drafts.acceptedCount += 1
                continue
            }
            lookup?.learn(guessed: guess.count, accepted: row)
            session.truncate(to: length - 1)
            // Neither the longest text nor the context has room for more.
            let room = min(parameters.maxTokens - tokens.count - 1, session.contextLength - length)
            guess = Array(lookup?.guess(limit: room) ?? [])
            drafts.draftedCount += guess.count
            drafts.passCount += 1
            try session.verify([id] + guess)
            row = 0
        }
    }

    private mutating func choose(_ row: Int) -> (TokenID, Float?) {
        var sampler = sampler
        defer { self.sampler = sampler }
        let wanted = parameters.logprobs
        return session.withLogits(row: row) { logits in
            let id = sampler.next(logits)
            return (id, wanted ? logits[Int(id)] - logSumExp(logits) : nil)
        }
    }
}
