import Kernels
import LexicalIndex
import TestSupport
import Testing

@Suite("BM25 index")
struct BM25IndexTests {
    /// Same ids in the same order, scores to a rounding of single precision.
    static func expectEqual(
        _ found: [LexicalHit], _ expected: [LexicalHit], _ note: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        guard found.count == expected.count else {
            Issue.record("\(note): \(found.count) hits, not \(expected.count)", sourceLocation: sourceLocation)
            return
        }
        for (hit, reference) in zip(found, expected) {
            // Ids may change places only where the scores are equal to within rounding.
            let isClose = abs(hit.score - reference.score) <= 2e-6 * max(1, reference.score)
            #expect(isClose, "\(note): \(hit) is not \(reference)", sourceLocation: sourceLocation)
        }
    }

    @Test("finds what a naive BM25 finds, for every k and query length", arguments: [1, 10, 1000])
    func naive(topK: Int) throws {
        var random = RandomTexts(seed: 1)
        let entries = random.entries(1...3000)
        let index = try BM25Index()
        index.insert(entries)
        let naive = NaiveBM25(
            texts: Dictionary(uniqueKeysWithValues: entries.map { ($0.id, $0.text) }), analyzer: index.analyzer)
        for words in [1, 2, 5, 10, 40] {
            let query = random.text(words: words...words)
            Self.expectEqual(
                index.search(query, topK: topK), naive.search(query, topK: topK), "\(words) words, top \(topK)")
        }
    }

    @Test("passing over postings changes nothing: the best 10 are the first 10 of all", arguments: [2, 3, 4, 5])
    func pruning(seed: UInt64) throws {
        var random = RandomTexts(seed: seed, vocabulary: 3000)
        let index = try BM25Index()
        index.insert(random.entries(1...20_000, words: 5...40))
        for words in 1...25 {
            let query = random.text(words: words...words)
            let all = index.search(query, topK: 20_000)
            #expect(index.search(query, topK: 10) == Array(all.prefix(10)))
            #expect(index.search(query, topK: 500) == Array(all.prefix(500)))
        }
    }

    @Test("after inserts, replacements and removals it answers as one built anew, statistics included")
    func rebuild() throws {
        var random = RandomTexts(seed: 7)
        let index = try BM25Index()
        var texts: [Int64: String] = [:]
        var next: Int64 = 1
        for round in 0..<120 {
            let fresh = (0..<20).map { _ in
                next += 1
                return next
            }
            let known = Array(texts.keys).sorted()
            let entries = random.entries(fresh + random.choose(5, of: known))
            index.insert(entries)
            for entry in entries { texts[entry.id] = entry.text }
            let gone = random.choose(round % 3 == 0 ? 25 : 4, of: Array(texts.keys).sorted())
            index.remove(gone + [9_999_999])
            for id in gone { texts[id] = nil }
        }
        let rebuilt = try BM25Index()
        rebuilt.insert(texts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
        #expect(index.count == texts.count)
        for words in [1, 3, 8, 20] {
            let query = random.text(words: words...words)
            #expect(index.search(query, topK: 50) == rebuilt.search(query, topK: 50))
            let best = try #require(rebuilt.search(query, topK: 1).first)
            #expect(index.explain(query, id: best.id) == rebuilt.explain(query, id: best.id))
        }
        #expect(index.statistics.removedCount * 4 <= index.statistics.count + index.statistics.removedCount)
        #expect(index.statistics.segmentCount <= 28)
    }

    @Test("a change is visible at once: insert, replace, remove")
    func immediate() throws {
        let index = try BM25Index()
        #expect(index.search("refund", topK: 5).isEmpty)
        index.insert([(id: 4, text: "Refunds take five days"), (id: 2, text: "Delivery takes two days")])
        #expect(index.search("refund", topK: 5).map(\.id) == [4])
        index.insert([(id: 4, text: "Vouchers never expire")])
        #expect(index.search("refund", topK: 5).isEmpty)
        #expect(index.search("voucher", topK: 5).map(\.id) == [4])
        #expect(index.count == 2)
        index.remove([4])
        #expect(index.search("voucher", topK: 5).isEmpty)
        #expect(!index.contains(4))
        index.remove([2, 2, 77])
        #expect(index.count == 0)
        #expect(index.statistics.segmentCount == 0)
    }

    @Test("of equal ids in one call the last counts")
    func duplicates() throws {
        let index = try BM25Index()
        index.insert([(id: 1, text: "first"), (id: 1, text: "second")])
        #expect(index.count == 1)
        #expect(index.search("first", topK: 1).isEmpty)
        #expect(index.search("second", topK: 1).map(\.id) == [1])
    }

    @Test("a filter is applied before ranking: k hits come back whenever so many allowed chunks match")
    func filters() throws {
        var random = RandomTexts(seed: 11)
        let entries = random.entries(1...5000, words: 5...30)
        let index = try BM25Index()
        index.insert(entries)
        let naive = NaiveBM25(
            texts: Dictionary(uniqueKeysWithValues: entries.map { ($0.id, $0.text) }), analyzer: index.analyzer)
        for share in [3, 50, 2500] {
            let allowed = random.choose(share, of: Array(1...5000))
            let query = random.text(words: 6...6)
            Self.expectEqual(
                index.search(query, topK: 20, allowing: Bitmap(allowed)),
                naive.search(query, topK: 20, allowing: Set(allowed)), "\(share) allowed")
        }
        #expect(index.search("w0x", topK: 5, allowing: Bitmap()).isEmpty)
        #expect(index.search("w0x", topK: 5, allowing: [99_999]).isEmpty)
    }

    @Test("codes, identifiers and CJK are found, whole and in parts")
    func codes() throws {
        let index = try BM25Index()
        index.insert([
            (id: 1, text: "The printer shows ERR-4021 when paper is out"), (id: 2, text: "ERR-4022 means no toner"),
            (id: 3, text: "apt-get install libcurl4-openssl-dev"), (id: 4, text: "Python 3.11 released"),
            (id: 5, text: "東京都の図書館"), (id: 6, text: "京都の寺"), (id: 7, text: "Python 3.12 and 3.1 differ"),
        ])
        #expect(index.search("err-4021", topK: 1).map(\.id) == [1])
        #expect(index.search("error 4022?", topK: 1).map(\.id) == [2])
        #expect(index.search("libcurl4-openssl-dev", topK: 5).map(\.id) == [3])
        #expect(index.search("openssl", topK: 5).map(\.id) == [3])
        #expect(index.search("python 3.11", topK: 1).map(\.id) == [4])
        #expect(index.search("東京", topK: 5).map(\.id) == [5])
        #expect(Set(index.search("京都", topK: 5).map(\.id)) == [5, 6])
    }

    @Test("odd queries find nothing or something, and never fail")
    func oddQueries() throws {
        var random = RandomTexts(seed: 3)
        let index = try BM25Index()
        index.insert(random.entries(1...2000))
        for query in ["", "   ", "😀", "\u{0}\u{1}\u{1B}[0m", "zzzz", "the of and", String(repeating: "(", count: 9000)]
        {
            #expect(index.search(query, topK: 10).isEmpty)
        }
        #expect(index.search("w0x", topK: 0).isEmpty)
        #expect(index.search("w0x", topK: -3).isEmpty)
        #expect(!index.search("w0x", topK: .max).isEmpty)
        let long = random.text(words: 10_000...10_000)
        #expect(index.search(long, topK: 10).count == 10)
        #expect(index.search(long + " 😀 \u{0}", topK: 10) == index.search(long, topK: 10))
    }

    @Test("a query of stop words alone still finds them")
    func onlyStopWords() throws {
        let index = try BM25Index()
        index.insert([(id: 1, text: "To be, or not to be"), (id: 2, text: "Orders and payment")])
        #expect(index.search("to be or not to be", topK: 5).map(\.id) == [1])
    }

    @Test("equal scores come in the order of ids, whatever order they came in")
    func ties() throws {
        let index = try BM25Index()
        for id in [5, 3, 9, 1, 7] as [Int64] { index.insert([(id: id, text: "same words here")]) }
        #expect(index.search("same words", topK: 3).map(\.id) == [1, 3, 5])
    }

    @Test("a term frequency above 254 is kept exactly, through merging as well")
    func largeFrequencies() throws {
        let index = try BM25Index()
        for id in 1...20 as ClosedRange<Int64> {
            index.insert([(id: id, text: String(repeating: "loud ", count: Int(id) * 100))])
        }
        #expect(index.explain("loud", id: 17).map(\.termFrequency) == [1700])
        #expect(index.search("loud", topK: 1).map(\.id) == [20])
    }

    @Test("the explanation adds up to the score")
    func explanation() throws {
        var random = RandomTexts(seed: 21)
        let index = try BM25Index()
        index.insert(random.entries(1...1500))
        let query = random.text(words: 12...12)
        for hit in index.search(query, topK: 20) {
            let parts = index.explain(query, id: hit.id)
            #expect(abs(Float(parts.reduce(0) { $0 + $1.score }) - hit.score) < 1e-5)
            #expect(parts.allSatisfy { ($0.score > 0) == ($0.termFrequency > 0) })
        }
        #expect(index.explain(query, id: 424_242).isEmpty)
    }

    @Test(
        "parameters out of range are refused",
        arguments: [
            BM25Parameters(k1: -1), BM25Parameters(k1: .nan), BM25Parameters(k1: 101), BM25Parameters(b: 1.5),
            BM25Parameters(b: -.infinity),
        ])
    func parameters(parameters: BM25Parameters) {
        #expect(throws: LexicalIndexError.self) { try BM25Index(parameters: parameters) }
    }

    @Test("the extremes of k1 and b work", arguments: [(0, 0), (0, 1), (100, 0), (100, 1)])
    func extremes(k1: Int, b: Int) throws {
        var random = RandomTexts(seed: 5)
        let index = try BM25Index(parameters: BM25Parameters(k1: Float(k1), b: Float(b)))
        index.insert(random.entries(1...6000))
        let query = random.text(words: 8...8)
        #expect(index.search(query, topK: 10) == Array(index.search(query, topK: 6000).prefix(10)))
    }

    @Test("searches while chunks come and go see whole states only")
    func concurrency() async throws {
        var random = RandomTexts(seed: 8)
        let index = try BM25Index()
        index.insert(random.entries(1...500) + [(id: 10_000, text: "marker alpha")])
        let batches = (0..<60).map { batch in
            random.entries((0..<10).map { Int64(600 + batch * 10 + $0) })
        }
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for (turn, batch) in batches.enumerated() {
                    index.insert(batch + [(id: 10_000, text: "marker \(turn % 2 == 0 ? "beta" : "alpha")")])
                    if turn % 4 == 3 { index.remove(batch.map(\.id)) }
                }
            }
            for _ in 0..<3 {
                group.addTask {
                    for _ in 0..<400 {
                        // The replaced chunk is there once in every state, never twice, never missing.
                        #expect(index.search("marker", topK: 5).map(\.id) == [10_000])
                        _ = index.search("w1x w5x w40x", topK: 10)
                    }
                }
            }
        }
        #expect(index.count == 501 + 450)
    }
}
