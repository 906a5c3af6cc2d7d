public import Encoders
import Ingestion
public import LexicalIndex
import Retrieval

/// Ties each sentence of an answer to the place in a passage that bears it out, or says that nothing does.
///
/// Three gates, cheapest first; no model's word is taken for it:
/// 1. every number in the sentence stands in the passage (an altered figure is the error that costs most),
/// 2. the sentence's content words, stemmed, stand close together in the passage (windows of one to three sentences,
///    the passage's headings counted as present), and
/// 3. sentence and passage agree on negation.
///
/// A paraphrase that shares few words passes the second gate if its embedding is close to that of the window.
public struct SupportChecker: Sendable {
    /// When a sentence counts as supported.
    public struct Parameters: Sendable, Equatable {
        /// The least share of content words found, 0 to 1.
        ///
        /// Default 0.6.
        public var minimumCoverage: Float = 0.6
        /// The least share when the embeddings carry the verdict, 0 to 1.
        ///
        /// Default 0.25.
        public var minimumParaphraseCoverage: Float = 0.25
        /// The least cosine between sentence and window for a paraphrase, 0 to 1.
        ///
        /// Default 0.72.
        public var minimumCosine: Float = 0.72
        /// The most sentences in one window.
        ///
        /// Default 3.
        public var maximumWindow = 3

        /// The defaults.
        public init() {}
    }

    private let parameters: Parameters
    private let analyzer: TextAnalyzer
    private let embedder: (any TextEmbedding)?
    private let splitter = SentenceSplitter()
    private let negatingTerms: Set<String>

    /// Sets up a checker.
    /// - Parameters:
    ///   - analyzer: makes content words of text; the one of the lexical index.
    ///   - embedder: judges paraphrases; nil leaves only the words.
    ///   - parameters: the thresholds.
    public init(analyzer: TextAnalyzer, embedder: (any TextEmbedding)?, parameters: Parameters = Parameters()) {
        self.analyzer = analyzer
        self.embedder = embedder
        self.parameters = parameters
        negatingTerms = Set(Negation.words.flatMap(analyzer.contentTerms))
    }

    /// Judges one sentence.
    /// - Parameters:
    ///   - sentence: one sentence, citation marks allowed (they say which passage to look at first).
    ///   - passages: what it may rest on.
    /// - Returns: the verdict with the best place found.
    public func check(_ sentence: String, against passages: [Passage]) -> SentenceSupport {
        let marks = CitationMarks(in: sentence)
        let plain = marks.text
        // Negation has a gate of its own; as content its words would be found in any sentence that denies something.
        let terms = Set(analyzer.contentTerms(of: plain)).subtracting(negatingTerms)
        guard !terms.isEmpty else {
            return SentenceSupport(sentence: plain, isSupported: false, score: 0, reason: "it says nothing checkable")
        }
        let numbers = NumberTokens.all(in: plain)
        let cited = passages.filter { marks.numbers.contains($0.number) }
        var best: Place?
        // The cited passages first: on a tie the model's own citation stands.
        for passage in cited + passages.filter({ !marks.numbers.contains($0.number) }) {
            let found = bestPlace(
                for: terms, numbers: numbers, isNegated: Negation.isNegated(plain), in: passage)
            if let found, found.rank > (best?.rank ?? -1) { best = found }
        }
        guard let best else {
            return SentenceSupport(sentence: plain, isSupported: false, score: 0, reason: "no passage is near it")
        }
        return verdict(on: plain, best)
    }

    /// One window of a passage, measured against a sentence.
    private struct Place {
        var passage: Passage
        var utf8Range: Range<Int>
        var text: String
        var coverage: Float
        var missingNumbers: [String]
        var agreesOnNegation: Bool
        var sentenceCount: Int

        /// Places with all the numbers come before places without, whatever their coverage; a wider one has to earn its
        /// width, and among equals the one that agrees on negation comes first.
        var rank: Float {
            coverage + (missingNumbers.isEmpty ? 1 : 0) - 0.05 * Float(sentenceCount - 1)
                + (agreesOnNegation ? 0.04 : 0)
        }
    }

    private func bestPlace(
        for terms: Set<String>, numbers: [String], isNegated: Bool, in passage: Passage
    ) -> Place? {
        let utf8 = Array(passage.hit.text.utf8)
        let sentences = PassageSentence.all(in: passage.hit.text, splitter)
        let headingText = passage.heading
        let headingTerms = Set(analyzer.contentTerms(of: headingText))
        let headingNumbers = Set(NumberTokens.all(in: headingText))
        // A row is read under its table's header, an item under the words that introduce its list.
        let sentenceTerms = sentences.map { Set(analyzer.contentTerms(of: ($0.context ?? "") + "\n" + $0.text)) }
        // What a row is about stands in its first cell.
        let labelTerms = sentences.map { sentence -> Set<String> in
            guard sentence.tableHeader != nil else { return [] }
            return Set(analyzer.contentTerms(of: String(sentence.text.prefix { $0 != "|" })))
        }
        var best: Place?
        for start in sentences.indices {
            var found = terms.intersection(headingTerms)
            let header = sentences[start].context ?? ""
            for end in start..<min(start + parameters.maximumWindow, sentences.count) {
                // A row stands for itself: two together would let one row's name go with the other's figures.
                if end > start, sentences[end].tableHeader != nil { break }
                found.formUnion(terms.intersection(sentenceTerms[end]))
                // A sentence that names another row must not live on this row's figures.
                if !labelTerms[start].isEmpty {
                    let missing = terms.subtracting(found)
                    if labelTerms.contains(where: { !$0.isDisjoint(with: missing) }) { break }
                }
                let range = sentences[start].utf8Range.lowerBound..<sentences[end].utf8Range.upperBound
                let text = String(decoding: utf8[range], as: UTF8.self)
                let present = Set(NumberTokens.all(in: header + "\n" + text)).union(headingNumbers)
                let missing = numbers.filter { !present.contains($0) }
                let coverage = Float(found.count) / Float(terms.count)
                // A denial in the words that introduce a list holds for its items.
                let read = LeadIns.isComplete(header) ? text : header + " " + text
                let place = Place(
                    passage: passage, utf8Range: range, text: text, coverage: coverage, missingNumbers: missing,
                    agreesOnNegation: Negation.isNegated(read) == isNegated, sentenceCount: end - start + 1)
                if place.rank > (best?.rank ?? -1) { best = place }
            }
        }
        return best
    }

    private func verdict(on sentence: String, _ place: Place) -> SentenceSupport {
        var support = SentenceSupport(
            sentence: sentence, isSupported: false, score: place.coverage, passageNumber: place.passage.number,
            utf8Range: place.utf8Range)
        if !place.missingNumbers.isEmpty {
            support.score = min(support.score, 0.5)
            support.reason = "the passage doesn't have \(place.missingNumbers.joined(separator: ", "))"
            return support
        }
        if !place.agreesOnNegation {
            support.score = min(support.score, 0.5)
            support.reason = "the sentence and the passage disagree on a negation"
            return support
        }
        if place.coverage >= parameters.minimumCoverage {
            support.isSupported = true
            return support
        }
        if place.coverage >= parameters.minimumParaphraseCoverage, let cosine = cosine(sentence, place.text),
            cosine >= parameters.minimumCosine
        {
            support.isSupported = true
            support.score = cosine
            return support
        }
        support.reason = "the passage has too little of what it says"
        return support
    }

    private func cosine(_ first: String, _ second: String) -> Float? {
        guard let embedder, let pair = try? embedder.embed([first, second], kind: .passage) else { return nil }
        return zip(pair.row(0), pair.row(1)).reduce(0) { $0 + $1.0 * $1.1 }
    }
}
