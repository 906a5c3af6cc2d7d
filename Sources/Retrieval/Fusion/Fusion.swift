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
    /// ``convexCombination(dense:lexical:denseWeight:depth:)``.
    case convex(denseWeight: Float)
    /// ``reciprocalRankFusion(_:constant:)``.
    case reciprocalRank(constant: Int)

    /// Equal weights, so that nothing is fitted to any data set; measured in `docs/decisions/0004-fusion.md`.
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

/// Mixes two legs' scores, each on its scale from floor to best (``FusionLeg``).
///
/// score(c) = w · dense(c) + (1 − w) · lexical(c), where a chunk that is not among a leg's candidates has 0 of it: the
/// floor is what it could have had at most. A leg that found nothing has no say.
/// - Parameters:
///   - dense: similarities in any order, each id at most once.
///   - lexical: BM25 scores in any order, each id at most once; 0 counts as not found.
///   - denseWeight: w, 0 to 1.
///   - depth: the candidates of each leg that count, the best ones.
/// - Returns: the union of the candidates, best first, equal scores by ascending id.
///
/// Source: Bruch, Gai, Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval", TOIS 2023, section 4.
public func convexCombination(
    dense: [ScoredChunk], lexical: [ScoredChunk], denseWeight: Float, depth: Int = SearchRequest.defaultCandidateDepth
) -> [ScoredChunk] {
    let dense = FusionLeg.dense(dense, depth: depth).normalised
    let lexical = FusionLeg.lexical(lexical, depth: depth).normalised
    if dense.isEmpty { return ranked(lexical) }
    if lexical.isEmpty { return ranked(dense) }
    var scores = dense.mapValues { denseWeight * $0 }
    for (id, score) in lexical { scores[id, default: 0] += (1 - denseWeight) * score }
    return ranked(scores)
}

/// The candidates of one leg of a hybrid search, with what is known of the chunks that are not among them.
struct FusionLeg {
    /// Best first.
    var candidates: [ScoredChunk]
    /// The most that a chunk which is not a candidate scores.
    var floor: Float

    /// The vector index's hits: what is not among the best `depth` is at best as close as the last of them.
    static func dense(_ hits: [ScoredChunk], depth: Int) -> FusionLeg {
        let candidates = Array(sorted(hits).prefix(depth))
        return FusionLeg(candidates: candidates, floor: candidates.last?.score ?? 0)
    }

    /// BM25's hits: fewer than `depth` are all that share a word with the query, and the others score 0.
    static func lexical(_ hits: [ScoredChunk], depth: Int) -> FusionLeg {
        let candidates = Array(sorted(hits.filter { $0.score > 0 }).prefix(depth))
        return FusionLeg(candidates: candidates, floor: candidates.count < depth ? 0 : candidates.last?.score ?? 0)
    }

    /// The scores on a scale from 0 at the floor to 1 at the best; all 1 when there is no difference.
    var normalised: [Int64: Float] {
        let range = (candidates.first?.score ?? 0) - floor
        var scores: [Int64: Float] = [:]
        scores.reserveCapacity(candidates.count)
        for candidate in candidates { scores[candidate.id] = range > 0 ? (candidate.score - floor) / range : 1 }
        return scores
    }
}

private func ranked(_ scores: [Int64: Float]) -> [ScoredChunk] {
    sorted(scores.map { ScoredChunk(id: $0.key, score: $0.value) })
}

private func sorted(_ entries: [ScoredChunk]) -> [ScoredChunk] {
    entries.sorted { $0.score != $1.score ? $0.score > $1.score : $0.id < $1.id }
}
