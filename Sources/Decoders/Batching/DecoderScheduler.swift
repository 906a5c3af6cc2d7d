public import Tokenizers

/// Lets many texts be written at once by one model: in each forward pass every text under way gets its next token, so
/// that a weight fetched from memory serves them all.
///
///     caller ─▶ waiting line ─▶ reading its prompt ─▶ writing ─▶ end
///               first come,     pieces that take      every pass
///               first served    turns
///
/// A long prompt is read in pieces of at most ``Limits/pieceTokenCount`` tokens while others write, so an answer under
/// way waits for no more than one piece between two of its tokens. Texts that read take turns of
/// ``Limits/turnTokenCount`` tokens, in the order they came. A text is the same whatever else is written beside it: rows
/// of a pass don't depend on each other, and each text has its own sampler, its own guesses and its own state.
///
/// A text that is given up leaves before the next pass; a pass that reads its prompt is dropped between two layers.
public final class DecoderScheduler: Sendable {
    /// How much is done at once, and how much may wait.
    public struct Limits: Sendable, Equatable {
        /// Range of `runningCount`.
        public static let runningRange = 1...64
        /// Range of `waitingCount`.
        public static let waitingRange = 1...4_096

        /// Texts under way at once, each with its own keys and values in memory.
        ///
        /// Default 8.
        public var runningCount = 8
        /// Texts that may wait for a place; one more is refused.
        ///
        /// Default 64.
        public var waitingCount = 64
        /// Tokens of a prompt that are read in one pass while others write.
        public var pieceTokenCount = 64
        /// Tokens of a prompt that are read before the next text that reads gets its turn.
        public var turnTokenCount = 512

        /// The defaults.
        public init() {}

        /// These limits, each within its range.
        var clamped: Limits {
            var limits = self
            limits.runningCount = min(max(runningCount, Self.runningRange.lowerBound), Self.runningRange.upperBound)
            limits.waitingCount = min(max(waitingCount, Self.waitingRange.lowerBound), Self.waitingRange.upperBound)
            limits.pieceTokenCount = min(max(pieceTokenCount, 1), DecoderSession.blockTokenCount)
            limits.turnTokenCount = max(turnTokenCount, 1)
            return limits
        }
    }

    /// What the scheduler did so far and holds now.
    public struct Statistics: Sendable, Equatable {
        /// Texts under way.
        public var runningCount = 0
        /// Texts that wait for a place.
        public var waitingCount = 0
        /// Texts that were refused because too many waited.
        public var refusedCount = 0
        /// Texts that ended, cancelled ones included.
        public var endedCount = 0
        /// Texts that were given up by whoever asked for them.
        public var cancelledCount = 0
        /// Tokens of prompts that were read.
        public var readTokenCount = 0
        /// Tokens of prompts that were known from other texts.
        public var reusedTokenCount = 0
        /// Tokens written.
        public var writtenTokenCount = 0
        /// Guesses that came true.
        public var acceptedTokenCount = 0
        /// Forward passes.
        public var passCount = 0

        /// Nothing yet.
        public init() {}
    }

    /// One step of a text.
    public enum Event: Sendable {
        /// The next token.
        case token(DecodedToken)
        /// The end; nothing follows.
        case finished(DecodedText)
    }

    /// The model.
    public let model: DecoderModel
    private let board: DecodingBoard

    /// Puts a scheduler before a model; its thread starts with the first text, and ends with the scheduler.
    /// - Parameters:
    ///   - model: the weights.
    ///   - limits: how much is done at once.
    ///   - prefixes: where the states of texts are kept for prompts that begin alike; nil keeps none.
    public init(model: DecoderModel, limits: Limits = Limits(), prefixes: PrefixCache? = nil) {
        self.model = model
        board = DecodingBoard(model: model, limits: limits.clamped, prefixes: prefixes)
    }

    deinit { board.close() }

    /// What the scheduler did so far and holds now.
    public var statistics: Statistics { board.statistics }

    /// Starts a text.
    ///
    /// Whoever stops reading the stream gives the text up.
    /// - Parameters:
    ///   - ids: the prompt's tokens.
    ///   - parameters: how tokens are chosen and when the text ends.
    ///   - drafting: whether tokens are guessed from the text so far; the text is the same.
    /// - Returns: the tokens as they come, then the whole text.
    /// - Throws: `overloaded`, `emptyPrompt`, `invalidToken`, `contextOverflow` or `invalidParameter`.
    public func text(
        prompt ids: [TokenID], parameters: SamplingParameters, drafting: Bool = true
    ) throws(DecoderError) -> AsyncThrowingStream<Event, any Error> {
        let run = try GenerationRun(model: model, parameters: parameters, prompt: ids, drafting: drafting)
        let (stream, continuation) = AsyncThrowingStream<Event, any Error>.makeStream()
        let ticket = DecodingTicket { event in
            continuation.yield(event)
            if case .finished = event { continuation.finish() }
        }
        continuation.onTermination = { [board] reason in
            if case .cancelled = reason { board.cancel(ticket) }
        }
        try board.enter(run, ticket)
        return stream
    }
}
