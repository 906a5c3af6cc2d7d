import ArgumentParser
import Evaluation
import Foundation
import Generation

/// `docent eval answers`: exact match, F1, citations, refusals.
struct EvalAnswersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "answers", abstract: "Measures answers to a file of questions with gold answers.",
        discussion: """
            Each line is {"question", "answers": […] or "unanswerable": true, "documents": […], "context": "…"}. \
            Questions with a context are answered from it, the others from --collection.
            """)

    @Option(help: "The questions, JSON Lines.")
    var dataset: String
    @Option(help: "The collection to answer from.")
    var collection: String?
    @Option(help: "auto, local, remote or extractive.")
    var generator = "auto"
    @Option(name: .customLong("top-k"), help: "How many passages to answer from.")
    var topK = 6
    @Option(help: "Writes an HTML report.")
    var report: String?
    @Option(help: "Writes every answer as JSON Lines.")
    var output: String?
    @Option(help: "A condition such as 'refusal_recall>=0.8'; may be given several times.")
    var gate: [String] = []
    @Flag(help: "Prints one JSON document.")
    var json = false
    @OptionGroup var global: GlobalOptions

    private struct OutputLine: Encodable {
        var id: String
        var question: String
        var result: Answer
    }

    func run() async throws {
        let gates = try gate.map { try Gate($0) }
        let cases = try AnswerCase.read(path: dataset)
        let runtime = try await Runtime(try await Settings(global))
        if let collection { _ = try runtime.requireCollection(collection) }
        let progress = ProgressLine(isQuiet: runtime.settings.isQuiet)
        var answers: [(question: AnswerCase, outcome: AnswerOutcome)] = []
        var lines: [String] = []
        for item in cases {
            let start = ContinuousClock.now
            let answer = try await runtime.answers.finishedAnswer(try request(for: item))
            let latency = (ContinuousClock.now - start) / .milliseconds(1)
            answers.append((item, outcome(of: answer, latency)))
            if output != nil {
                lines.append(try Terminal.json(OutputLine(id: item.id, question: item.question, result: answer)))
            }
            progress.show("answering", done: answers.count, total: cases.count)
        }
        progress.finish()
        if let output { try Reports.write(lines.joined(separator: "\n") + "\n", to: output) }
        let name = (dataset as NSString).lastPathComponent
        var result = AnswerReport(dataset: name, generator: generator, answers: answers)
        let isMet = result.apply(gates)
        if let report { try Reports.write(result.html(), to: report) }
        if json {
            try Terminal.printJSON(result)
        } else {
            for measure in result.measures {
                Terminal.print(Table.row([measure.key, Reports.figure(measure.value)], [26, 0]))
            }
        }
        try Reports.check(result.gates, isMet: isMet)
    }

    private func request(for item: AnswerCase) throws -> AnswerRequest {
        let source: AnswerRequest.Source
        if let context = item.context {
            source = .text(context)
        } else if let collection {
            source = .collection(collection)
        } else {
            throw CommandFailure(
                message: "the question '\(item.id)' has no context: give --collection", exitCode: 64)
        }
        var request = AnswerRequest(question: item.question, source: source)
        request.topK = topK
        request.generator = generator
        return request
    }

    /// The text without marks: gold answers have none.
    private func outcome(of answer: Answer, _ latency: Double) -> AnswerOutcome {
        AnswerOutcome(
            answer: CitationMarks.plainText(answer.answer), isRefused: answer.refused,
            citedDocuments: answer.citations.map(\.documentID), supportedSentences: answer.supported.map(\.supported),
            latencyMilliseconds: latency)
    }
}
