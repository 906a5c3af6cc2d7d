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

    @Test("the convex combination mixes scores scaled to 0…1")
    func convex() {
        let fused = convexCombination(
            dense: entries([(1, 0.9), (2, 0.5), (3, 0.1)]), lexical: entries([(1, 0), (2, 20), (3, 10)]),
            denseWeight: 0.5)
        #expect(fused.map(\.id) == [2, 1, 3])
        #expect(fused.map(\.score) == [0.75, 0.5, 0.25])
    }

    @Test("the convex combination does not change with the scores' scale and offset")
    func scaleFree() {
        let dense = entries([(1, 0.9), (2, 0.5), (3, 0.1), (4, 0.3)])
        let lexical = entries([(1, 2), (2, 20), (3, 10), (4, 0)])
        let scaled = lexical.map { ScoredChunk(id: $0.id, score: $0.score * 8 + 64) }
        #expect(
            convexCombination(dense: dense, lexical: lexical, denseWeight: 0.5)
                == convexCombination(dense: dense, lexical: scaled, denseWeight: 0.5))
    }

    @Test("equal scores are ordered by id", arguments: [FusionMethod.standard, .reciprocalRank(constant: 60)])
    func ties(method: FusionMethod) {
        let (first, second) = (entries([(7, 1), (3, 1)]), entries([(3, 1), (7, 1)]))
        let fused =
            switch method {
            case .convex(let weight): convexCombination(dense: first, lexical: second, denseWeight: weight)
            case .reciprocalRank(let constant): reciprocalRankFusion([first, second], constant: constant)
            }
        #expect(fused.map(\.id) == [3, 7])
    }

    @Test("a leg that found nothing has no say")
    func emptyLeg() {
        let only = entries([(1, 4), (2, 2), (3, 3)])
        #expect(convexCombination(dense: [], lexical: only, denseWeight: 0.5).map(\.score) == [1, 0.5, 0])
        #expect(convexCombination(dense: only, lexical: [], denseWeight: 0.5).map(\.id) == [1, 3, 2])
        #expect(convexCombination(dense: [], lexical: [], denseWeight: 0.5).isEmpty)
        #expect(reciprocalRankFusion([[], only]).map(\.id) == [1, 2, 3])
    }

    @Test("one candidate gets the full score")
    func single() {
        let fused = convexCombination(dense: entries([(1, 0.2)]), lexical: entries([(1, 3)]), denseWeight: 0.3)
        #expect(fused == entries([(1, 1)]))
    }
}
