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

    private let cache: KVCache
    private let workspace: Workspace
    private let compute: Compute
    /// [V].
    private let lastLogits: Rows
    private let lastLogitsStorage: Buffer<Float>

    /// Starts an empty text.
    /// - Parameters:
    ///   - model: the weights.
    ///   - contextLength: most tokens of the text; nil, or more than the model's, means the model's.
    public init(model: DecoderModel, contextLength: Int? = nil) {
        self.model = model
        let limit = max(1, min(contextLength ?? model.contextLength, model.contextLength))
        self.contextLength = limit
        cache = model.architecture.makeCache(capacity: limit)
        workspace = model.architecture.makeWorkspace(
            tokenCount: min(Self.blockTokenCount, limit), capacity: limit, threadCount: model.pool.threadCount)
        compute = Compute(pool: model.pool)
        lastLogitsStorage = Buffer(count: model.vocabularySize)
        lastLogits = Rows(lastLogitsStorage, width: model.vocabularySize)
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
            model.architecture.forward(ids[block], cache: cache, workspace: workspace, compute: compute)
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

    /// Reads `ids` and leaves the last logits in `withLastLogits`.
    ///
    /// Returns false when `goesOn` did, between two blocks.
    @discardableResult
    func prefill(_ ids: [TokenID], while goesOn: () -> Bool) throws(DecoderError) -> Bool {
        try check(ids)
        for block in blocks(of: ids) {
            guard goesOn() else { return false }
            model.architecture.forward(ids[block], cache: cache, workspace: workspace, compute: compute)
            if block.upperBound == ids.count {
                model.architecture.logits(
                    first: block.count - 1, count: 1, workspace: workspace, compute: compute, out: lastLogits)
            }
        }
        return true
    }

    /// The logits [V] after the last token read.
    func withLastLogits<Result>(_ body: (Span<Float>) -> Result) -> Result {
        let row = unsafe UnsafeBufferPointer(start: lastLogits.base, count: lastLogits.width)
        return unsafe body(row.span)
    }

    private func check(_ ids: [TokenID]) throws(DecoderError) {
        guard !ids.isEmpty else { throw .emptyPrompt }
        for id in ids where id < 0 || Int(id) >= model.vocabularySize {
            throw .invalidToken(id: id, vocabularySize: model.vocabularySize)
        }
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
