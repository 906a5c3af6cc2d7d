import Kernels
import Storage

/// One hit for chunks that say the same.
extension SearchPipeline {
    /// Leaves one candidate of each group in the legs.
    ///
    /// A leg whose candidates are mostly copies of each other is searched again without those, so that as many differ as
    /// the fusion and the caller need, whenever that many exist.
    func collapse(
        _ candidates: inout Candidates, _ legs: CollectionIndexes.Legs, _ query: LegQuery
    ) throws(RetrievalError) {
        var groups = DuplicateGroups()
        try groups.add(candidates.dense + candidates.lexical, store)
        try deepen(&candidates.dense, &groups, query) { (query) throws(RetrievalError) in try denseHits(legs, query) }
        try deepen(&candidates.lexical, &groups, query) { (query) throws(RetrievalError) in lexicalHits(legs, query) }
        for hit in candidates.dense { candidates.denseScores[hit.id] = hit.score }
        for hit in candidates.lexical { candidates.lexicalScores[hit.id] = hit.score }
        groups.collapse(&candidates.dense, &candidates.lexical)
        candidates.groups = groups
    }

    /// Searches a leg again without the groups it has found several of, until enough differ or there are no more.
    private func deepen(
        _ hits: inout [ScoredChunk], _ groups: inout DuplicateGroups, _ query: LegQuery,
        search: (LegQuery) throws(RetrievalError) -> [ScoredChunk]
    ) throws(RetrievalError) {
        let enough = query.mode == .hybrid ? max(request.fetchCount, query.depth / 2) : request.fetchCount
        var lastCount = hits.count
        while lastCount >= query.depth, groups.count(in: hits) < enough {
            var query = query
            query.allowing = try remaining(query.allowing, without: groups.repeated(in: hits))
            let more = try search(query)
            let known = Set(hits.map(\.id))
            let fresh = more.filter { !known.contains($0.id) }
            guard !fresh.isEmpty else { break }
            try groups.add(fresh, store)
            hits += fresh
            lastCount = more.count
        }
        hits.sort { ($1.score, $0.id) < ($0.score, $1.id) }
    }

    private func remaining(_ allowing: Bitmap?, without groups: [Int64]) throws(RetrievalError) -> Bitmap {
        do throws(StorageError) {
            var copies = Bitmap(groups)
            for ids in try store.duplicateFollowers(of: groups).values { for id in ids { copies.insert(id) } }
            if let allowing { return allowing.subtracting(copies) }
            return Bitmap(through: try store.lastChunkID(in: indexes.collection.id)).subtracting(copies)
        } catch {
            throw .storage(error)
        }
    }

    /// Adds to each hit the other sources that say the same and pass the filter.
    func listDuplicates(
        of hits: inout [SearchHit], _ groups: DuplicateGroups, allowing: Bitmap?
    ) throws(RetrievalError) {
        do throws(StorageError) {
            let repeated = hits.filter { groups.hasSeveral($0.chunkID) }
            let followers = try store.duplicateFollowers(of: repeated.map { groups.group(of: $0.chunkID) })
            for index in hits.indices {
                hits[index].duplicates = []
                let group = groups.group(of: hits[index].chunkID)
                guard let others = followers[group] else { continue }
                let ids = ([group] + others).filter { id in
                    id != hits[index].chunkID && (allowing?.contains(id) ?? true)
                }
                let listed = Array(ids.prefix(SearchRequest.mostDuplicates))
                let sources = try store.chunkSources(ids: listed).filter { source in
                    request.filter?.matches(source.metadata) ?? true
                }
                hits[index].duplicates = sources.map(DuplicateSource.init)
                hits[index].duplicateCount = ids.count - (listed.count - sources.count)
            }
        } catch {
            throw .storage(error)
        }
    }
}
