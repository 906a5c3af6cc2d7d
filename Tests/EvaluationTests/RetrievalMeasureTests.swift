import Evaluation
import Foundation
import TestSupport
import Testing

enum Fixtures {
    static func path(_ name: String) -> String {
        Bundle.module.bundleURL.appendingPathComponent("Fixtures/\(name)").path
    }

    static func decode<Value: Decodable>(_ type: Value.Type, _ name: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(contentsOf: URL(fileURLWithPath: path(name))))
    }
}

@Suite("Retrieval measures")
struct RetrievalMeasureTests {
    private struct Expected: Decodable {
        var queries: Int
        var mean: [String: Double]
        var per_query: [String: [String: Double]]
    }

    @Test("means and queries equal pytrec_eval's", arguments: ["cranfield", "trec", "random1", "random2"])
    func equalsReference(name: String) throws {
        let expected = try Fixtures.decode(Expected.self, "\(name).json")
        let names = Set(expected.mean.keys).union(expected.per_query.values.flatMap(\.keys))
        let measures = try names.sorted().map { try RetrievalMeasure(name: $0) }
        let scores = RetrievalScores(
            run: try Run(path: Fixtures.path("\(name).run")), qrels: try Qrels(path: Fixtures.path("\(name).qrels")),
            measures: measures)
        #expect(scores.queryIDs.count == expected.queries)
        #expect(measures.count >= 20)
        for measure in measures {
            let value = try #require(expected.mean[measure.name])
            #expect(abs(scores.mean(measure) - value) < 1e-6, "\(measure.name)")
        }
        for (query, values) in expected.per_query {
            for (name, value) in values {
                let own = try #require(scores.value(RetrievalMeasure(name: name), query: query))
                #expect(abs(own - value) < 1e-6, "\(query) \(name)")
            }
        }
    }

    @Test("equal scores are ordered by document id, descending, and scores are 32-bit floats")
    func ties() {
        let run = Run(
            tag: "t",
            results: [
                "1": [
                    RankedDocument(documentID: "a", score: 1 + 1e-9), RankedDocument(documentID: "c", score: 1),
                    RankedDocument(documentID: "b", score: 1), RankedDocument(documentID: "z", score: 0.5),
                ]
            ])
        #expect(run.ranking(of: "1") == ["c", "b", "a", "z"])
        #expect(run.ranking(of: "2") == [])
    }

    @Test("queries without judgements never count, judged ones without results only when asked for")
    func missingQueries() {
        let qrels = Qrels(["1": ["a": 1], "2": ["b": 1]])
        let run = Run(
            tag: "t",
            results: [
                "1": [RankedDocument(documentID: "a", score: 1)], "9": [RankedDocument(documentID: "a", score: 1)],
            ])
        #expect(RetrievalScores(run: run, qrels: qrels).mean(.averagePrecision) == 1)
        let complete = RetrievalScores(run: run, qrels: qrels, countsMissingQueries: true)
        #expect(complete.queryIDs == ["1", "2"])
        #expect(complete.mean(.averagePrecision) == 0.5)
    }

    @Test("rank-biased precision and cut reciprocal rank by hand")
    func byHand() {
        let judgements = ["b": 1, "d": 2]
        let ranking = ["a", "b", "c", "d"]
        let rbp = RetrievalMeasure.rankBiasedPrecision.value(ranking: ranking, judgements: judgements)
        #expect(abs(rbp - 0.2 * (0.8 + 0.512)) < 1e-12)
        #expect(RetrievalMeasure.reciprocalRank(1).value(ranking: ranking, judgements: judgements) == 0)
        #expect(RetrievalMeasure.reciprocalRank(2).value(ranking: ranking, judgements: judgements) == 0.5)
    }

    @Test("measure names read back", arguments: ScoreReport.measures + RetrievalMeasure.standard)
    func names(measure: RetrievalMeasure) throws {
        #expect(try RetrievalMeasure(name: measure.name) == measure)
    }

    @Test("unknown measures are refused", arguments: ["", "ndcg@", "ndcg@0", "ndcg@-1", "p", "map@10", "f1", "p@1@2"])
    func unknownNames(name: String) {
        #expect(throws: EvaluationError.unknownMeasure(name: name)) { try RetrievalMeasure(name: name) }
    }
}
