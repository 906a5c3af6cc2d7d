import Foundation
import Kernels
import Synchronization
import TestSupport
import Testing
import VectorIndex

@Suite("HNSW concurrency")
struct HNSWConcurrencyTests {
    @Test("searches during insertions and removals see whole vectors, no id twice, and never what stays removed")
    func searchWhileChanging() throws {
        let fixtures = VectorFixtures(count: 4000)
        let index = try HNSWIndex(dimension: fixtures.dimension, metric: .cosine, pool: ThreadPool(threadCount: 2))
        // 0 ..< 1000 stay, 1000 ..< 1500 go at once and stay away, the rest come and go.
        try index.insert((0..<1500).map { Int64($0) }, vectors: fixtures.flat(0..<1500))
        index.remove((1000..<1500).map { Int64($0) })
        let isDone = Atomic<Bool>(false)
        let problems = Mutex<[String]>([])
        let searches = Atomic<Int>(0)
        let searchers = (0..<2).map { number in
            Thread {
                var round = number
                while !isDone.load(ordering: .relaxed) {
                    round += 1
                    let query = fixtures.queries[round % fixtures.queries.count]
                    do {
                        let hits = try index.search(query, topK: 20, efSearch: 64)
                        let ids = hits.map(\.id)
                        if hits.count != 20 { problems.withLock { $0.append("\(hits.count) hits") } }
                        if Set(ids).count != ids.count { problems.withLock { $0.append("an id twice") } }
                        for hit in hits {
                            let isExpected = (0..<1000).contains(hit.id) || (1500..<4000).contains(hit.id)
                            if !isExpected { problems.withLock { $0.append("id \(hit.id) is back") } }
                            let cosine = similarity(query, fixtures.rows[Int(hit.id)])
                            if abs(cosine - hit.similarity) > 1e-4 {
                                problems.withLock { $0.append("id \(hit.id): \(hit.similarity), not \(cosine)") }
                            }
                        }
                    } catch {
                        problems.withLock { $0.append("\(error)") }
                    }
                    searches.add(1, ordering: .relaxed)
                }
            }
        }
        for searcher in searchers { searcher.start() }
        for round in 0..<6 {
            let ids = Array(1500 + (round % 3) * 800..<1500 + (round % 3) * 800 + 800)
            try index.insert(ids.map { Int64($0) }, vectors: fixtures.flat(ids))
            // The same again: replacements under the searchers' eyes.
            try index.insert(ids[0..<200].map { Int64($0) }, vectors: fixtures.flat(ids[0..<200]))
            index.remove(ids[300..<800].map { Int64($0) })
            if round == 3 { index.compact() }
        }
        isDone.store(true, ordering: .relaxed)
        while searchers.contains(where: { !$0.isFinished }) { Thread.sleep(forTimeInterval: 0.001) }
        #expect(problems.withLock { Array(Set($0).prefix(5)) } == [])
        #expect(searches.load(ordering: .relaxed) > 0)
        #expect(index.count == 1000 + 3 * 300)
    }

    @Test("insertions from several threads at once all arrive")
    func writers() throws {
        let fixtures = VectorFixtures(count: 1200)
        let index = try HNSWIndex(dimension: fixtures.dimension, metric: .l2, pool: ThreadPool(threadCount: 2))
        let threads = (0..<4).map { number in
            Thread {
                for start in stride(from: number * 300, to: number * 300 + 300, by: 50) {
                    let ids = Array(start..<start + 50)
                    try? index.insert(ids.map { Int64($0) }, vectors: fixtures.flat(ids))
                }
            }
        }
        for thread in threads { thread.start() }
        while threads.contains(where: { !$0.isFinished }) { Thread.sleep(forTimeInterval: 0.001) }
        #expect(index.count == 1200)
        #expect(try fixtures.recall(of: index, ids: 0..<1200) >= 0.98)
    }
}

private func similarity(_ a: [Float], _ b: [Float]) -> Float {
    let dot = zip(a, b).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    let (left, right) = (a.reduce(0.0) { $0 + Double($1) * Double($1) }, b.reduce(0.0) { $0 + Double($1) * Double($1) })
    return Float(dot / (left * right).squareRoot())
}
