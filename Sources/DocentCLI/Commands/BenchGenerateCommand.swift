import ArgumentParser
import Decoders
import Foundation
import Kernels
import ModelCatalog

/// `docent bench generate`: what guessing tokens and keeping beginnings save on real prompts.
struct BenchGenerateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Measures a decoder on real prompts: with and without guessed tokens, and a second question.",
        discussion: """
            Every line of the file is a JSON object: "prompt", and "second", another prompt that begins alike. Each
            prompt is continued without and with guesses, in turn; then the second one with the first one's state kept.
            """)

    @Option(help: "A decoder of the catalogue, a path to a .gguf, or a folder with safetensors.")
    var model = "smollm2-135m-instruct"
    @Option(help: "The file of prompts, JSON Lines.")
    var prompts: String
    @Option(name: .customLong("max-tokens"), help: "The most tokens to write.")
    var maxTokens = 128
    @Option(help: "0 for the likeliest token every time.")
    var temperature: Float = 0
    @Flag(help: "Prints one JSON document.")
    var json = false
    @OptionGroup var decoding: DecoderOptions
    @OptionGroup var global: GlobalOptions

    private struct Line: Decodable {
        var prompt: String
        var second: String
    }

    /// Seconds are of the CPU, all threads together: other processes don't count.
    private struct Output: Encodable {
        var prompts = 0
        /// Prompts whose two texts are the same.
        var identical = 0
        var tokens = 0
        var drafted = 0
        var accepted = 0
        /// Passes through the model after the prompts, without and with guesses.
        var plainPasses = 0
        var passes = 0
        var plainTokensPerSecond = 0.0
        var tokensPerSecond = 0.0
        var speedup = 0.0
        var firstTokenMilliseconds = 0.0
        var secondFirstTokenMilliseconds = 0.0
        /// The median of each prompt's ratio.
        var secondRatio = 0.0

        enum CodingKeys: String, CodingKey {
            case prompts
            case identical
            case tokens
            case drafted
            case accepted
            case plainPasses = "plain_passes"
            case passes
            case plainTokensPerSecond = "plain_tokens_per_cpu_s"
            case tokensPerSecond = "tokens_per_cpu_s"
            case speedup
            case firstTokenMilliseconds = "first_token_cpu_ms"
            case secondFirstTokenMilliseconds = "second_first_token_cpu_ms"
            case secondRatio = "second_ratio"
        }
    }

    /// A text, and the CPU seconds to its first token and after it.
    private struct Run {
        var text: DecodedText
        var first: Double
        var rest: Double
    }

    func run() async throws {
        let settings = try await Settings(global, decoder: decoding)
        try Runtime.useKernelLevel(settings)
        let path = try Runtime.models(settings).path(ofModel: model)
        let decoder = try Runtime.decoderModel(path, settings, ThreadPool(threadCount: settings.threads))
        let lines = try String(contentsOfFile: prompts, encoding: .utf8).split(separator: "\n").map {
            try JSONDecoder().decode(Line.self, from: Data($0.utf8))
        }
        guard !lines.isEmpty else { throw CommandFailure(message: "\(prompts) holds no prompts") }
        var output = Output()
        var (plainSeconds, seconds) = (0.0, 0.0)
        var firsts: [Double] = []
        var secondFirsts: [Double] = []
        for line in lines {
            let prefixes = PrefixCache()
            let plain = try continuation(
                line.prompt, decoder, GenerationOptions(drafting: false, prefixCache: prefixes))
            let drafted = try continuation(line.prompt, decoder, GenerationOptions())
            let second = try continuation(line.second, decoder, GenerationOptions(prefixCache: prefixes))
            output.prompts += 1
            if plain.text.text == drafted.text.text, plain.text.tokens == drafted.text.tokens { output.identical += 1 }
            output.tokens += plain.text.tokens.count
            output.drafted += drafted.text.drafts.draftedCount
            output.accepted += drafted.text.drafts.acceptedCount
            output.plainPasses += plain.text.drafts.passCount
            output.passes += drafted.text.drafts.passCount
            plainSeconds += plain.rest
            seconds += drafted.rest
            firsts.append(plain.first)
            secondFirsts.append(second.first)
        }
        output.plainTokensPerSecond = Double(output.tokens) / plainSeconds
        output.tokensPerSecond = Double(output.tokens) / seconds
        output.speedup = plainSeconds / seconds
        output.firstTokenMilliseconds = Self.median(firsts) * 1000
        output.secondFirstTokenMilliseconds = Self.median(secondFirsts) * 1000
        output.secondRatio = Self.median(zip(firsts, secondFirsts).map { $1 / $0 })
        if json { return try Terminal.printJSON(output) }
        Terminal.print(
            "\(output.prompts) prompts, \(output.tokens) tokens: \(Int(output.plainTokensPerSecond)) tokens/s plain, "
                + "\(Int(output.tokensPerSecond)) with guesses; \(output.identical) texts identical")
        Terminal.print(
            "first token after \(Int(output.firstTokenMilliseconds)) ms, of a second question after "
                + "\(Int(output.secondFirstTokenMilliseconds)) ms")
    }

    private func continuation(_ prompt: String, _ decoder: DecoderModel, _ options: GenerationOptions) throws -> Run {
        let parameters = SamplingParameters(temperature: temperature, maxTokens: maxTokens)
        let start = CPUTime.seconds
        var first: Double?
        let ids = decoder.encode(prompt: prompt)
        let text = try decoder.generate(prompt: ids, parameters: parameters, options: options) { _ in
            if first == nil { first = CPUTime.seconds }
            return true
        }
        let end = CPUTime.seconds
        return Run(text: text, first: (first ?? end) - start, rest: end - (first ?? end))
    }

    private static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
}
