/// How the next token is chosen, and when a text ends.
public struct SamplingParameters: Sendable, Equatable {
    /// Divides the logits: 0 always takes the likeliest token, 1 samples as the model was trained.
    public var temperature: Float
    /// Only this many likeliest tokens are candidates; 0 means all.
    public var topK: Int
    /// Only the likeliest tokens that together reach this probability are candidates; 1 means all.
    public var topP: Float
    /// Only tokens at least this likely, relative to the likeliest one, are candidates; 0 means all.
    public var minP: Float
    /// Divides positive and multiplies negative logits of the last 64 tokens; 1 means none.
    public var repeatPenalty: Float
    /// Taken off the logits of tokens that the text written so far has; below 0 makes them likelier, 0 means none.
    public var presencePenalty: Float
    /// Taken off a token's logit once for each time that the text written so far has it; 0 means none.
    public var frequencyPenalty: Float
    /// Equal seeds give equal texts.
    public var seed: UInt64
    /// The text ends after this many tokens at the latest.
    public var maxTokens: Int
    /// The text ends before the first of these strings.
    public var stop: [String]
    /// Whether log-probabilities are worked out for every token.
    public var logprobs: Bool
    /// How many of the likeliest tokens are reported beside each token; only with `logprobs`.
    public var topLogprobs: Int
    /// What the text has to look like; nil for anything.
    public var constraint: OutputConstraint?

    /// Range of `temperature`.
    public static let minTemperature: Float = 0
    /// The usual `temperature`.
    public static let defaultTemperature: Float = 0
    /// The greatest `temperature`.
    public static let maxTemperature: Float = 5
    /// Range of `topK`.
    public static let minTopK = 0
    /// The usual `topK`.
    public static let defaultTopK = 40
    /// The greatest `topK`.
    public static let maxTopK = 1_000_000
    /// Range of `topP`; 0 is not in it.
    public static let defaultTopP: Float = 0.95
    /// The greatest `topP`.
    public static let maxTopP: Float = 1
    /// Range of `minP`.
    public static let defaultMinP: Float = 0.05
    /// The greatest `minP`.
    public static let maxMinP: Float = 1
    /// Range of `repeatPenalty`.
    public static let minRepeatPenalty: Float = 0.1
    /// The usual `repeatPenalty`.
    public static let defaultRepeatPenalty: Float = 1
    /// The greatest `repeatPenalty`.
    public static let maxRepeatPenalty: Float = 10
    /// Range of `presencePenalty` and `frequencyPenalty`.
    public static let minOccurrencePenalty: Float = -2
    /// The usual `presencePenalty` and `frequencyPenalty`.
    public static let defaultOccurrencePenalty: Float = 0
    /// The greatest `presencePenalty` and `frequencyPenalty`.
    public static let maxOccurrencePenalty: Float = 2
    /// The greatest `topLogprobs`.
    public static let maxTopLogprobs = 20
    /// Range of `maxTokens`.
    public static let minMaxTokens = 1
    /// The usual `maxTokens`.
    public static let defaultMaxTokens = 256
    /// The greatest `maxTokens`.
    public static let maxMaxTokens = 1_000_000
    /// Most stop strings, and the bytes of one.
    public static let maxStopCount = 16
    /// The greatest `stopBytes`.
    public static let maxStopBytes = 1_024

    /// How many of the last tokens the repeat penalty looks at.
    public static let repeatWindow = 64

    /// Sets any of the parameters; `validate()` checks them.
    public init(
        temperature: Float = defaultTemperature, topK: Int = defaultTopK, topP: Float = defaultTopP,
        minP: Float = defaultMinP, repeatPenalty: Float = defaultRepeatPenalty,
        presencePenalty: Float = defaultOccurrencePenalty, frequencyPenalty: Float = defaultOccurrencePenalty,
        seed: UInt64 = 0, maxTokens: Int = defaultMaxTokens, stop: [String] = [], logprobs: Bool = false,
        topLogprobs: Int = 0, constraint: OutputConstraint? = nil
    ) {
        self.temperature = temperature
        self.topK = topK
        self.topP = topP
        self.minP = minP
        self.repeatPenalty = repeatPenalty
        self.presencePenalty = presencePenalty
        self.frequencyPenalty = frequencyPenalty
        self.seed = seed
        self.maxTokens = maxTokens
        self.stop = stop
        self.logprobs = logprobs
        self.topLogprobs = topLogprobs
        self.constraint = constraint
    }

    /// Checks every range.
    /// - Throws: `DecoderError.invalidParameter` that names the parameter and its range.
    public func validate() throws(DecoderError) {
        try check("temperature", temperature, Self.minTemperature...Self.maxTemperature)
        try check("top-k", topK, Self.minTopK...Self.maxTopK)
        try check("top-p", topP, 0...Self.maxTopP)
        if topP == 0 { throw .invalidParameter(name: "top-p", reason: "must be greater than 0") }
        try check("min-p", minP, 0...Self.maxMinP)
        try check("repeat-penalty", repeatPenalty, Self.minRepeatPenalty...Self.maxRepeatPenalty)
        let penalties = Self.minOccurrencePenalty...Self.maxOccurrencePenalty
        try check("presence-penalty", presencePenalty, penalties)
        try check("frequency-penalty", frequencyPenalty, penalties)
        try check("top-logprobs", topLogprobs, 0...Self.maxTopLogprobs)
        try check("max-tokens", maxTokens, Self.minMaxTokens...Self.maxMaxTokens)
        try check("the number of stop strings", stop.count, 0...Self.maxStopCount)
        for text in stop {
            if text.isEmpty { throw .invalidParameter(name: "stop", reason: "must not be empty") }
            try check("the bytes of a stop string", text.utf8.count, 1...Self.maxStopBytes)
        }
    }

    // NaN is in no range, so it is refused too.
    private func check<Value: Comparable>(
        _ name: String, _ value: Value, _ range: ClosedRange<Value>
    ) throws(DecoderError) {
        guard range.contains(value) else {
            throw .invalidParameter(
                name: name, reason: "is \(value); it must be from \(range.lowerBound) to \(range.upperBound)")
        }
    }
}
