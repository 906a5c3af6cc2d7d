import Foundation
import Kernels
import LexicalIndex
import Retrieval
import Synchronization
import Tensors
import VectorIndex

/// Exact vectors in a dictionary: what searches must come to, without an index's own behaviour.
final class PlainVectorIndex: PersistentVectorIndex {
    let dimension: Int
    let metric = Metric.cosine
    private let vectors: Mutex<[Int64: [Float]]>

    init(dimension: Int, vectors: [Int64: [Float]] = [:]) {
        self.dimension = dimension
        self.vectors = Mutex(vectors)
    }

    var count: Int { vectors.withLock { $0.count } }

    func search(
        _ query: [Float], topK: Int, efSearch: Int?, allowing: Bitmap?
    ) throws(VectorIndexError) -> [VectorHit] {
        let norm = query.reduce(0) { $0 + $1 * $1 }.squareRoot()
        let hits = vectors.withLock { $0 }.filter { allowing?.contains($0.key) ?? true }.map {
            VectorHit(id: $0.key, similarity: zip(query, $0.value).reduce(0) { $0 + $1.0 * $1.1 } / norm)
        }
        return Array(
            hits.sorted { ($0.similarity, $1.id) > ($1.similarity, $0.id) }.prefix(topK))
    }

    func insert(_ ids: [Int64], vectors new: [Float]) throws(VectorIndexError) {
        vectors.withLock {
            for (index, id) in ids.enumerated() {
                $0[id] = Array(new[index * dimension..<(index + 1) * dimension])
            }
        }
    }

    func remove(_ ids: [Int64]) { vectors.withLock { for id in ids { $0[id] = nil } } }
    func contains(_ id: Int64) -> Bool { vectors.withLock { $0[id] != nil } }
    func vector(of id: Int64) -> [Float]? { vectors.withLock { $0[id] } }

    func idsWithForeignCodes() -> [Int64] { [] }

    func save(to path: String, stamp: SnapshotStamp) throws {
        try PlainSnapshot(content: vectors.withLock { $0 }, stamp: stamp).write(to: path)
    }
}

/// Texts in a dictionary, scored by the words they share with the query.
final class PlainLexicalIndex: PersistentLexicalIndex {
    private let texts: Mutex<[Int64: String]>

    init(texts: [Int64: String] = [:]) { self.texts = Mutex(texts) }

    var count: Int { texts.withLock { $0.count } }

    func search(_ query: String, topK: Int, allowing: Bitmap?) -> [LexicalHit] {
        let hits = texts.withLock { $0 }.compactMap { id, text -> LexicalHit? in
            guard allowing?.contains(id) ?? true else { return nil }
            let score = Self.terms(query, text).reduce(0) { $0 + Float($1.score) }
            return score > 0 ? LexicalHit(id: id, score: score) : nil
        }
        return Array(hits.sorted { ($0.score, $1.id) > ($1.score, $0.id) }.prefix(topK))
    }

    func insert(_ entries: [(id: Int64, text: String)]) {
        texts.withLock { for entry in entries { $0[entry.id] = entry.text } }
    }

    func remove(_ ids: [Int64]) { texts.withLock { for id in ids { $0[id] = nil } } }

    func explain(_ query: String, id: Int64) -> [TermContribution] {
        texts.withLock { $0[id] }.map { Self.terms(query, $0) } ?? []
    }

    func postingDigests() -> [Int64: UInt64] {
        texts.withLock { $0.mapValues { $0.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) } } }
    }

    func save(to path: String, stamp: SnapshotStamp) throws {
        try PlainSnapshot(content: texts.withLock { $0 }, stamp: stamp).write(to: path)
    }

    private static func words(_ text: String) -> [String] {
        text.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
    }

    private static func terms(_ query: String, _ text: String) -> [TermContribution] {
        let words = words(text)
        return Set(Self.words(query)).sorted().map { term in
            let frequency = words.count { $0 == term }
            return TermContribution(
                term: term, termFrequency: frequency, documentFrequency: 1, inverseDocumentFrequency: 1,
                score: Double(frequency) / Double(frequency + 1))
        }
    }
}

private struct PlainSnapshot<Content: Codable>: Codable {
    var content: Content
    var collectionID: Int64
    var fingerprint: String
    var watermark: Int64

    init(content: Content, stamp: SnapshotStamp) {
        self.content = content
        (collectionID, fingerprint, watermark) = (stamp.collectionID, stamp.fingerprint, stamp.watermark)
    }

    init(path: String) throws {
        self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    }

    var stamp: SnapshotStamp {
        SnapshotStamp(collectionID: collectionID, fingerprint: fingerprint, watermark: watermark)
    }

    func write(to path: String) throws {
        try JSONEncoder().encode(self).write(to: URL(fileURLWithPath: path), options: .atomic)
    }
}

/// Makes the plain indexes, and counts what it was asked for.
final class PlainIndexFactory: IndexFactory {
    struct Counts: Equatable {
        var made = 0
        var loaded = 0
    }

    let lexicalFingerprint: String
    private let counter = Mutex(Counts())

    init(lexicalFingerprint: String = "plain:1") { self.lexicalFingerprint = lexicalFingerprint }

    /// Indexes made empty and indexes loaded.
    var counts: Counts { counter.withLock { $0 } }

    func makeVectorIndex(dimension: Int) throws -> any PersistentVectorIndex {
        counter.withLock { $0.made += 1 }
        return PlainVectorIndex(dimension: dimension)
    }

    func makeExactIndex(dimension: Int) throws -> any VectorSearching {
        try FlatIndex(dimension: dimension, metric: .cosine)
    }

    func loadVectorIndex(path: String) throws -> (index: any PersistentVectorIndex, stamp: SnapshotStamp) {
        let snapshot = try PlainSnapshot<[Int64: [Float]]>(path: path)
        counter.withLock { $0.loaded += 1 }
        let dimension = snapshot.content.first?.value.count ?? 32
        return (PlainVectorIndex(dimension: dimension, vectors: snapshot.content), snapshot.stamp)
    }

    func makeLexicalIndex() throws -> any PersistentLexicalIndex {
        counter.withLock { $0.made += 1 }
        return PlainLexicalIndex()
    }

    func loadLexicalIndex(path: String) throws -> (index: any PersistentLexicalIndex, stamp: SnapshotStamp) {
        let snapshot = try PlainSnapshot<[Int64: String]>(path: path)
        counter.withLock { $0.loaded += 1 }
        return (PlainLexicalIndex(texts: snapshot.content), snapshot.stamp)
    }
}
