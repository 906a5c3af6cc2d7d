import Evaluation
import Foundation
import TestSupport
import Testing

@Suite("Statistics, gates and reports")
struct ReportTests {
    @Test("percentiles interpolate")
    func percentiles() {
        #expect(Statistics.percentile([4, 1, 3, 2], 0.5) == 2.5)
        #expect(Statistics.percentile([1, 2, 3], 1) == 3)
        #expect(Statistics.percentile([], 0.5) == nil)
    }

    @Test("a bootstrap interval is seeded, holds the mean, and is near the normal one for many values")
    func bootstrap() {
        var generator = SeededGenerator(seed: 9)
        let values = (0..<400).map { _ in Double.random(in: 0...1, using: &generator) }
        let interval = Statistics.bootstrapInterval(values, seed: 1)
        let mean = Statistics.mean(values)
        let error = 1.96 * (values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / 399 / 400).squareRoot()
        #expect(interval == Statistics.bootstrapInterval(values, seed: 1))
        #expect(interval != Statistics.bootstrapInterval(values, seed: 2))
        #expect(abs(interval.lowerBound - (mean - error)) < 0.2 * error)
        #expect(abs(interval.upperBound - (mean + error)) < 0.2 * error)
        #expect(Statistics.bootstrapInterval([0.5], seed: 1) == 0.5...0.5)
    }

    @Test("the randomisation test counts sign flips: exact for few values, 1 for equal systems")
    func randomisation() {
        // Of the 2⁵ ways to flip five equal differences, two are as extreme as what was seen.
        let p = Statistics.randomisationTest([1, 1, 1, 1, 1], [0, 0, 0, 0, 0], rounds: 50_000, seed: 4)
        #expect(abs(p - 2.0 / 32) < 0.005)
        #expect(Statistics.randomisationTest([0.5, 0.2], [0.5, 0.2], seed: 4) == 1)
        var generator = SeededGenerator(seed: 5)
        let first = (0..<200).map { _ in Double.random(in: 0...1, using: &generator) }
        #expect(Statistics.randomisationTest(first.map { $0 + 0.1 }, first, seed: 4) < 0.001)
    }

    @Test("Holm's correction of a textbook example")
    func holm() {
        let corrected = Statistics.holm([0.01, 0.04, 0.03, 0.005])
        for (value, expected) in zip(corrected, [0.03, 0.06, 0.06, 0.02]) { #expect(abs(value - expected) < 1e-12) }
        #expect(Statistics.holm([0.9, 0.8]) == [1, 1])
    }

    @Test(
        "gates are read and held against values",
        arguments: [
            ("hybrid:ndcg@10>=0.70", "hybrid", "ndcg@10", 0.7, true), ("f1 > 0.70", nil, "f1", 0.7, false),
            ("latency_p50_ms<=0.7", nil, "latency_p50_ms", 0.7, true), ("dense:MAP<0.5", "dense", "map", 0.7, false),
        ] as [(String, String?, String, Double, Bool)])
    func gates(text: String, mode: String?, measure: String, value: Double, passes: Bool) throws {
        let gate = try Gate(text)
        #expect(gate.mode == mode)
        #expect(gate.measure == measure)
        #expect(gate.outcome(for: value).passed == passes)
        #expect(gate.outcome(for: value).value == value)
        #expect(!gate.outcome(for: nil).passed)
    }

    @Test(
        "a gate with bad syntax is refused and explained",
        arguments: ["", "ndcg@10", "ndcg@10>=", "ndcg@10=>0.5", ">=0.5", ":f1>=0.5", "a:b:c>1", "f1>=high", "f1>nan"])
    func badGates(text: String) {
        #expect {
            try Gate(text)
        } throws: { error in
            guard case .badGate(text, _) = error as? EvaluationError else { return false }
            return "\(error)".contains("hybrid:ndcg@10>=0.70")
        }
    }

    private func report() throws -> RetrievalReport {
        let qrels = try Qrels(path: Fixtures.path("cranfield.qrels"))
        let hybrid = try Run(path: Fixtures.path("cranfield.run"))
        let worse = Run(tag: "lexical", results: hybrid.results.mapValues { Array($0.dropFirst(4)) })
        return try RetrievalReport(
            dataset: "cranfield", runs: [Run(tag: "hybrid", results: hybrid.results), worse], qrels: qrels,
            queryTexts: ["1": "wings & <flow>"], timings: ["search_s": 1.5])
    }

    @Test("JSON has the contract's keys")
    func json() throws {
        let data = try JSONEncoder().encode(report())
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(object["dataset"] as? String == "cranfield")
        #expect(object["queries"] as? Int == 40)
        let modes = try #require(object["modes"] as? [String: [String: Any]])
        #expect(Set(modes.keys) == ["hybrid", "lexical"])
        let hybrid = try #require(modes["hybrid"])
        #expect(Set(hybrid.keys) == ["ndcg@10", "recall@100", "mrr@10", "map", "p@10", "ci95"])
        let intervals = try #require(hybrid["ci95"] as? [String: [Double]])
        let mean = try #require(hybrid["ndcg@10"] as? Double)
        let interval = try #require(intervals["ndcg@10"])
        #expect(interval[0] < mean && mean < interval[1])
        let significance = try #require(object["significance"] as? [[String: Any]])
        #expect(significance.count == 5)
        #expect(significance[0]["significant"] as? Bool == true)
        #expect((object["timings"] as? [String: Double])?["search_s"] == 1.5)
        #expect(object["gates"] == nil)
    }

    @Test("gates look up mode and measure; an unknown one never passes")
    func gatesOnReports() throws {
        var report = try report()
        for (gates, passes) in [
            (["hybrid:ndcg@10>=0.3"], true), (["hybrid:ndcg@10>=0.3", "dense:ndcg@10>=0"], false),
            (["ndcg@10>=0"], false),
        ] {
            let passed = report.apply(try gates.map { try Gate($0) })
            #expect(passed == passes, "\(gates)")
            #expect(report.gates.count == gates.count)
        }
        #expect(report.value(mode: "hybrid", measure: "nothing") == nil)
    }

    @Test("a run without any judged query is refused")
    func nothingInCommon() {
        let run = Run(tag: "r", results: ["x": []])
        #expect(throws: EvaluationError.nothingInCommon(first: "r", second: "d")) {
            try RetrievalReport(
                dataset: "d", runs: [run], qrels: Qrels(["1": ["a": 1]]), countsMissingQueries: false)
        }
    }

    @Test("the page shows measures, differences and escaped query texts, and loads nothing")
    func page() throws {
        let html = try report().html()
        #expect(html.contains("wings &amp; &lt;flow&gt;"))
        #expect(html.contains("<svg") && html.contains("ndcg@10") && html.contains("significant"))
        #expect(!html.contains("<script") && !html.contains("http"))
        #expect(html == (try report().html()))
    }
}
