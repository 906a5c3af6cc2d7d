import Retrieval

/// Puts an answer together from checked sentences: text, marks, citations, verdicts, confidence.
struct AnswerComposer {
    let id: String
    let policy: UnsupportedPolicy
    let checker: SupportChecker
    var passages: [Passage] = []
    var evidence: Evidence?
    var summary: GenerationSummary?
    var timings = StageTimings()

    private var assembler = SentenceAssembler()
    private var text = ""
    private var verdicts: [SentenceVerdict] = []
    private var citations: [Int: Citation] = [:]
    private var notes: [String] = []

    init(id: String, policy: UnsupportedPolicy, checker: SupportChecker) {
        self.id = id
        self.policy = policy
        self.checker = checker
    }

    /// Whether any sentence so far is borne out.
    var hasSupport: Bool { verdicts.contains { $0.supported } }

    /// Adds generated text.
    ///
    /// With ``UnsupportedPolicy/mark`` it is released at once; with `drop` not before its sentence has been checked.
    mutating func append(_ delta: String) -> (events: [AnswerEvent], sentences: [String]) {
        let complete = assembler.append(delta)
        guard policy == .mark else { return ([], complete) }
        text += delta
        return ([.token(delta)], complete)
    }

    /// The sentences left over when the text has ended.
    mutating func finishText() -> [String] {
        assembler.finish()
    }

    /// Takes the verdict on one sentence and returns what is released by it.
    mutating func accept(_ sentence: String, _ support: SentenceSupport) -> [AnswerEvent] {
        verdicts.append(SentenceVerdict(support))
        guard support.isSupported, let number = support.passageNumber,
            let passage = passages.first(where: { $0.number == number })
        else { return [] }
        var events: [AnswerEvent] = []
        if policy == .drop {
            let body = CitationMarks(in: sentence).text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            let piece = (text.isEmpty ? "" : " ") + body + " [\(number)]"
            text += piece
            events.append(.token(piece))
        }
        if let citation = cite(passage, support) { events.append(.citation(citation)) }
        return events
    }

    /// Records the citation; returns it when the mark is new.
    ///
    /// A second quote from the same passage widens the span.
    private mutating func cite(_ passage: Passage, _ support: SentenceSupport) -> Citation? {
        let hit = passage.hit
        let utf8 = Array(hit.text.utf8)
        // A table that goes on from an earlier chunk repeats its header row before the slice of the document that
        // `utf8Span` names (see `Chunk.text`), so offsets are counted from the end.
        let base = hit.utf8Span.upperBound - utf8.count
        var (start, end) = (hit.utf8Span.lowerBound, hit.utf8Span.upperBound)
        if let range = support.utf8Range, base + range.upperBound > start {
            (start, end) = (max(start, base + range.lowerBound), base + range.upperBound)
        }
        let old = citations[passage.number]
        if let old { (start, end) = (min(start, old.span.start), max(end, old.span.end)) }
        let citation = Citation(
            marker: passage.number, documentID: hit.documentID, chunkID: hit.chunkID, title: hit.title, url: hit.url,
            headingPath: hit.headingPath, quote: String(decoding: utf8[(start - base)..<(end - base)], as: UTF8.self),
            span: Citation.Span(start: start, end: end), duplicates: hit.duplicates)
        citations[passage.number] = citation
        return old == nil ? citation : nil
    }

    /// Forgets what was written, keeps why.
    mutating func restart(note: String) {
        text = ""
        assembler = SentenceAssembler()
        citations = [:]
        notes.append(note)
        notes += summary?.notes ?? []
    }

    /// Whether the text written is the refusal itself.
    func declines(_ refusal: String) -> Bool {
        func words(_ text: String) -> [String] {
            text.lowercased().replacing("\u{2019}", with: "'").split { !$0.isLetter && $0 != "'" }.map(String.init)
        }
        let wanted = words(refusal)
        let written = verdicts.flatMap { words($0.sentence) }
        return !wanted.isEmpty && written.starts(with: wanted)
    }

    /// The finished answer.
    func answer() -> Answer {
        let checked = verdicts.filter { policy == .mark || $0.supported }
        let support =
            checked.isEmpty ? 0 : checked.reduce(0) { $0 + ($1.supported ? $1.score : 0) } / Float(checked.count)
        return make(
            text: text.trimmingWhitespace(), refused: false, reason: nil,
            confidence: support * (evidence?.answerability ?? 1), generator: summary?.generator ?? "extractive")
    }

    /// A refusal with the nearest passages.
    func refusal(_ text: String, because reason: RefusalReason, by generator: String) -> Answer {
        var refused = make(
            text: text, refused: true, reason: reason, confidence: evidence?.answerability ?? 0,
            generator: summary?.generator ?? generator)
        refused.citations = []
        return refused
    }

    private func make(
        text: String, refused: Bool, reason: RefusalReason?, confidence: Float, generator: String
    ) -> Answer {
        Answer(
            id: id, answer: text, citations: citations.values.sorted { $0.marker < $1.marker }, refused: refused,
            refusalReason: reason, confidence: (confidence * 1000).rounded() / 1000, evidence: evidence,
            supported: verdicts,
            generator: generator, model: summary?.model,
            usage: Answer.Usage(
                promptTokens: summary?.promptTokenCount ?? 0, cachedTokens: summary?.cachedTokenCount ?? 0,
                completionTokens: summary?.completionTokenCount ?? 0),
            passages: passages.map(\.hit), notes: notes + (summary?.notes ?? []), timings: timings)
    }
}

extension String {
    /// Without white space at either end.
    func trimmingWhitespace() -> String {
        let tail = drop { $0.isWhitespace }
        guard let last = tail.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(tail[...last])
    }
}
