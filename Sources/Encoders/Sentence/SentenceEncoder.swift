public import Kernels
import Synchronization
import Tensors
import Tokenizers

/// A sentence-transformers model of the BERT family: text → L2-normalised vector.
///
/// Texts are packed into batches without padding, by a budget of tokens. Many texts are shared out over the pool batch
/// by batch, each thread doing whole forward passes; few texts go through one pass whose products the threads share.
/// A vector doesn't depend on which way it took. Memory follows the token budget, not the number or length of texts.
///
/// Source: Reimers and Gurevych, "Sentence-BERT" (2019).
public final class SentenceEncoder: TextEmbedding {
    /// The model's name in the catalog.
    public let modelName: String
    /// Identifies configuration, tokenizer, weights (`EncoderFingerprint`) and, after a `+`, a precision below f32.
    public let fingerprint: String

    /// What the products are formed in: f32, bf16, int16 or int8, never `auto`.
    public let precision: EncoderPrecision
    /// D: the length of a vector.
    public var dimension: Int { configuration.hiddenSize }
    /// The most tokens of a text that are read, special tokens included, those of a passage's prompt not.
    public let maxTokenCount: Int

    /// Tokens of a forward pass: its activations (9 KB a token for D = 384) stay near the core's caches.
    package static let batchTokenCount = 384
    /// Texts whose token ids are in memory at once.
    private static let waveTextCount = 2048

    private let configuration: EncoderConfiguration
    private let weights: SafetensorsFile
    /// nil until the first text is embedded, for an encoder that loads late.
    private let loadedModel: Mutex<BertModel?>
    private let sequences: SequenceMaker
    private let prompts: EncoderPrompts
    private let pool: ThreadPool
    private let workspaces = Mutex<[Workspace]>([])

    /// Loads the model in `folder`: config.json, model.safetensors, the tokenizer, and what sentence-transformers adds.
    /// - Parameters:
    ///   - folder: a Hugging Face model folder, or a model's entry in a Hugging Face cache.
    ///   - name: the name to report as `modelName`.
    ///   - pool: the threads that do the work.
    ///   - precision: what the products are formed in.
    ///   - loadsLate: whether the weights are packed by the first text that is embedded, which then throws what is wrong
    ///     with them: for commands that may find nothing to embed.
    /// - Throws: `EncoderError`, naming the file that is missing, damaged or not supported.
    public init(
        folder: String, name: String, pool: ThreadPool, precision: EncoderPrecision = .f32, loadsLate: Bool = false
    ) throws(EncoderError) {
        let folder = ModelFolder.resolved(folder)
        let configuration = try EncoderConfiguration(folder: folder, name: name)
        let tokenizer = try Self.tokenizer(folder, configuration)
        do throws(TensorError) {
            weights = try SafetensorsFile(path: folder + "/model.safetensors")
        } catch {
            throw .weights(error)
        }
        guard let first = tokenizer.specialTokens.cls, let last = tokenizer.specialTokens.sep else {
            throw .unsupported(path: folder, feature: "a tokenizer without [CLS] and [SEP]")
        }
        modelName = name
        self.pool = pool
        self.configuration = configuration
        self.precision = precision.resolved
        loadedModel = Mutex(nil)
        sequences = SequenceMaker(
            tokenizer: tokenizer, first: first, last: last, maxTokenCount: configuration.maxTokenCount)
        prompts = configuration.prompts
        let promptTokens = tokenizer.tokenCount(of: configuration.prompts.passage)
        maxTokenCount = max(2, configuration.maxTokenCount - promptTokens)
        let hash = EncoderFingerprint.hash(configuration, tokenizer, weights)
        fingerprint = self.precision == .f32 ? hash : hash + "+" + self.precision.rawValue
        if !loadsLate { _ = try model() }
    }

    private func model() throws(EncoderError) -> BertModel {
        try loadedModel.withLock { (loaded) throws(EncoderError) in
            if let loaded { return loaded }
            let model = try BertModel(configuration, weights, precision: precision, pool: pool)
            loaded = model
            return model
        }
    }

    /// How many tokens `text` has, special tokens not included.
    public func tokenCount(of text: String) -> Int {
        sequences.tokenCount(of: text)
    }

    /// Embeds texts; see `TextEmbedding`.
    ///
    /// What the model wants before a query or a passage (`EncoderPrompts`) is put there, and counts as part of the text.
    public func embed(_ texts: [String], kind: TextKind) throws(EncoderError) -> Embeddings {
        let prompt = prompts[kind]
        let texts = prompt.isEmpty ? texts : texts.map { prompt + $0 }
        var result = Embeddings(vectors: [], dimension: dimension, tokenCounts: [], truncated: [])
        if texts.isEmpty { return result }
        result.vectors.reserveCapacity(texts.count * dimension)
        let model = try model()
        var start = 0
        while start < texts.count {
            let end = min(start + Self.waveTextCount, texts.count)
            embed(texts[start..<end], by: model, into: &result)
            start = end
        }
        // A sum is finite only if all its terms are.
        guard result.vectors.reduce(0, +).isFinite else { throw .notFinite(model: modelName) }
        return result
    }

    /// Appends the rows of one wave of texts.
    private func embed(_ texts: ArraySlice<String>, by model: BertModel, into result: inout Embeddings) {
        let tokenized = tokenize(texts)
        let batches = BatchPlan.batches(of: tokenized.map(\.ids.count), tokenBudget: Self.batchTokenCount)
        let rows = Mutex([Float](repeating: 0, count: texts.count * dimension))
        let isShared = tokenized.reduce(0) { $0 + $1.ids.count } <= 2 * Self.batchTokenCount * pool.threadCount
        @Sendable func run(_ batch: [Int]) {
            let packed = BatchPlan.pack(batch, of: tokenized)
            withWorkspace(for: packed) { workspace in
                unsafe model.embed(packed, workspace, pool) { sequence, vector in
                    let start = batch[sequence] * dimension
                    // The vector is only read, inside of the call that lends it.
                    rows.withLock { rows in
                        for column in vector.indices { rows[start + column] = unsafe vector[column] }
                    }
                }
            }
        }
        if isShared {
            for batch in batches { run(batch) }
        } else {
            pool.run(taskCount: batches.count) { run(batches[$0]) }
        }
        result.vectors += rows.withLock { $0 }
        result.tokenCounts += tokenized.map(\.tokenCount)
        result.truncated += tokenized.map(\.isTruncated)
    }

    private func tokenize(_ texts: ArraySlice<String>) -> [TextSequence] {
        let share = 16
        let results = Mutex([TextSequence](repeating: TextSequence(ids: [], tokenCount: 0), count: texts.count))
        pool.run(taskCount: (texts.count + share - 1) / share) { task in
            let range = (task * share)..<min((task + 1) * share, texts.count)
            let own = range.map { sequences.sequence(of: texts[texts.startIndex + $0]) }
            results.withLock { $0.replaceSubrange(range, with: own) }
        }
        return results.withLock { $0 }
    }

    /// Calls `body` with a workspace that is large enough and nobody else's.
    private func withWorkspace(for batch: TokenBatch, _ body: (Workspace) -> Void) {
        let longest = batch.longest
        let free = workspaces.withLock { list in
            list.firstIndex { $0.tokenCapacity >= batch.ids.count && $0.sequenceCapacity >= longest }
                .map { list.remove(at: $0) }
        }
        let workspace =
            free
            ?? Workspace(
                configuration, precision: precision,
                tokenCapacity: max(batch.ids.count, Self.batchTokenCount),
                sequenceCapacity: max(longest, min(configuration.maxTokenCount, Self.batchTokenCount)),
                shares: pool.threadCount)
        body(workspace)
        workspaces.withLock { list in
            if list.count >= pool.threadCount { list.removeFirst() }
            list.append(workspace)
        }
    }

    /// Loads the tokenizer and makes sure that no id of it lies outside of the word embeddings.
    static func tokenizer(
        _ folder: String, _ configuration: EncoderConfiguration
    ) throws(EncoderError) -> any Tokenizer {
        let tokenizer: any Tokenizer
        do throws(TokenizerError) {
            tokenizer = try TokenizerLoader.load(path: folder)
        } catch {
            throw .tokenizer(error)
        }
        guard tokenizer.vocabularySize <= configuration.vocabularySize else {
            throw .malformed(
                path: folder + "/config.json",
                reason: "vocab_size is \(configuration.vocabularySize), "
                    + "but the tokenizer has ids up to \(tokenizer.vocabularySize - 1)")
        }
        return tokenizer
    }
}
