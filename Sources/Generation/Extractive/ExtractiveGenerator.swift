public import Encoders
public import LexicalIndex
public import Retrieval

/// Answers with the sentences of the passages that fit the question best, word for word, each with its citation.
///
/// It can't say anything the documents don't say, needs no decoder, and is what every other generator falls back to.
public struct ExtractiveGenerator: TextGenerating {
    /// How much is quoted.
    public struct Parameters: Sendable, Equatable {
        /// The most sentences in an answer.
        ///
        /// Default 3.
        public var maximumSentences = 3
        /// A further sentence has to score at least this share of the best one's score, 0 to 1.
        ///
        /// Default 0.9.
        public var relativeScore: Float = 0.9
        /// Sentences that share more than this part of their words are said once, 0 to 1.
        ///
        /// Default 0.7.
        public var maximumOverlap: Float = 0.7

        /// The defaults.
        public init() {}
    }

    /// `extractive`.
    public let name = "extractive"
    private let ranker: SentenceRanker
    private let analyzer: TextAnalyzer
    private let queue: ComputeQueue
    private let parameters: Parameters

    /// Sets up the generator.
    /// - Parameters:
    ///   - embedder: embeds question and sentences.
    ///   - analyzer: makes content words of text.
    ///   - queue: where the CPU work runs.
    ///   - parameters: how much is quoted.
    public init(
        embedder: any TextEmbedding, analyzer: TextAnalyzer, queue: ComputeQueue, parameters: Parameters = Parameters()
    ) {
        ranker = SentenceRanker(embedder: embedder, analyzer: analyzer)
        self.analyzer = analyzer
        self.queue = queue
        self.parameters = parameters
    }

    /// Quotes the best sentences, in the order of their passages.
    public func generate(_ request: GenerationRequest) -> AsyncThrowingStream<GenerationEvent, any Error> {
        let (stream, continuation) = AsyncThrowingStream<GenerationEvent, any Error>.makeStream()
        let task = Task {
            do {
                let chosen = try await queue.run { [self] in
                    choose(from: try request.sentences ?? ranker.rank(request.question, request.passages))
                }
                for (index, quote) in QuoteWriter.quotes(of: chosen).enumerated() {
                    continuation.yield(.text((index > 0 ? " " : "") + quote))
                }
                continuation.yield(.finished(GenerationSummary(generator: name)))
                continuation.finish()
            } catch {
                continuation.finish(throwing: error)
            }
        }
        continuation.onTermination = { _ in task.cancel() }
        return stream
    }

    /// The best sentence and what comes close to it without repeating it, in reading order.
    func choose(from ranked: [RankedSentence]) -> [RankedSentence] {
        guard let best = ranked.first else { return [] }
        var chosen = [best]
        var chosenTerms = [Set(analyzer.contentTerms(of: best.text))]
        for sentence in ranked.dropFirst() where chosen.count < parameters.maximumSentences {
            guard sentence.score >= parameters.relativeScore * best.score else { break }
            let terms = Set(analyzer.contentTerms(of: sentence.text))
            guard !terms.isEmpty else { continue }
            let overlap = chosenTerms.map { Float($0.intersection(terms).count) / Float(min($0.count, terms.count)) }
            guard overlap.allSatisfy({ $0 <= parameters.maximumOverlap }) else { continue }
            chosen.append(sentence)
            chosenTerms.append(terms)
        }
        return chosen.sorted {
            ($0.passageNumber, $0.utf8Range.lowerBound) < ($1.passageNumber, $1.utf8Range.lowerBound)
        }
    }
}
