import Retrieval
import Testing

struct FusionTests {
    private func entries(_ pairs: [(Int64, Float)]) -> [ScoredChunk] {
        pairs.map { ScoredChunk(id: $0.0, score: $0.1) }
    }

    @Test("reciprocal rank fusion adds 1 / (60 + rank)")
    func reciprocalRank() {
        let fused = reciprocalRankFusion([entries([(1, 9), (2, 8), (3, 7)]), entries([(3, 0.2), (1, 0.1)])])
        #expect(fused.map(\.id) == [1, 3, 2])
        #expect(abs(fused[0].score - (1 / 61 + 1 / 62)) < 1e-7)
        #expect(abs(fused[1].score - (1 / 63 + 1 / 61)) < 1e-7)
        #expect(abs(fused[2].score - 1 / 62) < 1e-7)
    }

    @Test("the convex combination mixes scores scaled from each leg's floor to its best")
    func convex() {
        let fused = convexCombination(
            dense: entries([(1, 0.9), (2, 0.5), (3, 0.1)]), lexical: entries([(2, 20), (4, 10), (1, 5)]),
            denseWeight: 0.5, depth: 3)
        #expect(fused.map(\.id) == [2, 1, 4, 3])
        for (entry, score) in zip(fused, [0.75, 0.5, 1.0 / 6, 0] as [Float]) {
            #expect(abs(entry.score - score) < 1e-6)
        }
    }

    @Test("a BM25 list that was not cut off has its floor at 0, where the chunks without a shared word are")
    func lexicalFloor() {
        let hits = entries([(2, 15), (1, 20), (3, 0)])
        #expect(convexCombination(dense: [], lexical: hits, denseWeight: 0.5) == entries([(1, 1), (2, 0.75)]))
        #expect(convexCombination(dense: [], lexical: hits, denseWeight: 0.5, depth: 2) == entries([(1, 1), (2, 0)]))
    }

    @Test("what is beyond the depth has no say, however many there are")
    func depth() {
        let lexical = entries((1...50).map { (Int64($0), Float(100 - $0)) })
        let dense = entries((26...75).map { (Int64($0), 1 / Float($0)) })
        #expect(
            convexCombination(dense: dense, lexical: lexical, denseWeight: 0.5, depth: 5)
                == convexCombination(
                    dense: Array(dense.prefix(5)), lexical: Array(lexical.prefix(5)), denseWeight: 0.5, depth: 5))
    }

    @Test("a chunk that both legs like beats one that leads a single leg by little")
    func agreement() {
        let fused = convexCombination(
            dense: entries([(1, 0.80), (2, 0.79), (3, 0.30)]), lexical: entries([(4, 9), (2, 8)]), denseWeight: 0.5)
        #expect(fused.first?.id == 2)
    }

    @Test("the convex combination does not change with the scores' scale")
    func scaleFree() {
        let dense = entries([(1, 0.875), (2, 0.5), (4, 0.25), (3, 0.125)])
        let lexical = entries([(2, 20), (3, 10), (1, 2)])
        let scaled = lexical.map { ScoredChunk(id: $0.id, score: $0.score * 8) }
        #expect(
            convexCombination(dense: dense, lexical: lexical, denseWeight: 0.5)
                == convexCombination(dense: dense, lexical: scaled, denseWeight: 0.5))
    }

    @Test("equal scores are ordered by id", arguments: [FusionMethod.standard, .reciprocalRank(constant: 60)])
    func ties(method: FusionMethod) {
        let (first, second) = (entries([(7, 1), (3, 1)]), entries([(3, 1), (7, 1)]))
        let fused =
            switch method {
            case .convex(let weight):
                convexCombination(dense: first, lexical: second, denseWeight: weight)
            case .reciprocalRank(let constant): reciprocalRankFusion([first, second], constant: constant)
            }
        #expect(fused.map(\.id) == [3, 7])
    }

    @Test("a leg that found nothing has no say")
    func emptyLeg() {
        let only = entries([(1, 4), (3, 3), (2, 2)])
        #expect(
            convexCombination(dense: [], lexical: only, denseWeight: 0.5, depth: 3).map(\.score) == [1, 0.5, 0])
        #expect(convexCombination(dense: only, lexical: [], denseWeight: 0.5).map(\.id) == [1, 3, 2])
        #expect(convexCombination(dense: [], lexical: [], denseWeight: 0.5).isEmpty)
        #expect(reciprocalRankFusion([[], only]).map(\.id) == [1, 3, 2])
    }

    @Test("one candidate gets the full score")
    func single() {
        let fused = convexCombination(
            dense: entries([(1, 0.2)]), lexical: entries([(1, 3)]), denseWeight: 0.3)
        #expect(fused == entries([(1, 1)]))
    }
}
