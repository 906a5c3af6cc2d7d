import Kernels
import TestSupport
import Testing
import VectorIndex

/// The indexes that promise the same.
enum IndexKind: String, CaseIterable, Sendable {
    case flat
    case hnsw
    case binary

    func make(dimension: Int, metric: Metric) throws -> any VectorSearching {
        switch self {
        case .flat: try FlatIndex(dimension: dimension, metric: metric)
        case .hnsw: try HNSWIndex(dimension: dimension, metric: metric, pool: ThreadPool(threadCount: 2))
        case .binary:
            try HNSWIndex(
                dimension: dimension, metric: metric, parameters: HNSWParameters(precision: .binary),
                pool: ThreadPool(threadCount: 2))
        }
    }
}

@Suite("Vector indexes")
struct VectorIndexBasicsTests {
    @Test("an empty index answers with nothing", arguments: IndexKind.allCases)
    func empty(kind: IndexKind) throws {
        let index = try kind.make(dimension: 3, metric: .cosine)
        #expect(try index.search([1, 0, 0], topK: 5).isEmpty)
        #expect(index.count == 0)
        index.remove([1, 2])
        #expect(index.vector(of: 1) == nil)
        #expect(!index.contains(1))
    }

    @Test("similarities are the metric's, best first, equal ones by id", arguments: IndexKind.allCases)
    func similarities(kind: IndexKind) throws {
        let rows: [Float] = [2, 0, 0, 3, 1, 1, 1, 1]
        let expected: [Metric: [VectorHit]] = [
            .cosine: [
                .init(id: 10, similarity: 1), .init(id: 12, similarity: 0.70710677),
                .init(id: 13, similarity: 0.70710677),
                .init(id: 11, similarity: 0),
            ],
            .dot: [
                .init(id: 10, similarity: 2), .init(id: 12, similarity: 1), .init(id: 13, similarity: 1),
                .init(id: 11, similarity: 0),
            ],
            .l2: [
                .init(id: 10, similarity: -1), .init(id: 12, similarity: -1), .init(id: 13, similarity: -1),
                .init(id: 11, similarity: -10),
            ],
        ]
        for (metric, hits) in expected {
            let index = try kind.make(dimension: 2, metric: metric)
            try index.insert([10, 11, 12, 13], vectors: rows)
            let found = try index.search([1, 0], topK: 10)
            #expect(found.map(\.id) == hits.map(\.id), "\(metric)")
            for (got, want) in zip(found, hits) { #expect(abs(got.similarity - want.similarity) < 1e-6) }
        }
    }

    @Test("removal is immediate, replacement leaves one vector under the id", arguments: IndexKind.allCases)
    func updates(kind: IndexKind) throws {
        let index = try kind.make(dimension: 2, metric: .l2)
        try index.insert([1, 2, 1], vectors: [9, 9, 5, 5, 1, 1])
        #expect(index.count == 2)
        #expect(index.vector(of: 1) == [1, 1])
        try index.insert([2], vectors: [7, 7])
        #expect(index.count == 2)
        #expect(try index.search([5, 5], topK: 10).map(\.id) == [2, 1])
        index.remove([2, 99])
        #expect(try index.search([5, 5], topK: 10).map(\.id) == [1])
        #expect(!index.contains(2) && index.contains(1))
        index.remove([1])
        #expect(index.count == 0)
        #expect(try index.search([5, 5], topK: 10).isEmpty)
        try index.insert([1], vectors: [4, 4])
        #expect(try index.search([5, 5], topK: 10) == [VectorHit(id: 1, similarity: -2)])
    }

    @Test("cosine keeps the direction alone", arguments: IndexKind.allCases)
    func normalised(kind: IndexKind) throws {
        let index = try kind.make(dimension: 2, metric: .cosine)
        try index.insert([1, 2], vectors: [3, 4, 1e-30, 0])
        #expect(index.vector(of: 1) == [0.6, 0.8])
        #expect(index.vector(of: 2) == [1, 0])
    }

    @Test("NaN, infinity, zero, wrong lengths and ids are refused and nothing is stored", arguments: IndexKind.allCases)
    func badInput(kind: IndexKind) throws {
        let index = try kind.make(dimension: 2, metric: .cosine)
        let cases: [([Int64], [Float], VectorIndexError)] = [
            ([1, 2], [1, 0, .nan, 0], .notFinite(vector: 1)),
            ([1, 2], [1, 0, .infinity, 0], .notFinite(vector: 1)),
            ([1, 2], [1, 0, 0, -.infinity], .notFinite(vector: 1)),
            ([1, 2], [1, 0, 0, 0], .zeroVector(vector: 1)),
            ([1], [1, 0, 0], .dimensionMismatch(found: 3, expected: 2)),
            ([1, 2], [1, 0, 0], .countMismatch(ids: 2, components: 3, dimension: 2)),
            ([1, -1], [1, 0, 0, 1], .invalidID(id: -1)),
            ([1, Bitmap.maximumID + 1], [1, 0, 0, 1], .invalidID(id: Bitmap.maximumID + 1)),
        ]
        for (ids, vectors, error) in cases {
            #expect(throws: error) { try index.insert(ids, vectors: vectors) }
        }
        #expect(index.count == 0)
        #expect(!index.contains(1))
        try index.insert([], vectors: [])
        try index.insert([1], vectors: [1, 0])
        // Nor does a bad vector take the place of a good one.
        for (ids, vectors, error) in cases {
            #expect(throws: error) { try index.insert(ids, vectors: vectors) }
        }
        #expect(index.count == 1)
        #expect(index.vector(of: 1) == [1, 0])
        let queries: [([Float], VectorIndexError)] = [
            ([.nan, 0], .notFinite(vector: 0)), ([0, 0], .zeroVector(vector: 0)),
            ([1], .dimensionMismatch(found: 1, expected: 2)), ([1, 2, 3], .dimensionMismatch(found: 3, expected: 2)),
        ]
        for (query, error) in queries {
            #expect(throws: error) { try index.search(query, topK: 1) }
        }
        #expect(throws: VectorIndexError.invalidParameter(name: "top_k", value: 0, range: 1...65_536)) {
            try index.search([1, 0], topK: 0)
        }
    }

    @Test("vectors whose products would overflow are refused", arguments: [Metric.dot, .l2])
    func overflow(metric: Metric) throws {
        let index = try HNSWIndex(dimension: 2, metric: metric, pool: ThreadPool(threadCount: 1))
        #expect(throws: VectorIndexError.notFinite(vector: 0)) { try index.insert([1], vectors: [1e25, 0]) }
        try index.insert([1, 2], vectors: [9e18, 0, -9e18, 0])
        let hits = try index.search([9e18, 0], topK: 2)
        #expect(hits.map(\.id) == [1, 2])
        #expect(hits.allSatisfy { $0.similarity.isFinite })
    }

    @Test("parameters outside their ranges are refused by name")
    func parameters() throws {
        let pool = ThreadPool(threadCount: 1)
        let wrong: [HNSWParameters] = [.init(m: 1), .init(m: 129), .init(efConstruction: 3), .init(efSearch: 0)]
        for parameters in wrong {
            #expect(throws: VectorIndexError.self) {
                try HNSWIndex(dimension: 4, metric: .l2, parameters: parameters, pool: pool)
            }
        }
        #expect(throws: VectorIndexError.invalidParameter(name: "dimension", value: 0, range: 1...65_536)) {
            try HNSWIndex(dimension: 0, metric: .l2, pool: pool)
        }
        #expect(throws: VectorIndexError.self) { try FlatIndex(dimension: 0, metric: .l2) }
    }

    @Test("identical vectors are all found", arguments: IndexKind.allCases)
    func duplicates(kind: IndexKind) throws {
        let index = try kind.make(dimension: 2, metric: .cosine)
        try index.insert((0..<500).map { $0 }, vectors: (0..<500).flatMap { _ in [1, 2] as [Float] })
        #expect(Set(try index.search([1, 2], topK: 500).map(\.id)).count == 500)
    }
}
