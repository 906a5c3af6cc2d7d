import LexicalIndex
import Retrieval

/// Which of a question's content words the retrieved passages know at all.
///
/// Retrieval brings up whatever passage has a rare word of the question, so a word that none of them has is most
/// likely in no document: "saddle" in a shop without horses. A word that is spelt almost like one of theirs counts as
/// known, because customers mistype.
struct QuestionTerms {
    /// Shorter words are not matched by spelling: too many are one letter apart.
    static let minimumFuzzyLength = 5

    let analyzer: TextAnalyzer

    /// The share of the question's content words that stand in no passage, 0 to 1; 0 for a question without any.
    func unseenShare(of question: String, in passages: [Passage]) -> Float {
        let terms = Set(analyzer.contentTerms(of: question))
        guard !terms.isEmpty else { return 0 }
        var known: Set<String> = []
        for passage in passages { known.formUnion(analyzer.terms(of: passage.heading + " " + passage.hit.text)) }
        let unseen = terms.count { !known.contains($0) && !isMisspelt($0, of: known) }
        return Float(unseen) / Float(terms.count)
    }

    private func isMisspelt(_ term: String, of known: Set<String>) -> Bool {
        let letters = Array(term.unicodeScalars)
        guard letters.count >= Self.minimumFuzzyLength else { return false }
        return known.contains { candidate in
            let other = Array(candidate.unicodeScalars)
            return abs(other.count - letters.count) <= 1 && other.first == letters.first
                && Self.isOneEditApart(letters, other)
        }
    }

    /// Whether one insertion, deletion, substitution or swap of neighbours makes `first` of `second`.
    static func isOneEditApart(_ first: [Unicode.Scalar], _ second: [Unicode.Scalar]) -> Bool {
        if first.count > second.count { return isOneEditApart(second, first) }
        guard second.count - first.count <= 1 else { return false }
        guard let start = first.indices.first(where: { first[$0] != second[$0] }) else { return true }
        if first.count < second.count { return first[start...].elementsEqual(second[(start + 1)...]) }
        if first[(start + 1)...].elementsEqual(second[(start + 1)...]) { return true }
        return start + 1 < first.count && first[start] == second[start + 1] && first[start + 1] == second[start]
            && first[(start + 2)...].elementsEqual(second[(start + 2)...])
    }
}
