public import Tokenizers

extension DecoderModel {
    /// Writes a continuation of `prompt`.
    ///
    /// Runs on the calling thread and the model's pool until the text ends; call it off the event loops.
    /// - Parameters:
    ///   - ids: the prompt's tokens; `encode(prompt:)` makes them. At least one place of the context must be left.
    ///   - parameters: how tokens are chosen and when the text ends.
    ///   - options: how the text is computed; the text is the same whatever they are.
    ///   - onToken: takes each token as it comes; the pieces put together are the text. Returning false ends the text.
    ///     When text is still held back at the end, it comes with the token that ended the text.
    ///   - isCancelled: asked between layers while the prompt is read; true ends the text there.
    /// - Returns: the text, its tokens and timings.
    /// - Throws: `emptyPrompt`, `invalidToken`, `contextOverflow` or `invalidParameter`; nothing was then written.
    public func generate(
        prompt ids: [TokenID], parameters: SamplingParameters, options: GenerationOptions = GenerationOptions(),
        onToken: (DecodedToken) -> Bool = { _ in true }, isCancelled: () -> Bool = { false }
    ) throws(DecoderError) -> DecodedText {
        var run = try GenerationRun(model: self, parameters: parameters, prompt: ids, drafting: options.drafting)
        guard let prefixes = options.prefixCache else {
            let session = DecoderSession(model: self, contextLength: run.capacity)
            return try session.execute(&run, isCancelled: isCancelled, onToken: onToken)
        }
        let session = DecoderSession(model: self, contextLength: run.capacity, beginning: ids, prefixes: prefixes)
        defer { session.give(to: prefixes, tokens: run.readTokens(position: session.position)) }
        return try session.execute(&run, isCancelled: isCancelled, onToken: onToken)
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

extension DecoderSession {
    /// Reads the rest of the prompt and writes the text.
    fileprivate func execute(
        _ run: inout GenerationRun, isCancelled: () -> Bool, onToken: (DecodedToken) -> Bool
    ) throws(DecoderError) -> DecodedText {
        let clock = ContinuousClock()
        let start = clock.now
        run.reusedTokenCount = position
        guard try prefill(Array(run.prompt[position...]), while: { !isCancelled() }) else {
            run.timings.prefill = clock.now - start
            return run.result(.cancelled)
        }
        let middle = clock.now
        run.timings.prefill = middle - start
        while true {
            switch run.take(lastLogits, guessLimit: PromptLookup.maxLength, onToken: onToken) {
            case .ended(let reason):
                run.timings.decode = clock.now - middle
                return run.result(reason)
            case .read(let ids, let position):
                truncate(to: position)
                try verify(ids)
            }
        }
    }
}
