import Kernels
import Tokenizers

/// Writes the texts under way, pass by pass; lives on the scheduler's thread.
struct DecodingWorker {
    /// Rows of logits of one pass, shared by the texts that write: their tokens and their guesses.
    private static let rowCount = 64

    private let model: DecoderModel
    private let limits: DecoderScheduler.Limits
    private let prefixes: PrefixCache?
    private let board: DecodingBoard
    private let compute: Compute
    private let workspace: Workspace
    /// [rows + 1, V]: of the texts that write, one after the other, and of a prompt that ends in the pass.
    private let logits: Rows
    private let logitsStorage: Buffer<Float>
    private let clock = ContinuousClock()
    /// In the order they came, but that a text whose turn to read is over goes behind those that read.
    private var texts: [DecodingTextState] = []

    init(
        model: DecoderModel, limits: DecoderScheduler.Limits, prefixes: PrefixCache?, board: DecodingBoard
    ) {
        self.model = model
        self.limits = limits
        self.prefixes = prefixes
        self.board = board
        compute = Compute(pool: model.pool)
        let rows = max(Self.rowCount, limits.runningCount)
        workspace = model.architecture.makeWorkspace(
            tokenCount: max(DecoderSession.blockTokenCount, rows + limits.pieceTokenCount),
            capacity: model.contextLength, threadCount: model.pool.threadCount)
        logitsStorage = Buffer(count: (rows + 1) * model.vocabularySize)
        logits = Rows(logitsStorage, width: model.vocabularySize)
    }

    /// Works until the scheduler is gone.
    mutating func run() {
        while let entries = board.take(limits.runningCount - texts.count, waits: texts.isEmpty) {
            texts += entries.map { DecodingTextState($0) }
            for text in texts where text.ticket.isCancelled { end(text, .cancelled) }
            let count = texts.count
            board.count { $0.runningCount = count }
            if !texts.isEmpty { pass() }
        }
        for text in texts { end(text, .cancelled) }
    }

    /// Computes one pass: the next tokens of every text that writes, and a piece of a prompt.
    private mutating func pass() {
        let writing = texts.filter { $0.isWriting }
        let reading = texts.first { !$0.isWriting }
        var parts = writing.map { PassPart(ids: $0.next[...], cache: state(of: $0)) }
        let rowCount = parts.tokenCount
        // Every text that writes is in every pass, and its guesses were cut to its share of the rows.
        precondition(rowCount <= max(Self.rowCount, limits.runningCount))
        var piece = 0
        if let reading {
            let cache = state(of: reading)
            let left = reading.run.prompt[cache.count...]
            piece = min(
                left.count, writing.isEmpty ? DecoderSession.blockTokenCount : limits.pieceTokenCount,
                limits.turnTokenCount - reading.turnTokenCount)
            parts.append(PassPart(ids: left.prefix(piece), cache: cache))
        }
        let isComplete = model.architecture.forward(parts, workspace: workspace, compute: compute) {
            // Only a piece of a prompt takes long enough to be worth dropping.
            reading.map { !$0.ticket.isCancelled } ?? true
        }
        guard isComplete else { return }
        if !writing.isEmpty {
            model.architecture.logits(first: 0, count: rowCount, workspace: workspace, compute: compute, out: logits)
        }
        var chosen: [(text: DecodingTextState, row: Int)] = []
        for text in writing { chosen.append((text, chosen.last.map { $0.row + $0.text.next.count } ?? 0)) }
        if let reading, advance(reading, by: piece) {
            model.architecture.logits(
                first: rowCount + piece - 1, count: 1, workspace: workspace, compute: compute,
                out: logits.suffix(from: rowCount))
            chosen.append((reading, rowCount))
        }
        choose(chosen, readTokenCount: piece)
    }

    /// Counts a piece of a prompt as read; returns whether it was the last one.
    private mutating func advance(_ text: DecodingTextState, by piece: Int) -> Bool {
        text.turnTokenCount += piece
        if text.cache?.count == text.run.prompt.count { return true }
        if text.turnTokenCount >= limits.turnTokenCount, let place = texts.firstIndex(where: { $0 === text }) {
            text.turnTokenCount = 0
            texts.append(texts.remove(at: place))
        }
        return false
    }

    /// Lets each text choose from its logits, which begin at a row.
    private mutating func choose(_ chosen: [(text: DecodingTextState, row: Int)], readTokenCount: Int) {
        let guessLimit = max(0, min(PromptLookup.maxLength, max(Self.rowCount, texts.count) / max(1, texts.count) - 1))
        let before = chosen.reduce(0) { $0 + $1.text.run.tokens.count }
        let accepted = chosen.reduce(0) { $0 + $1.text.run.drafts.acceptedCount }
        let now = clock.now
        for (text, _) in chosen where !text.isWriting { text.startWriting(now) }
        // Each task touches one text alone, and its rows.
        nonisolated(unsafe) let texts = chosen
        let logits = logits
        model.pool.run(taskCount: chosen.count) { index in
            let (text, row) = unsafe texts[index]
            text.step = text.run.take(logits.suffix(from: row), guessLimit: guessLimit) { token in
                text.ticket.report(.token(token))
                return !text.ticket.isCancelled
            }
        }
        var ended: [(DecodingTextState, FinishReason)] = []
        for (text, _) in chosen {
            switch text.step {
            case .ended(let reason): ended.append((text, reason))
            case .read(let ids, let position):
                text.cache?.truncate(to: position)
                text.next = ids
            case nil: break
            }
        }
        let written = chosen.reduce(0) { $0 + $1.text.run.tokens.count } - before
        let hits = chosen.reduce(0) { $0 + $1.text.run.drafts.acceptedCount } - accepted
        board.count {
            $0.passCount += 1
            $0.readTokenCount += readTokenCount
            $0.writtenTokenCount += written
            $0.acceptedTokenCount += hits
        }
        for (text, reason) in ended { end(text, reason) }
    }

    /// What a text has read; at its first pass, what other texts have read of its prompt is taken over.
    private func state(of text: DecodingTextState) -> KVCache {
        if let cache = text.cache { return cache }
        let capacity = text.run.capacity
        let make = { [model] (least: Int) in
            model.makeCache(
                capacity: prefixes == nil ? least : max(least, min(DecoderSession.keptCapacity, model.contextLength)))
        }
        let cache: KVCache
        if let prefixes {
            cache = prefixes.take(text.run.prompt, capacity: capacity, inUse: running(), make: make)
        } else {
            cache = make(capacity)
        }
        text.cache = cache
        text.start = clock.now
        text.run.reusedTokenCount = cache.count
        let reused = cache.count
        board.count { $0.reusedTokenCount += reused }
        return cache
    }

    /// The states of the texts under way and the tokens they hold.
    private func running() -> [(cache: KVCache, tokens: [TokenID])] {
        texts.compactMap { text in
            text.cache.map { ($0, text.run.readTokens(position: $0.count)) }
        }
    }

    /// Takes a text out and reports its end.
    private mutating func end(_ text: DecodingTextState, _ reason: FinishReason) {
        texts.removeAll { $0 === text }
        if let cache = text.cache, let prefixes {
            prefixes.give(cache, tokens: text.run.readTokens(position: cache.count))
        }
        text.stop(clock.now)
        let isCancelled = reason == .cancelled
        let count = texts.count
        board.count {
            $0.runningCount = count
            $0.endedCount += 1
            $0.cancelledCount += isCancelled ? 1 : 0
        }
        text.ticket.report(.finished(text.run.result(reason)))
    }
}

/// A text under way.
final class DecodingTextState {
    let ticket: DecodingTicket
    var run: GenerationRun
    /// What was read; made at the text's first pass.
    var cache: KVCache?
    /// What it wanted after the last pass.
    var step: GenerationRun.Step?
    /// What is to be read in the next pass, once the prompt has been read.
    var next: [TokenID] = []
    /// Tokens of the prompt read in this turn.
    var turnTokenCount = 0
    /// When its first pass began.
    var start: ContinuousClock.Instant?
    private var middle: ContinuousClock.Instant?

    init(_ entry: DecodingBoard.Entry) {
        ticket = entry.ticket
        run = entry.run
    }

    /// Whether the prompt has been read.
    var isWriting: Bool { middle != nil }

    func startWriting(_ now: ContinuousClock.Instant) {
        middle = now
        if let start { run.timings.prefill = now - start }
    }

    func stop(_ now: ContinuousClock.Instant) {
        if let middle { run.timings.decode = now - middle } else if let start { run.timings.prefill = now - start }
    }
}
