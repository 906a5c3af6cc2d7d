import LexicalIndex
import Retrieval
import Storage

/// Picks what an answer may rest on from the ranked hits: what adds something to those before it.
struct PassageSelector {
    /// Of hits that share more than this part of the smaller one's words the better one is kept, unless the smaller one
    /// has a figure, a name or a negation that the other lacks.
    static let maximumOverlap: Float = 0.85

    let analyzer: TextAnalyzer

    /// The first `count` hits that add something, numbered from 1.
    func select(from hits: [SearchHit], count: Int) -> [Passage] {
        var kept: [(hit: SearchHit, terms: Set<String>, protected: ProtectedWords)] = []
        for hit in hits where kept.count < count {
            let terms = Set(analyzer.contentTerms(of: hit.text))
            let protected = ProtectedWords(of: hit.text)
            let isRepeat = kept.contains { other in
                let smaller = min(other.terms.count, terms.count)
                guard smaller > 0 else { return terms.isEmpty }
                let overlap = Float(other.terms.intersection(terms).count) / Float(smaller)
                guard overlap > Self.maximumOverlap else { return false }
                return terms.count <= other.terms.count
                    ? protected.isSubset(of: other.protected) : other.protected.isSubset(of: protected)
            }
            if !isRepeat { kept.append((hit, terms, protected)) }
        }
        return Self.numbered(kept.map(\.hit))
    }

    /// The hits with their context for text and span, but for those that lie in the context of one before.
    static func widened(_ hits: [SearchHit]) -> [SearchHit] {
        var taken: Set<Int64> = []
        return hits.compactMap { hit in
            guard let context = hit.context else { return hit }
            guard !taken.contains(hit.chunkID) else { return nil }
            taken.formUnion(context.chunkIDs)
            var wide = hit
            wide.text = context.text
            wide.utf8Span = context.span.start..<context.span.end
            wide.context = nil
            return wide
        }
    }

    /// The hits as passages, numbered from 1.
    static func numbered(_ hits: some Sequence<SearchHit>) -> [Passage] {
        hits.enumerated().map { Passage(number: $0.offset + 1, hit: $0.element) }
    }
}
