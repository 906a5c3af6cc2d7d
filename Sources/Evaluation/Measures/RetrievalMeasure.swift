import Foundation

/// A measure of a ranking against judgements, with trec_eval's definition.
///
/// Written `ndcg@10`, `recall@100`, `mrr@10`, `p@10`, `success@5`, `map`, `mrr`, `ndcg`, `rprec`, `bpref`, `rbp`.
/// A document is relevant when it is judged 1 or more; only nDCG uses degrees.
public enum RetrievalMeasure: Sendable, Hashable {
    /// Normalised discounted cumulative gain: gain = degree, discount = log2(rank + 1); nil cuts nowhere.
    case ndcg(Int?)
    /// Relevant documents among the first k, out of all relevant ones.
    case recall(Int)
    /// Relevant documents among the first k, out of k.
    case precision(Int)
    /// One over the rank of the first relevant document; nil cuts nowhere.
    case reciprocalRank(Int?)
    /// Whether a relevant document is among the first k.
    case success(Int)
    /// Mean over relevant documents of the precision where they come.
    case averagePrecision
    /// Precision at the number of relevant documents.
    case rPrecision
    /// How rarely judged non-relevant documents come before relevant ones; unjudged documents don't matter.
    case bpref
    /// Rank-biased precision with persistence 0.8 (not a measure of trec_eval).
    case rankBiasedPrecision

    /// What `docent eval retrieval` reports.
    public static let standard: [RetrievalMeasure] = [
        .ndcg(10), .recall(100), .reciprocalRank(10), .averagePrecision, .precision(10),
    ]

    /// The persistence of rank-biased precision.
    ///
    /// Source: Moffat and Zobel 2008.
    static let persistence = 0.8

    static let namesForHelp = "ndcg@k, ndcg, recall@k, p@k, mrr@k, mrr, success@k, map, rprec, bpref, rbp"

    /// The measure's name in JSON, gates and reports.
    public var name: String {
        switch self {
        case .ndcg(let k): k.map { "ndcg@\($0)" } ?? "ndcg"
        case .recall(let k): "recall@\(k)"
        case .precision(let k): "p@\(k)"
        case .reciprocalRank(let k): k.map { "mrr@\($0)" } ?? "mrr"
        case .success(let k): "success@\(k)"
        case .averagePrecision: "map"
        case .rPrecision: "rprec"
        case .bpref: "bpref"
        case .rankBiasedPrecision: "rbp"
        }
    }

    /// Reads a measure's name.
    /// - Parameter name: as `name` writes it.
    /// - Throws: `unknownMeasure`.
    public init(name: String) throws(EvaluationError) {
        let parts = name.lowercased().split(separator: "@", omittingEmptySubsequences: false)
        let cutoff = parts.count == 2 ? Int(parts[1]) : nil
        guard parts.count == 1 || (parts.count == 2 && (cutoff ?? 0) > 0) else { throw .unknownMeasure(name: name) }
        switch (parts[0], cutoff) {
        case ("ndcg", let k): self = .ndcg(k)
        case ("mrr", let k): self = .reciprocalRank(k)
        case ("recall", let k?): self = .recall(k)
        case ("p", let k?): self = .precision(k)
        case ("success", let k?): self = .success(k)
        case ("map", nil): self = .averagePrecision
        case ("rprec", nil): self = .rPrecision
        case ("bpref", nil): self = .bpref
        case ("rbp", nil): self = .rankBiasedPrecision
        default: throw .unknownMeasure(name: name)
        }
    }

    /// The measure of one query.
    /// - Parameters:
    ///   - ranking: document ids, best first.
    ///   - judgements: relevance by document id.
    /// - Returns: 0...1; 0 where nothing is relevant.
    public func value(ranking: [String], judgements: [String: Int]) -> Double {
        let degrees = ranking.map { judgements[$0] }
        let relevantCount = judgements.values.count { $0 >= 1 }
        guard relevantCount > 0 else { return 0 }
        switch self {
        case .ndcg(let k): return Self.ndcg(degrees, judgements, k)
        case .recall(let k): return Double(Self.hits(degrees, k)) / Double(relevantCount)
        case .precision(let k): return Double(Self.hits(degrees, k)) / Double(k)
        case .success(let k): return Self.hits(degrees, k) > 0 ? 1 : 0
        case .rPrecision: return Double(Self.hits(degrees, relevantCount)) / Double(relevantCount)
        case .reciprocalRank(let k):
            guard let first = degrees.prefix(k ?? .max).firstIndex(where: { ($0 ?? 0) >= 1 }) else { return 0 }
            return 1 / Double(first + 1)
        case .averagePrecision: return Self.averagePrecision(degrees, relevantCount)
        case .bpref: return Self.bpref(degrees, judgements, relevantCount)
        case .rankBiasedPrecision:
            var weight = 1 - Self.persistence
            var sum = 0.0
            for degree in degrees {
                if (degree ?? 0) >= 1 { sum += weight }
                weight *= Self.persistence
            }
            return sum
        }
    }

    private static func hits(_ degrees: [Int?], _ k: Int) -> Int {
        degrees.prefix(k).count { ($0 ?? 0) >= 1 }
    }

    /// Source: Järvelin and Kekäläinen 2002, with trec_eval's linear gain.
    private static func ndcg(_ degrees: [Int?], _ judgements: [String: Int], _ k: Int?) -> Double {
        func gain(_ values: some Sequence<Int>) -> Double {
            var sum = 0.0
            for (index, value) in values.enumerated() where value > 0 { sum += Double(value) / log2(Double(index + 2)) }
            return sum
        }
        let limit = k ?? .max
        let ideal = gain(judgements.values.sorted(by: >).prefix(limit))
        return ideal > 0 ? gain(degrees.prefix(limit).map { $0 ?? 0 }) / ideal : 0
    }

    private static func averagePrecision(_ degrees: [Int?], _ relevantCount: Int) -> Double {
        var sum = 0.0
        var found = 0
        for (index, degree) in degrees.enumerated() where (degree ?? 0) >= 1 {
            found += 1
            sum += Double(found) / Double(index + 1)
        }
        return sum / Double(relevantCount)
    }

    /// Source: Buckley and Voorhees 2004, as trec_eval bounds it by min(R, N).
    private static func bpref(_ degrees: [Int?], _ judgements: [String: Int], _ relevantCount: Int) -> Double {
        let bound = min(relevantCount, judgements.values.count { $0 == 0 })
        var nonRelevant = 0
        var sum = 0.0
        for case let degree? in degrees {
            if degree == 0 {
                nonRelevant += 1
            } else if degree >= 1 {
                sum += nonRelevant == 0 ? 1 : 1 - Double(min(nonRelevant, relevantCount)) / Double(bound)
            }
        }
        return sum / Double(relevantCount)
    }
}
