import Kernels
package import Tokenizers

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// Chooses the next token from logits: penalties, then top-k, top-p and min-p on the untempered probabilities, then
/// temperature and a seeded draw.
///
/// At temperature 0 the likeliest token is taken, the one with the lower id when two are equal.
///
/// Source: Holtzman et al., "The Curious Case of Neural Text Degeneration" (2020) for top-p; Keskar et al., "CTRL"
/// (2019) for the repetition penalty.
package struct Sampler {
    private let parameters: SamplingParameters
    private var random: SplitMix64
    private var recent: [TokenID] = []
    /// How often each token was drawn; only kept for the penalties that ask.
    private var drawn: [TokenID: Int] = [:]

    /// A token that may be drawn.
    struct Candidate {
        var id: TokenID
        var logit: Float
    }

    /// Prepares a sampler; `history` are the tokens read so far, for the repeat penalty.
    ///
    /// The penalties on presence and frequency count only what the sampler drew itself, as OpenAI's do.
    package init(_ parameters: SamplingParameters, history: [TokenID]) {
        self.parameters = parameters
        random = SplitMix64(seed: parameters.seed)
        recent = Array(history.suffix(SamplingParameters.repeatWindow))
    }

    /// Draws the next token and remembers it.
    /// - Parameter logits: [V].
    /// - Returns: the token drawn.
    package mutating func next(_ logits: Span<Float>) -> TokenID {
        var unconstrained: ConstrainedText?
        return next(logits, &unconstrained) ?? 0
    }

    /// As ``next(_:)``, among the tokens that `constraint` allows, where there is one; nil when it allows none.
    mutating func next(_ logits: Span<Float>, _ constraint: inout ConstrainedText?) -> TokenID? {
        guard let id = draw(logits, &constraint) else { return nil }
        recent.append(id)
        if recent.count > SamplingParameters.repeatWindow { recent.removeFirst() }
        if parameters.presencePenalty != 0 || parameters.frequencyPenalty != 0 { drawn[id, default: 0] += 1 }
        return id
    }

    private mutating func draw(_ logits: Span<Float>, _ constraint: inout ConstrainedText?) -> TokenID? {
        let changed = penalised(logits)
        // Without penalties nothing is looked up, which matters for vocabularies of many thousand tokens.
        if changed.isEmpty { return draw(logits.count, &constraint) { logits[$0] } }
        return draw(logits.count, &constraint) { changed[TokenID($0)] ?? logits[$0] }
    }

    /// The logits that penalties change.
    private func penalised(_ logits: Span<Float>) -> [TokenID: Float] {
        var changed: [TokenID: Float] = [:]
        if parameters.repeatPenalty != 1 {
            for id in recent where logits.indices.contains(Int(id)) {
                let value = logits[Int(id)]
                changed[id] = value > 0 ? value / parameters.repeatPenalty : value * parameters.repeatPenalty
            }
        }
        for (id, count) in drawn {
            let value = changed[id] ?? logits[Int(id)]
            changed[id] = value - parameters.presencePenalty - Float(count) * parameters.frequencyPenalty
        }
        return changed
    }

    /// Draws from `count` logits.
    ///
    /// Most tokens a model likes are allowed, so those it would choose from are looked at first; only when one of them
    /// isn't allowed all that are get listed.
    @inline(__always)
    private mutating func draw(
        _ count: Int, _ constraint: inout ConstrainedText?, _ logit: (Int) -> Float
    ) -> TokenID? {
        let isGreedy = parameters.temperature == 0 || parameters.topK == 1
        let limit = isGreedy ? 1 : parameters.topK == 0 ? count : min(parameters.topK, count)
        var candidates: [Candidate]
        if isGreedy {
            candidates = [Self.greatest(0..<count, logit) ?? Candidate(id: 0, logit: 0)]
        } else {
            candidates = constraint == nil || limit < count ? Self.likeliest(limit, of: 0..<count, logit) : []
        }
        if constraint != nil, candidates.isEmpty || candidates.contains(where: { constraint?.allows($0.id) != true }) {
            guard let allowed = Self.allowed(limit, of: count, &constraint, logit) else { return nil }
            candidates = allowed
        }
        guard let best = candidates.first, !isGreedy, best.logit.isFinite else { return candidates.first?.id ?? 0 }
        cut(&candidates, best.logit)
        let weights = candidates.map { exp(Double($0.logit - best.logit) / Double(parameters.temperature)) }
        var point = random.unit() * weights.reduce(0, +)
        for (candidate, weight) in zip(candidates, weights) {
            point -= weight
            if point < 0 { return candidate.id }
        }
        return best.id
    }

    /// The `limit` greatest logits among those that a constraint allows; nil when it allows none.
    ///
    /// Enough of them are often among a few times as many; only when they aren't all tokens are held against it.
    @inline(__always)
    private static func allowed(
        _ limit: Int, of count: Int, _ constraint: inout ConstrainedText?, _ logit: (Int) -> Float
    ) -> [Candidate]? {
        let wide = max(4 * min(limit, count), 64)
        if wide < count {
            var kept: [Candidate] = []
            for candidate in likeliest(wide, of: 0..<count, logit) where constraint?.allows(candidate.id) == true {
                kept.append(candidate)
                if kept.count == limit { return kept }
            }
        }
        let ids = (constraint?.allowed() ?? []).lazy.map { Int($0) }
        guard let first = ids.first else { return nil }
        let kept = likeliest(limit, of: ids, logit)
        return kept.isEmpty ? [Candidate(id: TokenID(first), logit: 0)] : kept
    }

    /// The `limit` likeliest tokens, likeliest first.
    static func likeliest(_ limit: Int, of logits: Span<Float>) -> [Candidate] {
        limit == 0 ? [] : likeliest(limit, of: logits.indices) { logits[$0] }
    }

    /// Top-p and min-p, on candidates in falling order; the best one always stays.
    private func cut(_ candidates: inout [Candidate], _ best: Float) {
        let weights = candidates.map { exp(Double($0.logit - best)) }
        let total = weights.reduce(0, +)
        var kept = 0
        var mass = 0.0
        for weight in weights {
            if kept > 0, mass >= Double(parameters.topP) * total || weight < Double(parameters.minP) { break }
            mass += weight
            kept += 1
        }
        candidates.removeLast(candidates.count - kept)
    }

    /// The greatest logit, the one with the lower id when two are equal; nil when none is greater than −∞.
    @inline(__always)
    private static func greatest(_ ids: some Sequence<Int>, _ logit: (Int) -> Float) -> Candidate? {
        var best = -1
        var greatest = -Float.infinity
        for index in ids {
            let value = logit(index)
            if value > greatest { (best, greatest) = (index, value) }
        }
        return best < 0 ? nil : Candidate(id: TokenID(best), logit: greatest)
    }

    /// The `limit` greatest logits in falling order, equal ones by id.
    @inline(__always)
    private static func likeliest(
        _ limit: Int, of ids: some Sequence<Int>, _ logit: (Int) -> Float
    ) -> [Candidate] {
        let falls: (Candidate, Candidate) -> Bool = { $0.logit != $1.logit ? $0.logit > $1.logit : $0.id < $1.id }
        var kept: [Candidate] = []
        kept.reserveCapacity(2 * min(limit, 1_024))
        var threshold = -Float.infinity
        for index in ids {
            let value = logit(index)
            guard value >= threshold || kept.count < limit else { continue }
            kept.append(Candidate(id: TokenID(index), logit: value))
            // Halved whenever it is twice too long, so that the whole vocabulary is never sorted for a small limit.
            if kept.count >= max(2 * limit, 64) {
                kept.sort(by: falls)
                kept.removeLast(kept.count - limit)
                threshold = kept.last?.logit ?? threshold
            }
        }
        kept.sort(by: falls)
        if kept.count > limit { kept.removeLast(kept.count - limit) }
        return kept
    }
}

/// ln Σ exp(logits): what turns a logit into a log-probability.
package func logSumExp(_ logits: Span<Float>) -> Float {
    var greatest = -Float.infinity
    for index in logits.indices { greatest = max(greatest, logits[index]) }
    guard greatest.isFinite else { return greatest }
    var sum = 0.0
    for index in logits.indices { sum += Double(exp(logits[index] - greatest)) }
    return greatest + Float(log(sum))
}

extension SplitMix64 {
    /// A number from 0 up to, not including, 1.
    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }
}
