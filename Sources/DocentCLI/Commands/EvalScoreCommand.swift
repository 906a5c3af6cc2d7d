import ArgumentParser
import Evaluation

/// `docent eval score`: trec_eval's measures of any run file.
struct EvalScoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "score", abstract: "Measures a TREC run file as trec_eval does.")

    @Option(help: "Judgements, BEIR's .tsv or TREC's four columns.")
    var qrels: String
    @Option(help: "A TREC run, six columns.")
    var run: String
    @Flag(name: .customLong("per-query"), help: "Adds the measures of each query.")
    var perQuery = false
    @Flag(help: "Prints one JSON document.")
    var json = false
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        var report = ScoreReport(run: try Run(path: run), qrels: try Qrels(path: qrels))
        report.includesQueries = perQuery
        if json { return try Terminal.printJSON(report) }
        for measure in report.scores.measures {
            Terminal.print(Table.row([measure.name, Reports.figure(report.scores.mean(measure))], [16, 0]))
        }
    }
}
