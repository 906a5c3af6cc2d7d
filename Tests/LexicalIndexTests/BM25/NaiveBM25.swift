import Foundation
import LexicalIndex

/// BM25 as it is written in the papers: every chunk scored for every query, in double precision.
struct NaiveBM25 {
    var texts: [Int64: String] = [:]
    let analyzer: TextAnalyzer
    let k1 = 1.2
    let b = 0.75

    /// The scores of all chunks that share a term with the query, by id.
    func scores(_ query: String) -> [Int64: Double] {
        var documents: [Int64: (counts: [String: Int], length: Int)] = [:]
        for (id, text) in texts {
            let buffer = analyzer.analyze(text, for: .indexing)
            var counts: [String: Int] = [:]
            for index in 0..<buffer.count { counts[buffer.string(of: index), default: 0] += 1 }
            documents[id] = (counts, buffer.lengthInTerms)
        }
        let count = Double(documents.count)
        let average = max(1, documents.values.reduce(0) { $0 + Double($1.length) } / max(1, count))
        var scores: [Int64: Double] = [:]
        for term in analyzer.contentTerms(of: query) {
            let frequency = Double(documents.values.count { $0.counts[term] != nil })
            let idf = log(1 + (count - frequency + 0.5) / (frequency + 0.5))
            for (id, document) in documents {
                guard let tf = document.counts[term].map(Double.init) else { continue }
                scores[id, default: 0] += idf * tf / (tf + k1 * (1 - b + b * Double(document.length) / average))
            }
        }
        return scores
    }

    /// The best hits, best first, equal scores (to single precision) by id.
    func search(_ query: String, topK: Int, allowing: Set<Int64>? = nil) -> [LexicalHit] {
        scores(query).filter { allowing?.contains($0.key) ?? true }
            .map { LexicalHit(id: $0.key, score: Float($0.value)) }
            .sorted { $0.score != $1.score ? $0.score > $1.score : $0.id < $1.id }
            .prefix(topK).map { $0 }
    }
}
