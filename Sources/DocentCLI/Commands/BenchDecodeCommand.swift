import ArgumentParser
import Decoders
import Kernels
import ModelCatalog
import Tokenizers

/// `docent bench decode`: tokens per second of the local decoder.
struct BenchDecodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decode", abstract: "Measures a decoder: tokens per second read and written.")

    @Option(help: "A decoder of the catalogue, a path to a .gguf, or a folder with safetensors.")
    var model = "smollm2-135m-instruct"
    @Option(name: .customLong("prompt-tokens"), help: "Tokens of the prompt.")
    var promptTokens = 512
    @Option(name: .customLong("max-tokens"), help: "Tokens to write.")
    var maxTokens = 128
    @Option(name: .customLong("repeat"), help: "Measurements after a warm-up; the medians are reported.")
    var repeatCount = 1
    @Option(help: "Texts to write at once; with more than 1 their total is set against one alone.")
    var concurrent = 1
    @Option(name: .customLong("json-schema"), help: "A schema to keep to, set against writing freely.")
    var jsonSchema: String?
    @Flag(help: "Prints one JSON document.")
    var json = false
    @OptionGroup var decoding: DecoderOptions
    @OptionGroup var global: GlobalOptions

    private struct Output: Encodable {
        var prefill: Double
        var decode: Double
        var prefillCPU: Double
        var decodeCPU: Double
        var load: Double
        var peakBytes: Int

        enum CodingKeys: String, CodingKey {
            case prefill = "prefill_tokens_per_s"
            case decode = "decode_tokens_per_s"
            case prefillCPU = "prefill_tokens_per_cpu_s"
            case decodeCPU = "decode_tokens_per_cpu_s"
            case load = "load_ms"
            case peakBytes = "peak_rss_bytes"
        }
    }

    func run() async throws {
        let settings = try await Settings(global, decoder: decoding)
        try Runtime.useKernelLevel(settings)
        guard promptTokens > 0, maxTokens > 1, repeatCount > 0, concurrent > 0 else {
            throw CommandFailure(
                message: "--prompt-tokens, --repeat and --concurrent must be at least 1 and --max-tokens at least 2",
                exitCode: 64)
        }
        let path = try Runtime.models(settings).path(ofModel: model)
        let clock = ContinuousClock()
        let start = clock.now
        let decoder = try Runtime.decoderModel(path, settings, ThreadPool(threadCount: settings.threads))
        let load = clock.now - start
        if let jsonSchema {
            let bench = DecodeConstraint(model: decoder, constraint: try GenerateCommand.constraint(jsonSchema))
            return try bench.report(maxTokens: maxTokens, repeatCount: repeatCount, json: json)
        }
        if concurrent > 1 {
            let bench = DecodeConcurrency(
                model: decoder, count: concurrent, promptTokenCount: promptTokens, maxTokens: maxTokens)
            return try await bench.report(repeatCount: repeatCount, json: json)
        }
        // Ordinary tokens, spread over the vocabulary: what they say doesn't change the cost.
        let ids = (0..<promptTokens).map { TokenID(100 + ($0 * 7919) % max(1, decoder.vocabularySize - 200)) }
        let session = DecoderSession(model: decoder, contextLength: promptTokens + maxTokens)
        _ = try session.prefill(Array(ids.prefix(64)))
        var prefill: [Rate] = []
        var decode: [Rate] = []
        for _ in 0..<repeatCount {
            session.reset()
            prefill.append(try Rate(of: promptTokens) { _ = try session.prefill(ids) })
            decode.append(
                try Rate(of: maxTokens) {
                    for index in 0..<maxTokens { _ = try session.decode(ids[index % ids.count]) }
                })
        }
        let output = Output(
            prefill: Self.median(prefill.map(\.perSecond)), decode: Self.median(decode.map(\.perSecond)),
            prefillCPU: Self.median(prefill.map(\.perCPUSecond)), decodeCPU: Self.median(decode.map(\.perCPUSecond)),
            load: load / .milliseconds(1), peakBytes: PeakMemory.bytes)
        if json { return try Terminal.printJSON(output) }
        Terminal.print("read \(Int(output.prefill)) tokens/s, written \(Int(output.decode)) tokens/s")
        Terminal.print("loaded in \(Int(output.load)) ms, peak memory \(ByteCount.text(output.peakBytes))")
    }

    /// Tokens per second of the wall's clock, and per second that the process computed, on all its threads together.
    private struct Rate {
        var perSecond: Double
        var perCPUSecond: Double

        init(of count: Int, _ work: () throws -> Void) rethrows {
            let clock = ContinuousClock()
            let (start, startCPU) = (clock.now, CPUTime.seconds)
            try work()
            perSecond = Double(count) / ((clock.now - start) / .seconds(1))
            perCPUSecond = Double(count) / max(CPUTime.seconds - startCPU, 1e-9)
        }
    }

    static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
}
