import Encoders
import Ingestion
import LexicalIndex
import Retrieval

/// A sentence of a passage and how well it fits the question.
struct RankedSentence: Sendable {
    /// The passage's number.
    var passageNumber: Int
    /// The sentence's place in the chunk's text.
    var utf8Range: Range<Int>
    /// The sentence as it stands there.
    var text: String
    /// The header row over it, when it is a row of a table.
    var tableHeader: String?
    /// What it can't be read without, when it doesn't stand by itself.
    var leadIn: String?
    /// The cosine of question and sentence (with the passage's headings), -1 to 1.
    var cosine: Float
    /// The share of the question's content words in the sentence, its headings and its table header, 0 to 1.
    var coverage: Float
    /// What sentences are ranked by: ``SentenceRanker/cosineWeight`` × cosine + the rest × coverage.
    var score: Float
}

/// Ranks the sentences of the retrieved passages by how well each answers the question.
///
/// Cosine and word coverage fail on different sentences, as dense and lexical retrieval do on documents, so the score
/// mixes them. Sentences are embedded together with their headings: "It takes 14 days." alone says nothing about what.
struct SentenceRanker: Sendable {
    /// The weight of the cosine in the score; word coverage has the rest.
    static let cosineWeight: Float = 0.7
    /// The most sentences embedded per question; the ones with the least coverage are left out first.
    static let maximumCandidates = 48

    let embedder: any TextEmbedding
    let analyzer: TextAnalyzer
    private let splitter = SentenceSplitter()

    init(embedder: any TextEmbedding, analyzer: TextAnalyzer) {
        self.embedder = embedder
        self.analyzer = analyzer
    }

    /// The sentences of `passages`, best first.
    /// - Throws: what the encoder throws.
    func rank(_ question: String, _ passages: [Passage]) throws(EncoderError) -> [RankedSentence] {
        let questionTerms = Set(analyzer.contentTerms(of: question))
        var candidates = passages.flatMap { sentences(of: $0, questionTerms) }
        if candidates.count > Self.maximumCandidates {
            // A stable sort keeps the better passage's sentence among equals.
            let order = candidates.indices.sorted {
                (candidates[$1].coverage, $0) < (candidates[$0].coverage, $1)
            }
            candidates = order.prefix(Self.maximumCandidates).sorted().map { candidates[$0] }
        }
        guard !candidates.isEmpty else { return [] }
        let headings = Dictionary(passages.map { ($0.number, $0.heading) }) { first, _ in first }
        let texts = candidates.map { candidate in
            let heading = headings[candidate.passageNumber] ?? ""
            let context = (candidate.tableHeader ?? candidate.leadIn).map { $0 + " : " } ?? ""
            return heading + ": " + context + candidate.text
        }
        let query = try embedder.embed([question], kind: .query).row(0)
        let embeddings = try embedder.embed(texts, kind: .passage)
        for index in candidates.indices {
            candidates[index].cosine = zip(query, embeddings.row(index)).reduce(0) { $0 + $1.0 * $1.1 }
            candidates[index].score =
                Self.cosineWeight * candidates[index].cosine + (1 - Self.cosineWeight) * candidates[index].coverage
        }
        return candidates.enumerated().sorted { ($1.element.score, $0.offset) < ($0.element.score, $1.offset) }
            .map(\.element)
    }

    private func sentences(of passage: Passage, _ questionTerms: Set<String>) -> [RankedSentence] {
        let headingTerms = Set(analyzer.contentTerms(of: passage.heading))
        var result: [RankedSentence] = []
        for sentence in PassageSentence.all(in: passage.hit.text, splitter)
        where !sentence.isTableHeader && !sentence.isLeadIn && !sentence.isDateline {
            // A fragment of one or two words is a label, not a statement.
            let words = sentence.text.split(whereSeparator: \.isWhitespace).count
            guard words > 2 || sentence.context != nil else { continue }
            let own = Set(analyzer.contentTerms(of: sentence.text + "\n" + (sentence.context ?? "")))
                .union(headingTerms)
            let coverage =
                questionTerms.isEmpty ? 0 : Float(questionTerms.intersection(own).count) / Float(questionTerms.count)
            result.append(
                RankedSentence(
                    passageNumber: passage.number, utf8Range: sentence.utf8Range, text: sentence.text,
                    tableHeader: sentence.tableHeader, leadIn: sentence.leadIn, cosine: 0, coverage: coverage,
                    score: 0))
        }
        return result
    }
}
