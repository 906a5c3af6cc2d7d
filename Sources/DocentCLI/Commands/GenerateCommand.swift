import ArgumentParser
import Decoders
import Foundation
import Kernels
import ModelCatalog

/// `docent generate`: the local decoder on its own.
struct GenerateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate", abstract: "Lets a decoder continue a prompt.")

    @Option(help: "A decoder of the catalogue, a path to a .gguf, or a folder with safetensors.")
    var model = "smollm2-135m-instruct"
    @Option(help: "The prompt.")
    var prompt: String
    @Flag(help: "Continues the prompt as it is, without the chat template.")
    var raw = false
    @Option(name: .customLong("max-tokens"), help: "The most tokens to write.")
    var maxTokens: Int?
    @Option(help: "0 for the likeliest token every time.")
    var temperature: Float?
    @Option(name: .customLong("top-k"), help: "Samples among the k likeliest tokens; 0 for all.")
    var topK: Int?
    @Option(name: .customLong("top-p"), help: "Samples among the likeliest tokens that make up this probability.")
    var topP: Float?
    @Option(name: .customLong("min-p"), help: "Leaves out tokens less likely than this share of the likeliest.")
    var minP: Float?
    @Option(name: .customLong("repeat-penalty"), help: "Above 1 makes repetition less likely.")
    var repeatPenalty: Float?
    @Option(name: .customLong("presence-penalty"), help: "Above 0 makes what was written already less likely, -2 to 2.")
    var presencePenalty: Float?
    @Option(name: .customLong("frequency-penalty"), help: "The same for each time it was written, -2 to 2.")
    var frequencyPenalty: Float?
    @Option(help: "The seed of the sampling.")
    var seed: UInt64?
    @Option(help: "Ends the text before this string; may be given several times.")
    var stop: [String] = []
    @Option(
        name: .customLong("json-schema"), help: "A file with the JSON schema of the text; {} for any JSON at all.")
    var jsonSchema: String?
    @Flag(help: "Reports the log-probability of each token; with --json also of the prompt's.")
    var logprobs = false
    @Flag(help: "Prints one JSON document.")
    var json = false
    @OptionGroup var decoding: DecoderOptions
    @OptionGroup var global: GlobalOptions

    private struct Output: Encodable {
        struct Timings: Encodable {
            var load: Double
            var prefill: Double
            var decode: Double

            enum CodingKeys: String, CodingKey {
                case load = "load_ms"
                case prefill = "prefill_ms"
                case decode = "decode_ms"
            }
        }
        var text: String
        var tokens: [Int32]
        var logprobs: [Float]?
        /// Of each token of the prompt but the first, given those before it.
        var promptLogprobs: [Float]?
        var promptTokens: Int
        var completionTokens: Int
        var finishReason: String
        var timings: Timings

        enum CodingKeys: String, CodingKey {
            case text
            case tokens
            case logprobs
            case promptLogprobs = "prompt_logprobs"
            case promptTokens = "prompt_tokens"
            case completionTokens = "completion_tokens"
            case finishReason = "finish_reason"
            case timings
        }
    }

    func run() async throws {
        let settings = try await Settings(global, decoder: decoding)
        try Runtime.useKernelLevel(settings)
        let path = try Runtime.models(settings).path(ofModel: model)
        let start = ContinuousClock.now
        let decoder = try Runtime.decoderModel(path, settings, ThreadPool(threadCount: settings.threads))
        let loadTime = ContinuousClock.now - start
        let text =
            raw
            ? prompt
            : try decoder.chatTemplate.render(
                [ChatMessage(role: .user, content: prompt)], addGenerationPrompt: true)
        let ids = decoder.encode(prompt: text)
        let isStreaming = !json
        let decoded = try decoder.generate(prompt: ids, parameters: try parameters()) { token in
            if isStreaming { Terminal.stream(token.text) }
            return true
        }
        guard json else { return Terminal.stream("\n") }
        try Terminal.printJSON(
            Output(
                text: decoded.text, tokens: decoded.tokens, logprobs: logprobs ? decoded.logprobs : nil,
                promptLogprobs: logprobs ? try decoder.logProbabilities(of: ids) : nil,
                promptTokens: decoded.promptTokenCount, completionTokens: decoded.tokens.count,
                finishReason: decoded.finishReason.rawValue,
                timings: Output.Timings(
                    load: loadTime / .milliseconds(1), prefill: decoded.timings.prefill / .milliseconds(1),
                    decode: decoded.timings.decode / .milliseconds(1))))
    }

    private func parameters() throws -> SamplingParameters {
        var sampling = SamplingParameters()
        if let maxTokens { sampling.maxTokens = maxTokens }
        if let temperature { sampling.temperature = temperature }
        if let topK { sampling.topK = topK }
        if let topP { sampling.topP = topP }
        if let minP { sampling.minP = minP }
        if let repeatPenalty { sampling.repeatPenalty = repeatPenalty }
        if let presencePenalty { sampling.presencePenalty = presencePenalty }
        if let frequencyPenalty { sampling.frequencyPenalty = frequencyPenalty }
        if let seed { sampling.seed = seed }
        if let jsonSchema { sampling.constraint = try Self.constraint(jsonSchema) }
        sampling.stop = stop
        sampling.logprobs = logprobs
        try sampling.validate()
        return sampling
    }

    /// The constraint of the schema in the file at `path`.
    static func constraint(_ path: String) throws -> OutputConstraint {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CommandFailure(message: "the schema '\(path)' can't be read")
        }
        do { return try OutputConstraint(schemaText: Array(data)) } catch {
            throw CommandFailure(message: "--json-schema: \(error)", exitCode: 64)
        }
    }
}
