import ArgumentParser
import Encoders
import Kernels

/// `docent bench embed`: latency of one query and throughput of passages.
struct BenchEmbedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "embed", abstract: "Measures an encoder: latency of a query, throughput of passages.")

    @Option(help: "An encoder of the catalogue, or a path to its folder.")
    var model = "all-minilm-l6-v2"
    @Option(help: "Passages, a line each, or JSON Lines with \"text\".")
    var input: String
    @Option(help: "What products are formed in: auto (the fastest that keeps f32's vectors), f32, bf16, int16 or int8.")
    var precision: String?
    @Option(help: "Queries to time, a line each, or JSON Lines with \"text\"; without it the passages' first words.")
    var queries: String?
    @Flag(help: "Prints one JSON document.")
    var json = false
    @OptionGroup var global: GlobalOptions

    /// Queries timed, after as many again to warm up.
    private static let queryCount = 200
    /// Words of a timed query: what people type.
    private static let queryWords = 10

    private struct Output: Encodable {
        var queryP50: Double
        var queryP99: Double
        var passagesPerSecond: Double
        var tokensPerSecond: Double
        var load: Double
        var peakBytes: Int

        enum CodingKeys: String, CodingKey {
            case queryP50 = "query_p50_ms"
            case queryP99 = "query_p99_ms"
            case passagesPerSecond = "passages_per_s"
            case tokensPerSecond = "tokens_per_s"
            case load = "load_ms"
            case peakBytes = "peak_rss_bytes"
        }
    }

    func run() async throws {
        let settings = try await Settings(global)
        try Runtime.useKernelLevel(settings)
        let precision = try precision.map(Settings.precision) ?? settings.precision
        let texts = try InputLines.texts(input).filter { !$0.isEmpty }
        guard !texts.isEmpty else { throw CommandFailure(message: "'\(input)' holds no text to embed") }
        let clock = ContinuousClock()
        let start = clock.now
        let encoder = try Runtime.encoder(
            model, try Runtime.models(settings), ThreadPool(threadCount: settings.threads), precision: precision)
        let load = clock.now - start
        let latencies = try queryLatencies(try timedQueries(texts), encoder)
        let begun = clock.now
        let embeddings = try encoder.embed(texts, kind: .passage)
        let seconds = (clock.now - begun) / .seconds(1)
        let tokens = embeddings.tokenCounts.reduce(0) { $0 + min($1, encoder.maxTokenCount) }
        let output = Output(
            queryP50: latencies[latencies.count / 2], queryP99: latencies[latencies.count * 99 / 100],
            passagesPerSecond: Double(texts.count) / seconds, tokensPerSecond: Double(tokens) / seconds,
            load: load / .milliseconds(1), peakBytes: PeakMemory.bytes)
        if json { return try Terminal.printJSON(output) }
        Terminal.print("query p50 \(Reports.figure(output.queryP50)) ms, p99 \(Reports.figure(output.queryP99)) ms")
        Terminal.print("\(Int(output.passagesPerSecond)) passages/s, \(Int(output.tokensPerSecond)) tokens/s")
        Terminal.print("loaded in \(Int(output.load)) ms, peak memory \(ByteCount.text(output.peakBytes))")
    }

    /// The queries of the file, or the first words of the passages.
    private func timedQueries(_ texts: [String]) throws -> [String] {
        guard let queries else {
            return texts.prefix(2 * Self.queryCount).map { text in
                text.split(separator: " ").prefix(Self.queryWords).joined(separator: " ")
            }
        }
        let lines = try InputLines.texts(queries).filter { !$0.isEmpty }
        guard !lines.isEmpty else { throw CommandFailure(message: "'\(queries)' holds no query") }
        return lines
    }

    /// Milliseconds of single short queries, sorted; the first half of the runs only warms up.
    private func queryLatencies(_ queries: [String], _ encoder: any TextEmbedding) throws -> [Double] {
        var latencies: [Double] = []
        for index in 0..<2 * Self.queryCount {
            let start = ContinuousClock.now
            _ = try encoder.embed([queries[index % queries.count]], kind: .query)
            if index >= Self.queryCount { latencies.append((ContinuousClock.now - start) / .milliseconds(1)) }
        }
        return latencies.sorted()
    }
}
