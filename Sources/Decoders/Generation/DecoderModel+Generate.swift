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
        try parameters.validate()
        guard ids.count < contextLength else {
            throw .contextOverflow(tokenCount: ids.count + 1, limit: contextLength)
        }
        // The last token is never read back, so the session needs no place for it.
        let length = ids.count + parameters.maxTokens
        guard let prefixes = options.prefixCache else {
            var run = GenerationRun(
                model: self, session: DecoderSession(model: self, contextLength: length), parameters: parameters,
                prompt: ids, drafting: options.drafting)
            return try run.execute(isCancelled: isCancelled, onToken: onToken)
        }
        let session = DecoderSession(model: self, contextLength: length, beginning: ids, prefixes: prefixes)
        var run = GenerationRun(
            model: self, session: session, parameters: parameters, prompt: ids, drafting: options.drafting)
        defer { session.give(to: prefixes, tokens: run.readTokens) }
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
