import ArgumentParser
import Decoders
import Foundation
import Kernels
import ModelCatalog

/// `docent perplexity`: how well a decoder predicts a text.
struct PerplexityCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "perplexity", abstract: "Measures a decoder's perplexity on a text.")

    @Option(help: "A decoder of the catalogue, a path to a .gguf, or a folder with safetensors.")
    var model = "smollm2-135m-instruct"
    @Option(help: "The text.")
    var input: String
    @Option(help: "Tokens per window.")
    var context = 512
    @Flag(help: "Prints one JSON document.")
    var json = false
    @OptionGroup var decoding: DecoderOptions
    @OptionGroup var global: GlobalOptions

    private struct Output: Encodable {
        var perplexity: Double
        var tokens: Int
    }

    func run() async throws {
        let settings = try await Settings(global, decoder: decoding)
        try Runtime.useKernelLevel(settings)
        let path = try Runtime.models(settings).path(ofModel: model)
        guard let data = FileManager.default.contents(atPath: input) else {
            throw CommandFailure(message: "can't read '\(input)': check the path and its permissions")
        }
        let decoder = try Runtime.decoderModel(path, settings, ThreadPool(threadCount: settings.threads))
        let result = try decoder.perplexity(of: String(decoding: data, as: UTF8.self), windowLength: context)
        if json {
            try Terminal.printJSON(Output(perplexity: result.value, tokens: result.tokenCount))
        } else {
            Terminal.print("perplexity \(result.value) over \(result.tokenCount) tokens")
        }
    }
}
