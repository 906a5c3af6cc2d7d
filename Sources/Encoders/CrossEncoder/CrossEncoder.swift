public import Kernels
import Synchronization
import Tensors
import Tokenizers

/// A BERT or XLM-RoBERTa model with a classification head of one label: (query, text) → score.
///
/// Pairs are packed into batches without padding, by a budget of tokens, and shared out over the pool batch by batch.
///
/// Source: Nogueira and Cho, "Passage Re-ranking with BERT" (2019).
public final class CrossEncoder: Reranking {
    /// The model's name in the catalog.
    public let modelName: String
    /// The most tokens of a pair that are read, special tokens included.
    public var maxTokenCount: Int { pairs.maxTokenCount }

    /// Tokens of a forward pass.
    private static let batchTokenCount = SentenceEncoder.batchTokenCount

    private let model: BertModel
    private let head: ClassificationHead
    private let pairs: PairMaker
    private let pool: ThreadPool
    private let workspaces = Mutex<[Workspace]>([])

    /// Loads the model in `folder`: config.json, model.safetensors and the tokenizer.
    /// - Parameters:
    ///   - folder: a Hugging Face model folder, or a model's entry in a Hugging Face cache.
    ///   - name: the name to report as `modelName`.
    ///   - pool: the threads that do the work.
    /// - Throws: `EncoderError`, naming the file that is missing, damaged or not supported.
    public init(folder: String, name: String, pool: ThreadPool) throws(EncoderError) {
        let folder = ModelFolder.resolved(folder)
        let configuration = try EncoderConfiguration(crossEncoder: folder)
        let tokenizer = try SentenceEncoder.tokenizer(folder, configuration)
        let weights: SafetensorsFile
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
        model = try BertModel(configuration, weights, headPrefix: "classifier.", pool: pool)
        head = try ClassificationHead(configuration, weights)
        pairs = PairMaker(
            sequences: SequenceMaker(
                tokenizer: tokenizer, first: first, last: last, maxTokenCount: configuration.maxTokenCount),
            doublesSeparator: configuration.family == .roberta, maxTokenCount: configuration.maxTokenCount)
    }

    /// Scores texts; see `Reranking`.
    public func scores(of texts: [String], for query: String) throws(EncoderError) -> [Float] {
        let first = pairs.part(query)
        let made = Mutex([PairMaker.Pair](repeating: PairMaker.Pair(), count: texts.count))
        pool.run(taskCount: texts.count) { index in
            let pair = pairs.pair(first, pairs.part(texts[index]))
            made.withLock { $0[index] = pair }
        }
        let sequences = made.withLock { $0 }
        let batches = BatchPlan.batches(of: sequences.map(\.ids.count), tokenBudget: Self.batchTokenCount)
        let scores = Mutex([Float](repeating: 0, count: texts.count))
        pool.run(taskCount: batches.count) { index in
            let own = score(batches[index].map { sequences[$0] })
            scores.withLock { scores in
                for (text, score) in zip(batches[index], own) { scores[text] = score }
            }
        }
        let result = scores.withLock { $0 }
        guard result.allSatisfy(\.isFinite) else { throw .notFinite(model: modelName) }
        return result
    }

    /// The scores of one batch of pairs: a forward pass.
    private func score(_ pairs: [PairMaker.Pair]) -> [Float] {
        var batch = TokenBatch()
        for pair in pairs {
            batch.ids += pair.ids
            batch.ends.append(batch.ids.count)
        }
        if model.configuration.tokenTypeCount > 1 { batch.secondStarts = pairs.map(\.secondStart) }
        let workspace = workspace(for: batch)
        model.forward(batch, workspace, pool)
        let scores = batch.ends.indices.map { index in
            unsafe head.score(workspace.hidden.row(batch.range(index).lowerBound))
        }
        workspaces.withLock { $0.append(workspace) }
        return scores
    }

    /// A workspace that is nobody else's: the last one used, unless it is too small.
    private func workspace(for batch: TokenBatch) -> Workspace {
        let free = workspaces.withLock { $0.popLast() }
        if let free, free.tokenCapacity >= batch.ids.count { return free }
        return Workspace(
            model.configuration, tokenCapacity: max(batch.ids.count, Self.batchTokenCount),
            sequenceCapacity: maxTokenCount, shares: pool.threadCount)
    }
}
