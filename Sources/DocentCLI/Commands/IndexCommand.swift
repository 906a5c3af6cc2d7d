import ArgumentParser
import Kernels
import VectorIndex

/// `docent index`: a vector index over .npy files, without a collection.
struct IndexCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "index", abstract: "Builds and searches a vector index over .npy files.",
        subcommands: [Build.self, Search.self])

    /// The options that shape an index.
    struct Shape: ParsableArguments {
        @Option(help: "Neighbours per node and layer.")
        var m = HNSWParameters.defaultM
        @Option(name: .customLong("ef-construction"), help: "Candidates looked at when a node is inserted.")
        var efConstruction = HNSWParameters.defaultEfConstruction
        @Option(help: "f32, bf16, int8 or binary: what the graph is searched on; hits are rescored in f32.")
        var precision = HNSWParameters.defaultPrecision.rawValue
        @Option(help: "cosine, dot or l2.")
        var metric = "cosine"
        @Option(help: "The seed of the levels.")
        var seed = HNSWParameters.defaultSeed

        func parameters() throws -> HNSWParameters {
            guard let precision = Precision(rawValue: precision) else {
                throw CommandFailure(
                    message: "precision is '\(precision)': use f32, bf16, int8 or binary", exitCode: 64)
            }
            let parameters = HNSWParameters(m: m, efConstruction: efConstruction, precision: precision, seed: seed)
            try parameters.validate()
            return parameters
        }

        func knownMetric() throws -> Metric {
            guard let metric = Metric(rawValue: metric) else {
                throw CommandFailure(message: "metric is '\(metric)': use cosine, dot or l2", exitCode: 64)
            }
            return metric
        }
    }

    struct Build: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Builds an index over the rows of a .npy file.")

        @Option(help: "The vectors: float32 or float16 [n, dim].")
        var vectors: String
        @Option(help: "The index file to write.")
        var output: String
        @OptionGroup var shape: Shape
        @Flag(help: "Prints one JSON document.")
        var json = false
        @OptionGroup var global: GlobalOptions

        private struct Output: Encodable {
            var vectors: Int
            var dimension: Int
            var buildSeconds: Double
            var bytes: Int

            enum CodingKeys: String, CodingKey {
                case vectors
                case dimension
                case buildSeconds = "build_s"
                case bytes
            }
        }

        func run() async throws {
            let settings = try await Settings(global)
            try Runtime.useKernelLevel(settings)
            let parameters = try shape.parameters()
            let pool = ThreadPool(threadCount: settings.threads)
            let matrix = try VectorMatrix(npy: vectors)
            let start = ContinuousClock.now
            try IndexFile.build(matrix, metric: try shape.knownMetric(), parameters: parameters, to: output, pool: pool)
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            let bytes = try IndexFile.load(output, pool: pool).byteCount
            let result = Output(
                vectors: matrix.rowCount, dimension: matrix.dimension, buildSeconds: seconds, bytes: bytes)
            if json { return try Terminal.printJSON(result) }
            Terminal.print("\(result.vectors) vectors in \(Reports.figure(seconds)) s, \(ByteCount.text(bytes))")
        }
    }

    struct Search: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Searches an index file with the rows of a .npy file.")

        @Option(help: "The index file.")
        var index: String
        @Option(help: "The queries: float32 or float16 [q, dim].")
        var queries: String
        @Option(name: .customLong("top-k"), help: "Hits per query.")
        var topK = 10
        @Option(help: "Candidates looked at per query.")
        var ef = HNSWParameters.defaultEfSearch
        @Option(help: "Times all queries are asked; the median rate counts.")
        var repeats = 1
        @Option(help: "A .npy file for the ids: int32 [q, k], -1 where there are fewer.")
        var output: String?
        @Flag(help: "Prints one JSON document.")
        var json = false
        @OptionGroup var global: GlobalOptions

        private struct Output: Encodable {
            var queries: Int
            var topK: Int
            var qps: Double

            enum CodingKeys: String, CodingKey {
                case queries
                case topK = "top_k"
                case qps
            }
        }

        func run() async throws {
            let settings = try await Settings(global)
            try Runtime.useKernelLevel(settings)
            let pool = ThreadPool(threadCount: settings.threads)
            let graph = try IndexFile.load(index, pool: pool).0
            let matrix = try VectorMatrix(npy: queries)
            guard (1...1000).contains(repeats) else {
                throw CommandFailure(message: "repeats is \(repeats), it has to be 1 to 1000", exitCode: 64)
            }
            var hits: [[VectorHit]] = []
            var times: [Double] = []
            for _ in 0..<repeats {
                let start = ContinuousClock.now
                hits = try graph.search(matrix, topK: topK, efSearch: ef, pool: pool)
                times.append((ContinuousClock.now - start) / .seconds(1))
            }
            let seconds = times.sorted()[times.count / 2]
            if let output { try IndexFile.write(hits, topK: topK, to: output) }
            let result = Output(queries: matrix.rowCount, topK: topK, qps: Double(matrix.rowCount) / max(seconds, 1e-9))
            if json { return try Terminal.printJSON(result) }
            Terminal.print("\(result.queries) queries, \(Int(result.qps)) a second")
        }
    }
}
