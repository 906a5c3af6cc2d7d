public import Encoders
public import Foundation
public import LexicalIndex
public import Logging
public import Retrieval

/// Answers questions: retrieves, weighs the evidence, lets a generator write, checks every sentence, cites.
///
/// The order of the work is the order of the functions below: ``answer(_:)`` → passages → evidence → writing →
/// ``AnswerComposer`` for the verdicts → the finished ``Answer``.
public final class AnswerService: Sendable {
    /// Retrieves more hits than passages are asked for, because what adds nothing is left out.
    static let overfetch = 2

    private let search: SearchService
    private let registry: GeneratorRegistry
    private let prompts: PromptLibrary
    private let ranker: SentenceRanker
    private let assessor: EvidenceAssessor
    private let checker: SupportChecker
    private let selector: PassageSelector
    private let embedder: any TextEmbedding
    private let analyzer: TextAnalyzer
    private let queue: ComputeQueue
    private let logger: Logger
    private let makeID: @Sendable () -> String

    /// Wires the service.
    /// - Parameters:
    ///   - search: finds the passages.
    ///   - registry: the generators.
    ///   - prompts: holds the refusal text.
    ///   - embedder: embeds sentences for the evidence and the check.
    ///   - analyzer: makes content words of text.
    ///   - queue: where CPU work runs.
    ///   - assessor: decides what is too weak to answer from.
    ///   - logger: gets one line per answer at debug level, never the question's text.
    ///   - makeID: names answers; random by default.
    public init(
        search: SearchService, registry: GeneratorRegistry, prompts: PromptLibrary, embedder: any TextEmbedding,
        analyzer: TextAnalyzer, queue: ComputeQueue, assessor: EvidenceAssessor = EvidenceAssessor(), logger: Logger,
        makeID: @escaping @Sendable () -> String = { "ans_" + UUID().uuidString.lowercased() }
    ) {
        self.search = search
        self.registry = registry
        self.prompts = prompts
        self.embedder = embedder
        self.analyzer = analyzer
        self.queue = queue
        self.assessor = assessor
        self.logger = logger
        self.makeID = makeID
        ranker = SentenceRanker(embedder: embedder, analyzer: analyzer)
        checker = SupportChecker(analyzer: analyzer, embedder: embedder)
        selector = PassageSelector(analyzer: analyzer)
    }

    /// The generators that are set up.
    public var generatorNames: [String] { registry.names }

    /// Checks what can be checked of `request` before any work is done: its ranges, and that its generator is set up.
    /// - Throws: `GenerationError.invalidRequest` or `generatorUnavailable`.
    public func validate(_ request: AnswerRequest) throws(GenerationError) {
        try request.validate()
        _ = try registry.generator(named: request.generator)
    }

    /// Answers `request`, step by step.
    /// - Returns: the events in the order of ``AnswerEvent``; fails with ``GenerationError`` or `RetrievalError`.
    public func answer(_ request: AnswerRequest) -> AsyncThrowingStream<AnswerEvent, any Error> {
        let (stream, continuation) = AsyncThrowingStream<AnswerEvent, any Error>.makeStream()
        let task = Task {
            do {
                try await run(request) { continuation.yield($0) }
                continuation.finish()
            } catch {
                continuation.finish(throwing: error)
            }
        }
        continuation.onTermination = { _ in task.cancel() }
        return stream
    }

    /// Answers `request` and waits for the whole answer.
    /// - Throws: `GenerationError` or `RetrievalError`.
    public func finishedAnswer(_ request: AnswerRequest) async throws -> Answer {
        for try await event in answer(request) {
            if case .done(let answer) = event { return answer }
        }
        throw CancellationError()
    }

    private func run(_ request: AnswerRequest, yield: (AnswerEvent) -> Void) async throws {
        try request.validate()
        let generator = try registry.generator(named: request.generator)
        var composer = AnswerComposer(id: makeID(), policy: request.unsupportedSentences, checker: checker)

        let question = StandaloneQuestion.rewrite(request.question, after: request.conversation, analyzer: analyzer)
        let passages = try await composer.timings.measure("search") { try await retrieve(request, question) }
        composer.passages = passages
        yield(.passages(passages))
        guard !passages.isEmpty else {
            return yield(.done(composer.refusal(prompts.refusalText, because: .noPassages, by: generator.name)))
        }

        let (evidence, sentences) = try await composer.timings.measure("evidence") {
            try await weigh(question, passages)
        }
        composer.evidence = evidence
        guard evidence.answerability >= assessor.parameters.threshold, !sentences.isEmpty else {
            return yield(.done(composer.refusal(prompts.refusalText, because: .weakEvidence, by: generator.name)))
        }
        var written = GenerationRequest(
            question: question, passages: passages, parameters: request.sampling, model: request.model)
        written.sentences = sentences
        try await write(written, with: generator, into: &composer, yield: yield)
    }

    private func weigh(_ question: String, _ passages: [Passage]) async throws -> (Evidence, [RankedSentence]) {
        let sentences = try await queue.run { [ranker] in try ranker.rank(question, passages) }
        return (assessor.assess(question, sentences, passages, analyzer: analyzer), sentences)
    }

    /// Lets `generator` write, and the extract when nothing of what it wrote holds.
    private func write(
        _ request: GenerationRequest, with generator: any TextGenerating, into composer: inout AnswerComposer,
        yield: (AnswerEvent) -> Void
    ) async throws {
        let start = ContinuousClock.now
        for try await event in generator.generate(request) {
            for answerEvent in try await consume(event, into: &composer) { yield(answerEvent) }
        }
        for answerEvent in try await finish(&composer) { yield(answerEvent) }
        if composer.declines(prompts.refusalText) {
            composer.timings.record("generation", ContinuousClock.now - start)
            return yield(.done(composer.refusal(prompts.refusalText, because: .modelDeclined, by: generator.name)))
        }
        if !composer.hasSupport, generator.name != "extractive",
            let extract = try? registry.generator(named: "extractive")
        {
            composer.restart(note: "nothing the \(generator.name) generator wrote is borne out by the passages")
            for try await event in extract.generate(request) {
                for answerEvent in try await consume(event, into: &composer) { yield(answerEvent) }
            }
            for answerEvent in try await finish(&composer) { yield(answerEvent) }
        }
        composer.timings.record("generation", ContinuousClock.now - start)
        guard composer.hasSupport else {
            return yield(.done(composer.refusal(prompts.refusalText, because: .unsupported, by: generator.name)))
        }
        let answer = composer.answer()
        logger.debug(
            "answered", metadata: ["answer": "\(answer.id)", "generator": "\(answer.generator)"])
        yield(.done(answer))
    }

    /// Checking embeds sentences, which is CPU work for the queue.
    private func consume(
        _ event: GenerationEvent, into composer: inout AnswerComposer
    ) async throws -> [AnswerEvent] {
        switch event {
        case .text(let text):
            let ready = composer.append(text)
            return try await check(ready.sentences, into: &composer, after: ready.events)
        case .finished(let summary):
            composer.summary = summary
            return []
        }
    }

    private func finish(_ composer: inout AnswerComposer) async throws -> [AnswerEvent] {
        try await check(composer.finishText(), into: &composer, after: [])
    }

    private func check(
        _ sentences: [String], into composer: inout AnswerComposer, after events: [AnswerEvent]
    ) async throws -> [AnswerEvent] {
        guard !sentences.isEmpty else { return events }
        let passages = composer.passages
        let verdicts = try await queue.run { [checker] in sentences.map { checker.check($0, against: passages) } }
        return events + zip(sentences, verdicts).flatMap { composer.accept($0, $1) }
    }

    private func retrieve(_ request: AnswerRequest, _ question: String) async throws -> [Passage] {
        switch request.source {
        case .collection(let name):
            var lookup = SearchRequest(query: question)
            lookup.topK = request.topK * Self.overfetch
            lookup.mode = request.mode
            lookup.filter = request.filter
            lookup.collapseDuplicates = request.collapseDuplicates
            lookup.context = request.context
            let hits = PassageSelector.widened(try await search.search(lookup, in: name).hits)
            guard request.collapseDuplicates else { return PassageSelector.numbered(hits.prefix(request.topK)) }
            return selector.select(from: hits, count: request.topK)
        case .text(let text):
            return try await queue.run { [embedder] in
                try TextPassages(embedder: embedder).passages(of: text, question: question, count: request.topK)
            }
        }
    }
}
