import ArgumentParser
import Evaluation
import Foundation
import Kernels
import Retrieval

/// `docent eval retrieval`: nDCG, Recall, MRR, MAP and P of dense, lexical and hybrid retrieval.
struct EvalRetrievalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retrieval", abstract: "Measures retrieval on a BEIR-layout folder or on a collection.")

    @Option(help: "A folder with corpus.jsonl, queries.jsonl and qrels/test.tsv.")
    var dataset: String?
    @Option(help: "A collection to measure instead, with --queries and --qrels.")
    var collection: String?
    @Option(help: "Queries as JSON Lines {\"_id\", \"text\"}.")
    var queries: String?
    @Option(help: "Judgements, BEIR's .tsv or TREC's four columns.")
    var qrels: String?
    @Option(help: "Which of dense, lexical and hybrid, by commas.")
    var modes = "dense,lexical,hybrid"
    @Option(help: "The encoder for --dataset: a catalogue name or a folder.")
    var encoder: String?
    @Option(help: "Further cut-offs for nDCG, Recall, MRR and P, by commas.")
    var k: String?
    @Option(name: .customLong("run-dir"), help: "Writes a TREC run file per mode into this folder.")
    var runDir: String?
    @Option(help: "Writes an HTML report.")
    var report: String?
    @Option(help: "A condition such as 'hybrid:ndcg@10>=0.70'; may be given several times.")
    var gate: [String] = []
    @Flag(help: "Prints one JSON document.")
    var json = false
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let modes = try wantedModes()
        let measures = try wantedMeasures()
        let gates = try gate.map { try Gate($0) }
        let settings = try await Settings(global)
        let measured = try await measure(modes, settings)
        if let runDir {
            try FileManager.default.createDirectory(atPath: runDir, withIntermediateDirectories: true)
            for run in measured.runs { try run.write(to: "\(runDir)/\(run.tag).trec") }
        }
        var result = try RetrievalReport(
            dataset: measured.name, runs: measured.runs, qrels: measured.qrels, measures: measures,
            queryTexts: Dictionary(measured.queries.map { ($0.id, $0.text) }) { first, _ in first },
            timings: measured.timings)
        let isMet = result.apply(gates)
        if let report { try Reports.write(result.html(), to: report) }
        if json { try Terminal.printJSON(result) } else { print(result, measures) }
        try Reports.check(result.gates, isMet: isMet)
    }

    private struct Measured {
        var name: String
        var runs: [Run]
        var queries: [BEIRDataset.Query]
        var qrels: Qrels
        var timings: [String: Double]
    }

    private func measure(_ modes: [SearchMode], _ settings: Settings) async throws -> Measured {
        let progress = ProgressLine(isQuiet: settings.isQuiet)
        defer { progress.finish() }
        let clock = ContinuousClock()
        let start = clock.now
        if let dataset {
            try Runtime.useKernelLevel(settings)
            let data = try BEIRDataset(folder: dataset)
            let pool = ThreadPool(threadCount: settings.threads)
            let encoder = try Runtime.encoder(
                encoder ?? settings.encoder, try Runtime.models(settings), pool, precision: settings.precision)
            let retrieval = try DatasetRetrieval(data, encoder: encoder, pool: pool) { done, total in
                progress.show("indexing", done: done, total: total)
            }
            let indexed = clock.now
            let judged = data.queries.filter { data.qrels.judgements[$0.id] != nil }
            let runs = try retrieval.runs(modes, judged)
            return Measured(
                name: data.name, runs: runs, queries: judged, qrels: data.qrels,
                timings: ["index_s": (indexed - start) / .seconds(1), "search_s": (clock.now - indexed) / .seconds(1)])
        }
        guard let collection, let queries, let qrels else {
            throw CommandFailure(
                message: "give --dataset DIR, or --collection with --queries and --qrels", exitCode: 64)
        }
        let runtime = try await Runtime(settings)
        _ = try runtime.requireCollection(collection)
        let judgements = try Qrels(path: qrels)
        let judged = try BEIRDataset.readQueries(path: queries).filter { judgements.judgements[$0.id] != nil }
        let runs = try await CollectionRetrieval(search: runtime.search, collection: collection)
            .runs(modes, judged) { done, total in progress.show("searching", done: done, total: total) }
        return Measured(
            name: collection, runs: runs, queries: judged, qrels: judgements,
            timings: ["search_s": (clock.now - start) / .seconds(1)])
    }

    private func wantedModes() throws -> [SearchMode] {
        try modes.split(separator: ",").map { name in
            guard let mode = SearchMode(rawValue: String(name)) else {
                throw CommandFailure(message: "mode '\(name)' is unknown: use dense, lexical, hybrid", exitCode: 64)
            }
            return mode
        }
    }

    private func wantedMeasures() throws -> [RetrievalMeasure] {
        var measures = RetrievalMeasure.standard
        for cut in (k ?? "").split(separator: ",") {
            for name in ["ndcg@\(cut)", "recall@\(cut)", "mrr@\(cut)", "p@\(cut)"] {
                let measure = try RetrievalMeasure(name: name)
                if !measures.contains(measure) { measures.append(measure) }
            }
        }
        return measures
    }

    private func print(_ report: RetrievalReport, _ measures: [RetrievalMeasure]) {
        Terminal.print("\(report.dataset): \(report.queryCount) queries")
        let widths = [10] + measures.map { max(8, $0.name.count) }
        Terminal.print(Table.row(["mode"] + measures.map(\.name), widths))
        for mode in report.modes {
            Terminal.print(
                Table.row([mode.mode] + measures.map { Reports.figure(mode.scores.mean($0)) }, widths))
        }
    }
}

/// Files, figures and gates of evaluations.
enum Reports {
    /// Writes a report.
    static func write(_ text: String, to path: String) throws {
        do {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        } catch {
            throw CommandFailure(message: "can't write the report to '\(path)'")
        }
    }

    /// Four decimals.
    static func figure(_ value: Double?) -> String {
        value.map { String(format: "%.4f", $0) } ?? "-"
    }

    /// Says which gates aren't met.
    /// - Throws: `CommandFailure` with exit code 2.
    static func check(_ gates: [Gate.Outcome], isMet: Bool) throws {
        guard !isMet else { return }
        let missed = gates.filter { !$0.passed }.map { "\($0.gate) (measured \(figure($0.value)))" }
        throw CommandFailure(message: "gate not met: \(missed.joined(separator: ", "))", exitCode: 2)
    }
}
