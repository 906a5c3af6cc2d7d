public import Tokenizers

/// Why a text ended.
public enum FinishReason: String, Sendable, Codable {
    /// The model ended it, or a stop string came.
    case stop
    /// `maxTokens` or the context was reached.
    case length
    /// The caller didn't want any more.
    case cancelled
}

/// A token and how likely the model found it.
public struct TokenLogprob: Sendable, Equatable {
    /// The token's number.
    public var id: TokenID
    /// The logarithm (base e) of its probability, untempered.
    public var logprob: Float
}

/// One token of a text under way.
public struct DecodedToken: Sendable, Equatable {
    /// The token's number.
    public var id: TokenID
    /// What the text gained: whole characters; empty while a character or a possible stop string is incomplete.
    public var text: String
    /// The logarithm (base e) of the probability the model gave it, untempered; nil unless asked for.
    public var logprob: Float?
    /// The likeliest tokens in its place, as many as were asked for, likeliest first.
    public var alternatives: [TokenLogprob]
}

/// A finished text and how it came about.
public struct DecodedText: Sendable, Equatable {
    /// The text, without the stop string that ended it.
    public var text: String
    /// Its tokens; a token that only ended it isn't one of them.
    public var tokens: [TokenID]
    /// The log-probability of each of `tokens`; empty unless asked for.
    public var logprobs: [Float]
    /// Why it ended.
    public var finishReason: FinishReason
    /// Tokens of the prompt.
    public var promptTokenCount: Int
    /// Tokens of the prompt that were known from an earlier one and not read again.
    public var reusedTokenCount: Int
    /// What guessing tokens saved.
    public var drafts: Drafts
    /// How long it took.
    public var timings: Timings

    /// Tokens guessed from the text so far.
    public struct Drafts: Sendable, Equatable {
        /// Tokens guessed.
        public var draftedCount = 0
        /// Guesses that sampling chose too.
        public var acceptedCount = 0
        /// Passes through the model after the prompt.
        public var passCount = 0
    }

    /// How long the two parts took.
    public struct Timings: Sendable, Equatable {
        /// Reading the prompt.
        public var prefill: Duration
        /// Everything after it.
        public var decode: Duration
    }
}
