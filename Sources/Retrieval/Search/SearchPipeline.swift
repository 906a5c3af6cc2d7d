import Encoders
import Kernels
import LexicalIndex
import Storage
import Synchronization
import VectorIndex

/// One search over one collection's indexes, from the request to the hits; synchronous.
///
///     filter ─▶ bitmap ─┬─▶ query ─▶ vector ─▶ vector index ─┐
///                       └─▶ query ───────────▶ BM25 ─────────┴─▶ one of each group that says the same (+Duplicates)
///                     ─▶ fusion ─▶ missing scores ─▶ chunks from the database ─▶ reranker, if asked for ─▶ duplicates
struct SearchPipeline {
    let request: SearchRequest
    let indexes: CollectionIndexes
    let store: any DocumentStoring
    let filters: FilterCache
    let embedder: QueryEmbedder
    let pool: ThreadPool
    let rerankers: RerankerSource?

    /// What the legs found and what becomes of it.
    struct Candidates {
        var dense: [ScoredChunk] = []
        var lexical: [ScoredChunk] = []
        /// Scores by id, those a leg did not return included for the hits that are fetched.
        var denseScores: [Int64: Float] = [:]
        var lexicalScores: [Int64: Float] = [:]
        /// The order of the hits.
        var ranking: [ScoredChunk] = []
        var isFused = false
        /// Which of them say the same, when only one of those is to be a hit.
        var groups = DuplicateGroups()
    }

    /// What both legs search with.
    struct LegQuery {
        var mode: SearchMode
        /// The query's vector: [dimension]; nil for a search by words alone.
        var vector: [Float]?
        /// The chunks that count; nil for all.
        var allowing: Bitmap?
        /// Hits asked for.
        var depth: Int
    }

    /// Runs the search.
    func run() throws(RetrievalError) -> SearchResponse {
        var watch = StageWatch()
        let collection = indexes.collection
        // Without a query there is only one leg, whatever the mode.
        let mode = request.query == nil ? SearchMode.dense : request.mode

        var selection: FilterCache.Selection?
        if let filter = request.filter {
            do {
                selection = try filters.selection(of: filter, in: collection.id, store: store)
            } catch {
                throw .storage(error)
            }
            watch.lap("filter")
        }
        var vector: [Float]?
        var isCached = false
        if mode != .lexical {
            (vector, isCached) = try queryVector()
            watch.lap("embed")
        }
        let legs = indexes.current
        // One leg alone is asked for a few more than wanted, in case chunks are gone by now.
        let depth = mode == .hybrid ? request.depth : request.fetchCount + request.fetchCount / 4 + 8
        let query = LegQuery(mode: mode, vector: vector, allowing: selection?.chunks, depth: depth)
        var candidates = try search(legs, query, &watch)
        if request.collapseDuplicates {
            try collapse(&candidates, legs, query)
            watch.lap("duplicates")
        }
        fuse(&candidates)
        if candidates.isFused { complete(&candidates, legs, vector) }
        watch.lap("fusion")
        var hits = try fetch(candidates, legs)
        watch.lap("fetch")
        if let rerankers, request.rerank, let query = request.query {
            hits = try rerank(hits, query, rerankers)
            watch.lap("rerank")
        }
        if request.collapseDuplicates {
            try listDuplicates(of: &hits, candidates.groups, allowing: selection?.chunks)
            watch.lap("duplicates")
        }
        if let context = request.context {
            try add(context, to: &hits)
            watch.lap("context")
        }
        var response = SearchResponse(hits: hits, timings: watch.total())
        if request.explain {
            response.explanation = SearchExplanation(
                mode: mode, fusion: candidates.isFused ? request.fusion.name : nil,
                denseCandidateCount: candidates.dense.count, lexicalCandidateCount: candidates.lexical.count,
                candidateCount: candidates.ranking.count,
                filter: selection.map {
                    SearchExplanation.Filter(
                        chunkCount: $0.chunks.count, documentCount: $0.documentCount,
                        totalDocumentCount: $0.totalDocumentCount)
                }, isQueryEmbeddingCached: isCached)
        }
        return response
    }

    /// Brings with each hit what stands around it; one that is gone by now has nothing.
    private func add(_ context: ContextRequest, to hits: inout [SearchHit]) throws(RetrievalError) {
        for index in hits.indices {
            do throws(StorageError) {
                let found = try store.surroundings(of: hits[index].chunkID, reach: ContextRequest.reach) {
                    context.range(in: $0, around: $1)
                }
                hits[index].context = found.map(HitContext.init)
            } catch {
                throw .storage(error)
            }
        }
    }

    private func queryVector() throws(RetrievalError) -> (vector: [Float], isCached: Bool) {
        let collection = indexes.collection
        if let vector = request.vector {
            guard vector.count == collection.dimension else {
                throw .wrongDimension(expected: collection.dimension, actual: vector.count)
            }
            return (vector, false)
        }
        guard embedder.encoder.matches(collection.encoderFingerprint) else {
            throw .encoderMismatch(
                collection: collection.name, bound: collection.encoder, loaded: embedder.encoder.modelName)
        }
        return try embedder.vector(of: request.query ?? "")
    }

    /// Both legs side by side, each on a thread of the pool.
    private func search(
        _ legs: CollectionIndexes.Legs, _ query: LegQuery, _ watch: inout StageWatch
    ) throws(RetrievalError) -> Candidates {
        if let allowing = query.allowing, allowing.isEmpty { return Candidates() }
        let dense = Mutex<Result<[ScoredChunk], RetrievalError>>(.success([]))
        let lexical = Mutex<[ScoredChunk]>([])
        let times = Mutex<[(String, Duration)]>([])
        pool.run(taskCount: 2) { leg in
            let start = ContinuousClock.now
            if leg == 0, query.vector != nil {
                let result: Result<[ScoredChunk], RetrievalError>
                do throws(RetrievalError) {
                    result = .success(try denseHits(legs, query))
                } catch {
                    result = .failure(error)
                }
                dense.withLock { $0 = result }
                times.withLock { $0.append(("dense", ContinuousClock.now - start)) }
            } else if leg == 1, query.mode != .dense, request.query != nil {
                let hits = lexicalHits(legs, query)
                lexical.withLock { $0 = hits }
                times.withLock { $0.append(("lexical", ContinuousClock.now - start)) }
            }
        }
        for (stage, time) in times.withLock({ $0 }).sorted(by: { $0.0 < $1.0 }) { watch.note(stage, time) }
        watch.skip()
        var candidates = Candidates()
        candidates.dense = try dense.withLock { $0 }.get()
        candidates.lexical = lexical.withLock { $0 }
        candidates.isFused = query.mode == .hybrid
        for hit in candidates.dense { candidates.denseScores[hit.id] = hit.score }
        for hit in candidates.lexical { candidates.lexicalScores[hit.id] = hit.score }
        return candidates
    }

    func denseHits(_ legs: CollectionIndexes.Legs, _ query: LegQuery) throws(RetrievalError) -> [ScoredChunk] {
        guard let vector = query.vector else { return [] }
        do {
            return try legs.vectors.search(
                vector, topK: query.depth, efSearch: request.efSearch, allowing: query.allowing
            ).map { ScoredChunk(id: $0.id, score: $0.similarity) }
        } catch {
            throw .index(detail: "\(error)")
        }
    }

    func lexicalHits(_ legs: CollectionIndexes.Legs, _ query: LegQuery) -> [ScoredChunk] {
        legs.lexical.search(request.query ?? "", topK: query.depth, allowing: query.allowing)
            .map { ScoredChunk(id: $0.id, score: $0.score) }
    }

    private func fuse(_ candidates: inout Candidates) {
        guard candidates.isFused else {
            candidates.ranking = candidates.dense.isEmpty ? candidates.lexical : candidates.dense
            return
        }
        switch request.fusion {
        case .reciprocalRank(let constant):
            candidates.ranking = reciprocalRankFusion([candidates.dense, candidates.lexical], constant: constant)
        case .convex(let weight):
            candidates.ranking = convexCombination(
                dense: candidates.dense, lexical: candidates.lexical, denseWeight: weight, depth: request.depth)
        }
    }

    /// Finds the scores of the leg that did not return a hit, so that every hit shown carries both.
    private func complete(_ candidates: inout Candidates, _ legs: CollectionIndexes.Legs, _ vector: [Float]?) {
        let shown = candidates.ranking.prefix(request.fetchCount).map(\.id)
        if let vector {
            for id in shown where candidates.denseScores[id] == nil {
                candidates.denseScores[id] = legs.vectors.vector(of: id).map { cosine(vector, $0) }
            }
        }
        if let query = request.query {
            let missing = shown.filter { candidates.lexicalScores[$0] == nil }
            guard !missing.isEmpty else { return }
            for id in missing { candidates.lexicalScores[id] = 0 }
            for hit in legs.lexical.search(query, topK: missing.count, allowing: Bitmap(missing)) {
                candidates.lexicalScores[hit.id] = hit.score
            }
        }
    }

    /// The best chunks that are still there and pass the filter as their document is now.
    private func fetch(
        _ candidates: Candidates, _ legs: CollectionIndexes.Legs
    ) throws(RetrievalError) -> [SearchHit] {
        var hits: [SearchHit] = []
        var rest = candidates.ranking[...]
        let explainer = request.explain ? HitExplainer(candidates: candidates, request: request) : nil
        while hits.count < request.fetchCount, !rest.isEmpty {
            let batch = rest.prefix(request.fetchCount - hits.count)
            rest = rest.dropFirst(batch.count)
            let chunks: [StoredChunk]
            do { chunks = try store.chunks(ids: batch.map(\.id)) } catch { throw .storage(error) }
            var scores = Dictionary(batch.map { ($0.id, $0.score) }, uniquingKeysWith: { first, _ in first })
            for stored in chunks where request.filter?.matches(stored.metadata) ?? true {
                let id = stored.chunk.id
                guard let score = scores.removeValue(forKey: id) else { continue }
                hits.append(
                    SearchHit(
                        chunkID: id, documentID: stored.externalID, title: stored.title, url: stored.url,
                        headingPath: stored.chunk.headingPath, text: stored.chunk.text,
                        utf8Span: stored.chunk.utf8Span, score: score,
                        scores: HitScores(
                            dense: candidates.denseScores[id], lexical: candidates.lexicalScores[id],
                            fused: candidates.isFused ? score : nil),
                        metadata: stored.metadata, explanation: explainer?.explanation(of: id, legs.lexical)))
            }
            // For one that is gone or no longer passes, another stands in that says the same.
            let standIns = batch.filter { scores[$0.id] != nil }.compactMap { entry in
                candidates.groups.standIn(for: entry.id).map { ScoredChunk(id: $0, score: entry.score) }
            }
            if !standIns.isEmpty { rest = standIns + rest }
        }
        return hits.sorted { ($1.score, $0.chunkID) < ($0.score, $1.chunkID) }
    }

    /// The best `topK` of `hits` by what the reranker makes of what was embedded of them.
    private func rerank(
        _ hits: [SearchHit], _ query: String, _ rerankers: RerankerSource
    ) throws(RetrievalError) -> [SearchHit] {
        let texts = hits.map { EmbeddedText.compose(title: $0.title, headingPath: $0.headingPath, text: $0.text) }
        let scores = try rerankers.scores(of: texts, for: query)
        let order = hits.indices.sorted { one, other in (scores[other], one) < (scores[one], other) }
        return order.prefix(request.topK).map { index in
            var hit = hits[index]
            hit.score = scores[index]
            hit.scores.rerank = scores[index]
            return hit
        }
    }

    private func cosine(_ first: [Float], _ second: [Float]) -> Float {
        var (dot, firstSquare, secondSquare): (Float, Float, Float) = (0, 0, 0)
        for index in 0..<min(first.count, second.count) {
            dot += first[index] * second[index]
            firstSquare += first[index] * first[index]
            secondSquare += second[index] * second[index]
        }
        let norm = (firstSquare * secondSquare).squareRoot()
        return norm > 0 ? dot / norm : 0
    }
}
