import Tokenizers

/// One text being written: which token comes next, what may come after it, and when the text ends.
///
/// The passes through the model are its owner's: a session's of its own, or those that a scheduler makes for many. Both
/// read what ``take(_:guessLimit:onToken:)`` names, after cutting their state back to what it says.
struct GenerationRun {
    /// What a text wants next.
    enum Step {
        /// To have `ids` read after the first `position` tokens: the last token chosen and the guesses behind it.
        case read(ids: [TokenID], position: Int)
        /// Nothing: it has ended.
        case ended(FinishReason)
    }

    let model: DecoderModel
    let parameters: SamplingParameters
    let prompt: [TokenID]
    /// The most tokens the text's state has to hold: the last one is never read back.
    let capacity: Int
    /// Tokens of the prompt that were known and not read again.
    var reusedTokenCount = 0
    /// How long the two parts took.
    var timings = DecodedText.Timings(prefill: .zero, decode: .zero)
    private(set) var drafts = DecodedText.Drafts()
    private(set) var tokens: [TokenID] = []
    private var sampler: Sampler
    private var constraint: ConstrainedText?
    private var stream: TextStream
    private var lookup: PromptLookup?
    private var guess: [TokenID] = []
    private var text = ""
    private var logprobs: [Float] = []

    /// Prepares a text; with `drafting` tokens are guessed from the text so far.
    /// - Throws: `invalidParameter`, `emptyPrompt`, `invalidToken` or `contextOverflow`.
    init(
        model: DecoderModel, parameters: SamplingParameters, prompt: [TokenID], drafting: Bool
    ) throws(DecoderError) {
        try parameters.validate()
        guard prompt.count < model.contextLength else {
            throw .contextOverflow(tokenCount: prompt.count + 1, limit: model.contextLength)
        }
        try model.check(prompt)
        self.model = model
        self.parameters = parameters
        self.prompt = prompt
        capacity = min(prompt.count + parameters.maxTokens, model.contextLength)
        sampler = Sampler(parameters, history: prompt)
        constraint = parameters.constraint.map { ConstrainedText($0, model: model) }
        stream = TextStream(stops: parameters.stop)
        lookup = drafting ? PromptLookup(prompt) : nil
    }

    /// Chooses the next token, and those after it as far as the guesses that were read come true.
    /// - Parameters:
    ///   - logits: of what follows the prompt, or of what follows each of the ids that the last step named.
    ///   - guessLimit: the most guesses of the next step.
    ///   - onToken: takes each token; returning false ends the text.
    /// - Returns: what the text wants next.
    mutating func take(_ logits: Rows, guessLimit: Int, onToken: (DecodedToken) -> Bool) -> Step {
        // Counts the guesses that came true.
        var row = 0
        while true {
            guard let chosen = unsafe choose(UnsafeBufferPointer(start: logits.row(row), count: logits.width)) else {
                text += stream.finish()
                return .ended(.length)
            }
            if model.endTokens.contains(chosen.id) {
                let rest = stream.finish()
                text += rest
                if !rest.isEmpty { _ = onToken(chosen.token(rest)) }
                return .ended(.stop)
            }
            tokens.append(chosen.id)
            if let logprob = chosen.logprob { logprobs.append(logprob) }
            var piece = stream.append(model.tokenizer.bytes(of: chosen.id))
            let length = prompt.count + tokens.count
            let isLast = tokens.count == parameters.maxTokens || length > model.contextLength
            let isWhole = constraint?.isComplete == true
            if isLast || isWhole, !stream.isStopped { piece += stream.finish() }
            text += piece
            let goesOn = onToken(chosen.token(piece))
            if stream.isStopped || isWhole { return .ended(.stop) }
            if isLast { return .ended(.length) }
            if !goesOn { return .ended(.cancelled) }
            lookup?.append(chosen.id)
            if row < guess.count, guess[row] == chosen.id {
                row += 1
                drafts.acceptedCount += 1
                continue
            }
            lookup?.learn(guessed: guess.count, accepted: row)
            // Neither the longest text nor the context has room for more.
            let room = min(parameters.maxTokens - tokens.count - 1, capacity - length, guessLimit)
            guess = Array(lookup?.guess(limit: room) ?? [])
            drafts.draftedCount += guess.count
            drafts.passCount += 1
            return .read(ids: [chosen.id] + guess, position: length - 1)
        }
    }

    /// The text so far.
    func result(_ reason: FinishReason) -> DecodedText {
        DecodedText(
            text: text, tokens: tokens, logprobs: logprobs, finishReason: reason, promptTokenCount: prompt.count,
            reusedTokenCount: reusedTokenCount, drafts: drafts, timings: timings)
    }

    /// The tokens that a state of `position` tokens has read for certain: all but the last, which may only have been
    /// guessed wrongly.
    func readTokens(position: Int) -> [TokenID] { Array((prompt + tokens.dropLast()).prefix(position)) }

    private struct Choice {
        var id: TokenID
        var logprob: Float?
        var alternatives: [TokenLogprob]

        func token(_ text: String) -> DecodedToken {
            DecodedToken(id: id, text: text, logprob: logprob, alternatives: alternatives)
        }
    }

    /// Draws a token; nil when a constraint allows none.
    private mutating func choose(_ row: UnsafeBufferPointer<Float>) -> Choice? {
        let logits = unsafe row.span
        guard let id = sampler.next(logits, &constraint) else { return nil }
        constraint?.append(id)
        guard parameters.logprobs else { return Choice(id: id, logprob: nil, alternatives: []) }
        let total = logSumExp(logits)
        let best = Sampler.likeliest(parameters.topLogprobs, of: logits)
        return Choice(
            id: id, logprob: logits[Int(id)] - total,
            alternatives: best.map { TokenLogprob(id: $0.id, logprob: $0.logit - total) })
    }
}
