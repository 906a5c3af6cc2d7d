import Kernels
public import Tokenizers

/// One text under way: the model's memory of what it has read.
///
/// A session belongs to one request and one thread.
///
/// Prompts go through in blocks of 256 tokens, so that each weight is used many times once it is in the cache of the
/// processor. A token's result doesn't depend on how the text was cut into calls.
public final class DecoderSession {
    /// The model.
    public let model: DecoderModel
    /// The most positions of this session.
    public let contextLength: Int
    /// How many tokens have been read.
    public var position: Int { cache.count }

    /// Tokens of one pass.
    static let blockTokenCount = 256
    /// Rows of logits that are kept: a token's and those of the guesses behind it.
    static let logitsRowCount = PromptLookup.maxLength + 1
    /// Positions of a state that is kept for later texts: longer ones may follow on it.
    static let keptCapacity = 2_048

    private let cache: KVCache
    private let workspace: Workspace
    private let compute: Compute
    /// [logits rows, V]: of the last `prefill` in row 0, or of the last `verify`.
    let lastLogits: Rows
    private let lastLogitsStorage: Buffer<Float>

    /// Starts an empty text.
    /// - Parameters:
    ///   - model: the weights.
    ///   - contextLength: most tokens of the text; nil, or more than the model's, means the model's.
    public convenience init(model: DecoderModel, contextLength: Int? = nil) {
        let limit = max(1, min(contextLength ?? model.contextLength, model.contextLength))
        self.init(model: model, limit: limit, cache: model.makeCache(capacity: limit))
    }

    /// Starts a text that may hold the beginning of `prompt` already, out of `prefixes`.
    convenience init(model: DecoderModel, contextLength: Int, beginning prompt: [TokenID], prefixes: PrefixCache) {
        let limit = max(1, min(contextLength, model.contextLength))
        let cache = prefixes.take(prompt, capacity: limit) { least in
            model.makeCache(capacity: max(least, min(Self.keptCapacity, model.contextLength)))
        }
        self.init(model: model, limit: limit, cache: cache)
    }

    private init(model: DecoderModel, limit: Int, cache: KVCache) {
        self.model = model
        contextLength = limit
        self.cache = cache
        workspace = model.architecture.makeWorkspace(
            tokenCount: min(Self.blockTokenCount, limit), capacity: limit, threadCount: model.pool.threadCount)
        compute = Compute(pool: model.pool)
        lastLogitsStorage = Buffer(count: Self.logitsRowCount * model.vocabularySize)
        lastLogits = Rows(lastLogitsStorage, width: model.vocabularySize)
    }

    /// Ends the text; its state, as far as it was made of `tokens`, is kept in `prefixes`.
    func give(to prefixes: PrefixCache, tokens: [TokenID]) {
        prefixes.give(cache, tokens: tokens)
    }

    /// Reads `ids` after what has been read already.
    /// - Returns: the logits [V] of the token that follows the last one.
    /// - Throws: `emptyPrompt`, `invalidToken` or `contextOverflow`; the session is then as it was.
    public func prefill(_ ids: [TokenID]) throws(DecoderError) -> [Float] {
        try prefill(ids) { true }
        return lastLogitsStorage.array(0..<model.vocabularySize)
    }

    /// Reads one token.
    /// - Returns: the logits [V] of the token that follows it.
    /// - Throws: `invalidToken` or `contextOverflow`; the session is then as it was.
    public func decode(_ id: TokenID) throws(DecoderError) -> [Float] {
        try prefill([id])
    }

    /// Forgets everything.
    public func reset() { truncate(to: 0) }

    /// Forgets every token from `position` on; what came before is kept, and can be read on from.
    public func truncate(to position: Int) {
        cache.truncate(to: max(0, min(position, cache.count)))
    }

    /// The logits [T, V] of what follows each of `ids`, handed out in blocks of rows.
    /// - Parameters:
    ///   - ids: the tokens to read.
    ///   - first: rows before this one aren't computed.
    ///   - body: takes the index in `ids` and its logits.
    /// - Throws: `emptyPrompt`, `invalidToken` or `contextOverflow`.
    func logits(
        _ ids: [TokenID], from first: Int = 0, _ body: (Int, Span<Float>) -> Void
    ) throws(DecoderError) {
        try check(ids)
        let rowsAtOnce = 32
        let buffer = Buffer<Float>(count: rowsAtOnce * model.vocabularySize)
        let out = Rows(buffer, width: model.vocabularySize)
        for block in blocks(of: ids) {
            _ = forward(ids[block]) { true }
            var row = max(first, block.lowerBound)
            while row < block.upperBound {
                let count = min(rowsAtOnce, block.upperBound - row)
                model.architecture.logits(
                    first: row - block.lowerBound, count: count, workspace: workspace, compute: compute, out: out)
                for index in 0..<count {
                    let logits = unsafe UnsafeBufferPointer(start: out.row(index), count: out.width)
                    unsafe body(row + index, logits.span)
                }
                row += count
            }
        }
    }

    /// Reads `ids` and leaves the last logits in row 0 of `lastLogits`.
    ///
    /// Returns false when `goesOn` did, between two layers; of the block under way nothing was read then.
    @discardableResult
    func prefill(_ ids: [TokenID], while goesOn: () -> Bool) throws(DecoderError) -> Bool {
        try check(ids)
        for block in blocks(of: ids) {
            guard forward(ids[block], while: goesOn) else { return false }
            if block.upperBound == ids.count {
                model.architecture.logits(
                    first: block.count - 1, count: 1, workspace: workspace, compute: compute, out: lastLogits)
            }
        }
        return true
    }

    /// Reads up to `logitsRowCount` tokens in one pass and leaves the logits after each in its row of `lastLogits`.
    func verify(_ ids: [TokenID]) throws(DecoderError) {
        try check(ids)
        precondition(ids.count <= Self.logitsRowCount && ids.count <= workspace.tokenCount)
        _ = forward(ids[...]) { true }
        model.architecture.logits(
            first: 0, count: ids.count, workspace: workspace, compute: compute, out: lastLogits)
    }

    private func forward(_ ids: ArraySlice<TokenID>, while goesOn: () -> Bool) -> Bool {
        model.architecture.forward(
            [PassPart(ids: ids, cache: cache)], workspace: workspace, compute: compute, while: goesOn)
    }

    private func check(_ ids: [TokenID]) throws(DecoderError) {
        try model.check(ids)
        guard ids.count <= contextLength - position else {
            throw .contextOverflow(tokenCount: position + ids.count, limit: contextLength)
        }
    }

    private func blocks(of ids: [TokenID]) -> [Range<Int>] {
        stride(from: 0, to: ids.count, by: workspace.tokenCount).map { start in
            start..<min(start + workspace.tokenCount, ids.count)
        }
    }
}
