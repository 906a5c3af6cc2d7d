import ArgumentParser
import Foundation
import Kernels
import VectorIndex

/// `docent bench index`: build time, recall and queries per second of the vector index.
struct BenchIndexCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "index", abstract: "Measures build, recall and speed of the vector index.")

    @Option(help: "The vectors: float32 or float16 [n, dim].")
    var vectors: String
    @Option(help: "The queries: float32 or float16 [q, dim].")
    var queries: String
    @OptionGroup var shape: IndexCommand.Shape
    @Flag(help: "Measures filtered searches as well: shares from 50 to 0.01 %, near, far and unrelated to the query.")
    var filters = false
    @Flag(help: "Measures ten rounds of taking a fifth out and putting as many in, and nothing else.")
    var churn = false
    @Flag(help: "Prints one JSON document.")
    var json = false
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let settings = try await Settings(global)
        try Runtime.useKernelLevel(settings)
        if churn { return try runChurn(settings) }
        let snapshot = FileManager.default.temporaryDirectory
            .appendingPathComponent("docent-bench-\(UUID().uuidString).index").path
        defer { try? FileManager.default.removeItem(atPath: snapshot) }
        var benchmark = IndexBenchmark(
            metric: try shape.knownMetric(), parameters: try shape.parameters(), snapshotPath: snapshot)
        if filters { benchmark.filters = FilterBenchmark() }
        let inputs = try Inputs(vectors, queries, settings)
        let report = try benchmark.run(
            vectors: inputs.vectors, queries: inputs.queries, pool: inputs.pool, progress: inputs.note)
        if json { return try Terminal.printJSON(report) }
        Terminal.print("built in \(Reports.figure(report.buildS)) s, \(ByteCount.text(report.bytes))")
        let widths = [6, 10, 12, 12, 10, 10]
        Terminal.print(Table.row(["ef", "recall@10", "QPS, 1 thr.", "QPS, all", "p50 us", "p99 us"], widths))
        for point in report.points {
            Terminal.print(
                Table.row(
                    [
                        "\(point.ef)", Reports.figure(point.recallAt10), "\(Int(point.qps1T))", "\(Int(point.qpsNT))",
                        "\(Int(point.p50US))", "\(Int(point.p99US))",
                    ], widths))
        }
        for point in report.filters ?? [] {
            Terminal.print(
                "\(Reports.figure(point.selectivity * 100)) % \(point.correlation.rawValue): recall "
                    + "\(Reports.figure(point.recallAt10)), \(Int(point.meanUS)) us (\(Int(point.unfilteredUS)) unfiltered, "
                    + "\(Int(point.scanUS)) exact scan)")
        }
    }

    /// What either benchmark works on.
    private struct Inputs {
        let vectors: VectorMatrix
        let queries: VectorMatrix
        let pool: ThreadPool
        private let isQuiet: Bool

        init(_ vectors: String, _ queries: String, _ settings: Settings) throws {
            self.vectors = try VectorMatrix(npy: vectors)
            self.queries = try VectorMatrix(npy: queries)
            pool = ThreadPool(threadCount: settings.threads)
            isQuiet = settings.isQuiet
        }

        /// Says what begins.
        func note(_ step: String) {
            if !isQuiet { Terminal.note(step) }
        }
    }

    private func runChurn(_ settings: Settings) throws {
        let benchmark = ChurnBenchmark(metric: try shape.knownMetric(), parameters: try shape.parameters())
        let inputs = try Inputs(vectors, queries, settings)
        let report = try benchmark.run(
            vectors: inputs.vectors, queries: inputs.queries, pool: inputs.pool, progress: inputs.note)
        if json { return try Terminal.printJSON(report) }
        for state in report.rounds {
            Terminal.print(
                "round \(state.round): recall@10 \(Reports.figure(state.recallAt10)), \(ByteCount.text(state.bytes))")
        }
        Terminal.print(
            "built anew: recall@10 \(Reports.figure(report.fresh.recallAt10)), \(ByteCount.text(report.fresh.bytes))")
    }
}
