/// A chunk with a score, as a leg or a fusion ranks it.
public struct ScoredChunk: Sendable, Equatable {
    /// The chunk's id.
    public var id: Int64
    /// Greater is better.
    public var score: Float

    /// Creates an entry of a ranking.
    public init(id: Int64, score: Float) {
        self.id = id
        self.score = score
    }
}

/// How two rankings become one.
public enum FusionMethod: Sendable, Hashable {
    /// ``convexCombination(dense:lexical:denseWeight:)``.
    case convex(denseWeight: Float)
    /// ``reciprocalRankFusion(_:constant:)``.
    case reciprocalRank(constant: Int)

    /// Equal weights, so that nothing is fitted to any data set; the decision is in `docs/decisions`.
    public static let standard = FusionMethod.convex(denseWeight: 0.5)

    /// The name in explanations.
    public var name: String {
        switch self {
        case .convex(let weight): "convex(\(weight))"
        case .reciprocalRank(let constant): "reciprocal_rank(\(constant))"
        }
    }
}

/// Adds up the reciprocals of the ranks: score(c) = Σ over rankings of 1 / (constant + rank), rank from 1.
///
/// It needs no scores and so no assumption about their scales, and throws away what the scores say.
/// - Parameters:
///   - rankings: best first, each id at most once.
///   - constant: how little the first ranks stand out; 60 in the paper.
/// - Returns: the union, best first, equal scores by ascending id.
///
/// Source: Cormack, Clarke, Büttcher, "Reciprocal Rank Fusion Outperforms Condorcet and Individual Rank Learning
/// Methods", SIGIR 2009.
public func reciprocalRankFusion(_ rankings: [[ScoredChunk]], constant: Int = 60) -> [ScoredChunk] {
    var scores: [Int64: Float] = [:]
    for ranking in rankings {
        for (index, entry) in ranking.enumerated() {
            scores[entry.id, default: 0] += 1 / Float(constant + index + 1)
        }
    }
    return ranked(scores)
}

/// Mixes two legs' scores, each scaled to 0…1 over the candidates.
///
/// score(c) = w · minmax(dense(c)) + (1 − w) · minmax(lexical(c)). Every candidate should carry both scores: one that a
/// leg did not return counts as that leg's lowest, which is what its score at best is. A leg that found nothing has no
/// say; one whose scores are all equal gives each the full 1.
/// - Parameters:
///   - dense: similarities of the candidates, in any order, each id at most once.
///   - lexical: BM25 scores of the candidates, likewise.
///   - denseWeight: w, 0 to 1.
/// - Returns: the union, best first, equal scores by ascending id.
///
/// Source: Bruch, Gai, Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval", TOIS 2023, section 4.
public func convexCombination(
    dense: [ScoredChunk], lexical: [ScoredChunk], denseWeight: Float
) -> [ScoredChunk] {
    if dense.isEmpty || lexical.isEmpty {
        return ranked(minMaxNormalised(dense.isEmpty ? lexical : dense))
    }
    var scores: [Int64: Float] = [:]
    for (id, score) in minMaxNormalised(dense) { scores[id] = denseWeight * score }
    for (id, score) in minMaxNormalised(lexical) { scores[id, default: 0] += (1 - denseWeight) * score }
    return ranked(scores)
}

/// Scores scaled so that the lowest is 0 and the highest 1; all 1 when they are equal.
func minMaxNormalised(_ entries: [ScoredChunk]) -> [Int64: Float] {
    let lowest = entries.lazy.map(\.score).min() ?? 0
    let range = (entries.lazy.map(\.score).max() ?? 0) - lowest
    var normalised: [Int64: Float] = [:]
    normalised.reserveCapacity(entries.count)
    for entry in entries { normalised[entry.id] = range > 0 ? (entry.score - lowest) / range : 1 }
    return normalised
}

private func ranked(_ scores: [Int64: Float]) -> [ScoredChunk] {
    scores.map { ScoredChunk(id: $0.key, score: $0.value) }
        .sorted { $0.score != $1.score ? $0.score > $1.score : $0.id < $1.id }
}
