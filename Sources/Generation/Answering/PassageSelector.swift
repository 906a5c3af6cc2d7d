import LexicalIndex
import Retrieval

/// Picks what an answer may rest on from the ranked hits: no near-duplicates, not everything from one document.
struct PassageSelector {
    /// Hits that share more than this part of the smaller one's words are said once.
    static let maximumOverlap: Float = 0.85

    let analyzer: TextAnalyzer

    /// The first `count` hits that add something, numbered from 1.
    func select(from hits: [SearchHit], count: Int) -> [Passage] {
        var kept: [(hit: SearchHit, terms: Set<String>)] = []
        for hit in hits where kept.count < count {
            let terms = Set(analyzer.contentTerms(of: hit.text))
            let isRepeat = kept.contains { other in
                let smaller = min(other.terms.count, terms.count)
                guard smaller > 0 else { return terms.isEmpty }
                return Float(other.terms.intersection(terms).count) / Float(smaller) > Self.maximumOverlap
            }
            if !isRepeat { kept.append((hit, terms)) }
        }
        return kept.enumerated().map { Passage(number: $0.offset + 1, hit: $0.element.hit) }
    }
}
