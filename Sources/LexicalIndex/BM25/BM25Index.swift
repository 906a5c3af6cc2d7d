public import Kernels
import Synchronization

/// BM25 over an in-memory inverted index that changes while it is searched.
///
///     let index = try BM25Index()
///     index.insert([(id: 1, text: "How to return an order"), (id: 2, text: "Payment methods")])
///     let hits = index.search("returning orders", topK: 10, allowing: nil)   // chunk 1
///
/// The index is a list of immutable segments. A change makes a new segment or a new view of an old one and replaces the
/// list at once; a search works on the list it found. So searches never wait for changes, and see each of them whole.
///
///     score(q, d) = Σ over terms t of q:  idf(t) · tf / (tf + k1 · (1 − b + b · |d| / average))
///
/// | file | responsibility |
/// |---|---|
/// | `TextAnalyzer` | text to terms |
/// | `Segment`, `SegmentBuilder`, `SegmentMerger` | the arrays, made of texts or of other segments |
/// | `SegmentView` | which chunks of a segment are gone |
/// | `CompactionPolicy` | when segments are merged |
/// | `SegmentSearch`, `TopHits` | the best chunks of a segment |
/// | `BM25Index+Snapshot` | saving and loading |
///
/// Source: Robertson, Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009); the idf is Lucene's,
/// which no term makes negative.
public final class BM25Index: LexicalSearching {
    /// What the constants were set to.
    public let parameters: BM25Parameters
    /// What makes terms of texts.
    public let analyzer: TextAnalyzer
    private let current: Mutex<IndexState>
    private let changes = Mutex<Void>(())  // held by the one who changes

    /// Creates an empty index.
    /// - Throws: `LexicalIndexError.parameterOutOfRange`.
    public convenience init(
        parameters: BM25Parameters = BM25Parameters(), analyzer: TextAnalyzer = TextAnalyzer()
    ) throws(LexicalIndexError) {
        try parameters.validate()
        self.init(parameters: parameters, analyzer: analyzer, views: [])
    }

    init(parameters: BM25Parameters, analyzer: TextAnalyzer, views: [SegmentView]) {
        self.parameters = parameters
        self.analyzer = analyzer
        current = Mutex(IndexState(views: views))
    }

    /// The index as of now.
    var state: IndexState { current.withLock { $0 } }

    /// The number of chunks in the index.
    public var count: Int { state.count }

    /// Whether chunk `id` is in the index.
    public func contains(_ id: Int64) -> Bool {
        state.views.contains { $0.slot(of: id) != nil }
    }
}

// MARK: - Changing

extension BM25Index {
    /// Texts are indexed in portions of at most so many bytes, so that a long list needs little working memory.
    private static let portionBytes = 64 << 20

    /// Adds chunks; an id that is there already is replaced.
    ///
    /// Among equal ids of one call the last counts.
    ///
    /// The texts are analysed on the calling thread before anything is locked. O(terms), and now and then a merge.
    public func insert(_ entries: [(id: Int64, text: String)]) {
        var last: [Int64: Int] = [:]
        for (position, entry) in entries.enumerated() { last[entry.id] = position }
        var builder = SegmentBuilder()
        var buffer = TermBuffer()
        var ids: [Int64] = []
        var bytes = 0
        for (position, entry) in entries.enumerated() where last[entry.id] == position {
            analyzer.analyze(entry.text, for: .indexing, into: &buffer)
            builder.append(id: entry.id, terms: buffer)
            ids.append(entry.id)
            bytes += entry.text.utf8.count
            if builder.count == Segment.maximumCount || bytes >= Self.portionBytes {
                publish(builder, ids: ids)
                builder = SegmentBuilder()
                ids = []
                bytes = 0
            }
        }
        publish(builder, ids: ids)
    }

    private func publish(_ builder: SegmentBuilder, ids: [Int64]) {
        guard builder.count > 0 else { return }
        let added = SegmentView(segment: builder.segment(parameters: parameters))
        change { views in views.map { $0.removing(ids) } + [added] }
    }

    /// Takes chunks out; ids that are not there are passed over.
    public func remove(_ ids: [Int64]) {
        guard !ids.isEmpty else { return }
        change { views in views.map { $0.removing(ids) } }
    }

    /// Changes the list of views: visible at once, then compacted, which changes no result.
    private func change(_ body: ([SegmentView]) -> [SegmentView]) {
        changes.withLock { _ in
            let changed = body(state.views)
            current.withLock { $0 = IndexState(views: changed) }
            let compacted = IndexState(views: CompactionPolicy.compact(changed, parameters: parameters))
            current.withLock { $0 = compacted }
        }
    }
}

// MARK: - Searching

extension BM25Index {
    /// The best chunks for `query`; see `LexicalSearching`.
    ///
    /// Exact.
    public func search(_ query: String, topK: Int, allowing: Bitmap? = nil) -> [LexicalHit] {
        let state = state
        guard topK > 0, state.count > 0, allowing?.isEmpty != true else { return [] }
        let terms = QueryTerm.terms(of: query, analyzer: analyzer)
        guard !terms.isEmpty else { return [] }
        let places = places(of: terms, in: state)
        let weights = zip(terms, places).map { term, places in
            weight(of: term, documentFrequency: documentFrequency(places, in: state), in: state)
        }
        var hits = TopHits(capacity: min(topK, state.count))
        var scratch = SegmentSearch.Scratch()
        for (position, view) in state.views.enumerated() {
            var found: [(index: Int, weight: Double)] = []
            for term in terms.indices {
                if let index = places[term][position] { found.append((index, weights[term])) }
            }
            guard !found.isEmpty else { continue }
            var search = SegmentSearch(
                view: view, terms: found, averageLength: state.averageLength, parameters: parameters,
                allowing: allowing)
            search.run(into: &hits, scratch: &scratch)
        }
        return hits.sorted
    }

    /// What each term of `query` adds to the score of chunk `id`, in the order the terms stand in the query.
    public func explain(_ query: String, id: Int64) -> [TermContribution] {
        let state = state
        guard let position = state.views.firstIndex(where: { $0.slot(of: id) != nil }),
            let slot = state.views[position].slot(of: id)
        else { return [] }
        let segment = state.views[position].segment
        let terms = QueryTerm.terms(of: query, analyzer: analyzer)
        return zip(terms, places(of: terms, in: state)).map { term, places in
            let documentFrequency = documentFrequency(places, in: state)
            var frequency = 0
            if let index = places[position] {
                let postings = segment.postings(of: index)
                if let found = postings.first(where: { Int(segment.slots[$0]) == slot }) {
                    frequency = Int(segment.frequency(at: found))
                }
            }
            let norm =
                parameters.k1 * (1 - parameters.b + parameters.b * Float(segment.lengths[slot]) / state.averageLength)
            let impact = frequency == 0 ? 0 : Float(frequency) / (Float(frequency) + norm)
            return TermContribution(
                term: String(decoding: term.bytes, as: UTF8.self), termFrequency: frequency,
                documentFrequency: documentFrequency,
                inverseDocumentFrequency: state.inverseDocumentFrequency(documentFrequency),
                score: weight(of: term, documentFrequency: documentFrequency, in: state) * Double(impact))
        }
    }

    /// Each term's index in each view.
    private func places(of terms: [QueryTerm], in state: IndexState) -> [[Int?]] {
        terms.map { term in state.views.map { $0.segment.term(term.bytes.span) } }
    }

    private func documentFrequency(_ places: [Int?], in state: IndexState) -> Int {
        zip(places, state.views).reduce(0) { sum, pair in
            sum + (pair.0.map(pair.1.documentFrequency(of:)) ?? 0)
        }
    }

    private func weight(of term: QueryTerm, documentFrequency: Int, in state: IndexState) -> Double {
        Double(term.multiplicity) * state.inverseDocumentFrequency(documentFrequency)
    }
}

// MARK: - Statistics

/// What an index holds and costs.
public struct BM25Statistics: Sendable, Equatable {
    /// The number of chunks.
    public var count: Int
    /// The number of segments.
    public var segmentCount: Int
    /// The number of postings, those of removed chunks included until they are compacted away.
    public var postingCount: Int
    /// The sum of the segments' distinct terms.
    public var termCount: Int
    /// The chunks that are gone and still take up room.
    public var removedCount: Int
    /// The size of the segments in memory, in bytes.
    public var byteCount: Int
}

extension BM25Index {
    /// What the index holds and costs now.
    public var statistics: BM25Statistics {
        let state = state
        let segments = state.views.map(\.segment)
        return BM25Statistics(
            count: state.count, segmentCount: segments.count,
            postingCount: segments.reduce(0) { $0 + $1.slots.count },
            termCount: segments.reduce(0) { $0 + $1.termCount },
            removedCount: segments.reduce(0) { $0 + $1.count } - state.count,
            byteCount: segments.reduce(0) { $0 + $1.byteCount })
    }
}
