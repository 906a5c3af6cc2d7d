import Kernels
import Testing
import VectorIndex

@Suite("Churn benchmark")
struct ChurnBenchmarkTests {
    @Test("every round replaces a fifth, and recall and memory stay", arguments: [Precision.int8, .binary])
    func rounds(precision: Precision) throws {
        let fixtures = VectorFixtures(count: 6000)
        let benchmark = ChurnBenchmark(parameters: HNSWParameters(precision: precision))
        let report = try benchmark.run(
            vectors: VectorMatrix(components: fixtures.flat(0..<6000), dimension: fixtures.dimension),
            queries: VectorMatrix(components: fixtures.queries.flatMap { $0 }, dimension: fixtures.dimension),
            pool: ThreadPool(threadCount: 2))
        #expect(report.vectors == 2000)
        #expect(report.rounds.map(\.round) == Array(0...10))
        #expect(report.rounds[0].recallAt10 >= 0.95)
        #expect(report.recallLoss <= 0.02)
        #expect(report.byteRatio <= 1.1)
        #expect(report.rounds[10].slots <= 2000 + 400 + 128)
    }

    @Test("too few vectors are refused by name")
    func tooFew() {
        let few = VectorMatrix(components: [1, 2, 3, 4], dimension: 2)
        #expect(throws: VectorIndexError.self) {
            try ChurnBenchmark().run(vectors: few, queries: few, pool: ThreadPool(threadCount: 1))
        }
    }
}
