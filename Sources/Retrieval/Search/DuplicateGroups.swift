import Storage

/// Which of a search's candidates say the same, and which of those is shown.
///
/// A group is named by its leader (`DocumentStore+Duplicates`), which need not be among the candidates. The one shown is
/// the one that the legs like best: each score as a share of the best of its group, added up over the legs. So the copy
/// whose title fits the question stands for the others.
struct DuplicateGroups: Sendable {
    /// The leaders of those candidates that are in a group of several.
    private var leaders: [Int64: Int64] = [:]
    /// For each candidate the next best of its group.
    private var standIns: [Int64: Int64] = [:]

    init() {}

    /// Whether there is another chunk that says what a candidate says.
    func hasSeveral(_ id: Int64) -> Bool { leaders[id] != nil }

    /// The group of a candidate.
    func group(of id: Int64) -> Int64 { leaders[id] ?? id }

    /// Looks up the groups of candidates.
    mutating func add(_ candidates: some Sequence<ScoredChunk>, _ store: any DocumentStoring) throws(RetrievalError) {
        do {
            leaders.merge(try store.duplicateLeaders(of: candidates.map(\.id))) { _, new in new }
        } catch {
            throw .storage(error)
        }
    }

    /// How many groups `hits` are of.
    func count(in hits: [ScoredChunk]) -> Int {
        leaders.isEmpty ? hits.count : Set(hits.map { group(of: $0.id) }).count
    }

    /// The groups that `hits` has several of.
    func repeated(in hits: [ScoredChunk]) -> [Int64] {
        Dictionary(hits.map { (group(of: $0.id), 1) }, uniquingKeysWith: +).filter { $0.value > 1 }.keys.sorted()
    }

    /// The candidate that says the same and is shown when `id` can't be.
    func standIn(for id: Int64) -> Int64? { standIns[id] }

    /// Leaves one candidate of each group in both legs, with the best score that the leg has for the group.
    /// - Parameters:
    ///   - dense: best first.
    ///   - lexical: best first.
    mutating func collapse(_ dense: inout [ScoredChunk], _ lexical: inout [ScoredChunk]) {
        // No two candidates are of one group then.
        guard !leaders.isEmpty else { return }
        var liking: [Int64: Float] = [:]
        for leg in [dense, lexical] {
            var best: [Int64: Float] = [:]
            for hit in leg {
                let top = best[group(of: hit.id)] ?? hit.score
                best[group(of: hit.id)] = top
                liking[hit.id, default: 0] += top > 0 ? hit.score / top : hit.score == top ? 1 : 0
            }
        }
        var members: [Int64: [Int64]] = [:]
        for id in liking.keys { members[group(of: id), default: []].append(id) }
        var shown: [Int64: Int64] = [:]
        for (group, ids) in members {
            let order = ids.sorted { (liking[$1] ?? 0, $0) < (liking[$0] ?? 0, $1) }
            shown[group] = order[0]
            for (id, next) in zip(order, order.dropFirst()) { standIns[id] = next }
        }
        dense = collapsed(dense, shown)
        lexical = collapsed(lexical, shown)
    }

    private func collapsed(_ leg: [ScoredChunk], _ shown: [Int64: Int64]) -> [ScoredChunk] {
        var seen: Set<Int64> = []
        return leg.compactMap { hit in
            let group = group(of: hit.id)
            return seen.insert(group).inserted ? ScoredChunk(id: shown[group] ?? hit.id, score: hit.score) : nil
        }
    }
}
