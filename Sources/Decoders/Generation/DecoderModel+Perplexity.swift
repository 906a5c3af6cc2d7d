import Tokenizers

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// How well a model predicts a text.
public struct Perplexity: Sendable, Equatable {
    /// exp of the mean negative log-probability; lower is better, 1 is certainty.
    public var value: Double
    /// Tokens that were predicted.
    public var tokenCount: Int
    /// Windows that the text was cut into.
    public var windowCount: Int
}

extension DecoderModel {
    /// Measures the perplexity of `text`.
    ///
    /// The text is cut into windows of `windowLength` tokens that don't overlap; an incomplete last one is left out.
    /// In each window only the second half is predicted, so that every prediction has at least half a window before it:
    /// the definition of llama.cpp's perplexity tool, whose figures these can be held against. A text of less than one
    /// window is one window of its own. Where the model wants a token in front of a text, it replaces each window's
    /// first token.
    /// - Parameters:
    ///   - text: at least 4 tokens.
    ///   - windowLength: tokens of a window, from 4 to the model's context. Default 512.
    /// - Returns: the perplexity and how many tokens it rests on.
    /// - Throws: `textTooShort`, or `invalidParameter` for the window.
    public func perplexity(of text: String, windowLength: Int = 512) throws(DecoderError) -> Perplexity {
        guard windowLength >= 4, windowLength <= contextLength else {
            throw .invalidParameter(
                name: "context", reason: "is \(windowLength); it must be from 4 to \(contextLength)")
        }
        var ids = tokenizer.encode(text, addSpecialTokens: false)
        let begin = tokenizer.encode("", addSpecialTokens: true).first.flatMap { id in
            id == tokenizer.specialTokens.bos ? id : nil
        }
        if let begin { ids.insert(begin, at: 0) }
        guard ids.count >= 4 else { throw .textTooShort(tokenCount: ids.count, minimum: 4) }
        let length = min(windowLength, ids.count)
        let session = DecoderSession(model: self, contextLength: length)
        var total = 0.0
        var predicted = 0
        let windowCount = ids.count / length
        for window in 0..<windowCount {
            var part = Array(ids[(window * length)..<((window + 1) * length)])
            if let begin { part[0] = begin }
            session.reset()
            try session.logits(part, from: length / 2) { index, logits in
                guard index + 1 < length else { return }
                total += Double(logSumExp(logits) - logits[Int(part[index + 1])])
                predicted += 1
            }
        }
        return Perplexity(
            value: exp(total / Double(max(predicted, 1))), tokenCount: predicted, windowCount: windowCount)
    }
}
