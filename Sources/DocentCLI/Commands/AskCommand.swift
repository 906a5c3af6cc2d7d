import ArgumentParser
import Decoders
import Generation
import Retrieval

/// `docent ask`: one question, one cited answer.
struct AskCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ask", abstract: "Answers a question from a collection, with citations.")

    @Argument(help: "The question.")
    var question: String

    @OptionGroup var answer: AnswerOptions
    @Flag(name: .customLong("no-stream"), help: "Prints the answer when it is whole.")
    var noStream = false
    @Flag(help: "Prints one JSON document.")
    var json = false
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let runtime = try await Runtime(try await Settings(global))
        let request = try answer.request(question)
        _ = try runtime.requireCollection(answer.collection)
        if json {
            try Terminal.printJSON(try await runtime.answers.finishedAnswer(request))
        } else {
            _ = try await AnswerPrinter(isStreaming: !noStream).print(runtime.answers.answer(request))
        }
        await runtime.search.saveSnapshots()
    }
}

/// The options that `ask` and `chat` share.
struct AnswerOptions: ParsableArguments {
    @Option(help: "The collection to answer from.")
    var collection: String
    @Option(name: .customLong("top-k"), help: "How many passages to answer from.")
    var topK = 6
    @Option(help: "auto, local, remote or extractive.")
    var generator = "auto"
    @Option(help: "A model to use instead of the generator's own.")
    var model: String?
    @Option(help: "0 for always the same answer.")
    var temperature: Float = 0
    @Option(name: .customLong("max-tokens"), help: "The most tokens to write.")
    var maxTokens: Int?
    @Option(help: "The seed of the sampling.")
    var seed: UInt64?
    @Option(help: "A metadata filter, such as {\"lang\": \"en\", \"year\": {\"$gte\": 2024}}.")
    var filter: String?
    @OptionGroup var passages: PassageOptions

    /// The request these options make of `question`.
    func request(_ question: String, conversation: [ChatMessage] = []) throws -> AnswerRequest {
        var sampling = SamplingParameters()
        sampling.temperature = temperature
        if let maxTokens { sampling.maxTokens = maxTokens }
        if let seed { sampling.seed = seed }
        var request = AnswerRequest(question: question, source: .collection(collection), sampling: sampling)
        request.topK = topK
        request.generator = generator
        request.model = model
        request.conversation = conversation
        request.collapseDuplicates = passages.collapseDuplicates
        request.context = passages.context
        request.filter = try filter.map { try MetadataFilter(json: try FilterArgument.parse($0)) }
        return request
    }
}
