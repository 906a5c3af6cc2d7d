import Configuration
import Decoders
import Encoders
import Foundation
import Generation
import Ingestion
import Logging
import Retrieval
import Storage
import SystemPackage

/// The settings of one run, resolved from flags, `DOCENT_*`, the configuration file and defaults, in that order.
struct Settings: Sendable {
    /// Holds the database and the index snapshots.
    var dataFolder: String
    /// Holds the models and their catalogue.
    var modelsFolder: String
    /// Holds prompt templates that replace the built-in ones.
    var promptsFolder: String
    /// Threads for CPU work, 1 to 1,024.
    var threads: Int
    /// The least severe message that is logged.
    var logLevel: Logger.Level
    /// No progress and no notices.
    var isQuiet: Bool
    /// The encoder of new collections: a catalogue name or a folder.
    var encoder: String
    /// What the encoder's products are formed in.
    var precision: EncoderPrecision
    /// The local decoder: a catalogue name or a file.
    var decoder: String
    /// The cross-encoder for searches with rerank: a catalogue name or a folder.
    var reranker: String
    /// The generator that `auto` stands for; nil leaves the choice to Docent.
    var generator: String?
    /// The remote model, if one is set up.
    var remote: RemoteModelConfiguration?
    /// Changes of a collection after which its index snapshots are written.
    var snapshotChanges: Int
    /// How long jobs that have ended are kept.
    var jobRetention: JobRetention
    /// When the remote model isn't asked for a while.
    var breaker: CircuitBreaker.Limits
    /// How many texts the local decoder writes at once, and how many may wait.
    var decoding: DecoderScheduler.Limits
    /// Whether the local decoder's packed weights are kept in a file beside the model.
    var keepsPackedWeights: Bool
    /// What the local decoder's weights are rounded to when they are loaded; nil for nothing.
    var quantization: WeightQuantization?
    /// What the local decoder keeps keys and values in.
    var cachePrecision: KVCachePrecision
    /// What crawls may do.
    var crawl: CrawlPolicy
    /// The kernel level to force; nil for the best this machine has.
    var kernelLevel: String?

    /// Resolves the settings.
    /// - Parameters:
    ///   - options: the flags.
    ///   - decoderOptions: the flags of a command that runs the local decoder.
    ///   - environment: the process's environment; read here and nowhere else.
    /// - Throws: `CommandFailure` for a configuration file that can't be used and for values out of range.
    init(
        _ options: GlobalOptions, decoder decoderOptions: DecoderOptions? = nil,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) async throws {
        let reader = try await Self.reader(options, decoderOptions, environment)
        dataFolder = reader.string(forKey: "data", default: "indexes")
        modelsFolder = reader.string(forKey: "models", default: "models")
        promptsFolder = reader.string(forKey: "prompts", default: "prompts")
        encoder = reader.string(forKey: "encoder", default: "all-minilm-l6-v2")
        precision = try Self.precision(reader.string(forKey: "precision", default: "auto"))
        decoder = reader.string(forKey: "decoder", default: "smollm2-135m-instruct")
        reranker = reader.string(forKey: "reranker", default: "ms-marco-minilm-l6-v2")
        generator = reader.string(forKey: "generator")
        keepsPackedWeights = reader.bool(forKey: "decoding.keepsPackedWeights", default: true)
        quantization = try Self.choice("decoding.quantize", reader)
        cachePrecision = try Self.choice("decoding.kvCache", reader) ?? .f16
        crawl = CrawlPolicy(
            allowsPrivate: reader.bool(forKey: "crawl.allowPrivate", default: false),
            userAgent: reader.string(
                forKey: "crawl.userAgent", default: "Docent/\(BuildInformation.version) (+knowledge-base crawler)"))
        kernelLevel = reader.string(forKey: "kernels")
        isQuiet = options.quiet || reader.bool(forKey: "quiet", default: false)
        threads = try Self.integer("threads", reader, default: ProcessInfo.processInfo.activeProcessorCount, 1...1024)
        snapshotChanges = try Self.integer(
            "snapshotChanges", reader, default: IndexRules().snapshotChanges, 1...1_000_000_000)
        jobRetention = JobRetention()
        jobRetention.days = try Self.integer(
            "jobs.keptDays", reader, default: jobRetention.days, JobRetention.daysRange)
        jobRetention.count = try Self.integer(
            "jobs.keptCount", reader, default: jobRetention.count, JobRetention.countRange)
        let level = reader.string(forKey: "logLevel", default: "notice")
        guard let parsed = Logger.Level(rawValue: level.lowercased()) else {
            throw CommandFailure(
                message: "log-level is '\(level)': use trace, debug, info, notice, warning or error", exitCode: 64)
        }
        logLevel = parsed
        remote = try Self.remote(reader)
        breaker = CircuitBreaker.Limits()
        breaker.failureCount = try Self.integer(
            "remote.breakerFailures", reader, default: breaker.failureCount, CircuitBreaker.Limits.failureRange)
        breaker.openSeconds = try Self.integer(
            "remote.breakerSeconds", reader, default: breaker.openSeconds, CircuitBreaker.Limits.openRange)
        decoding = DecoderScheduler.Limits()
        decoding.runningCount = try Self.integer(
            "decoding.running", reader, default: decoding.runningCount, DecoderScheduler.Limits.runningRange)
        decoding.waitingCount = try Self.integer(
            "decoding.waiting", reader, default: decoding.waitingCount, DecoderScheduler.Limits.waitingRange)
    }

    /// The precision called `name`.
    static func precision(_ name: String) throws -> EncoderPrecision {
        guard let precision = EncoderPrecision(rawValue: name) else {
            throw CommandFailure(message: "precision is '\(name)': use auto, f32, bf16, int16 or int8", exitCode: 64)
        }
        return precision
    }

    private static func reader(
        _ options: GlobalOptions, _ decoder: DecoderOptions?, _ environment: [String: String]
    ) async throws -> ConfigReader {
        var flags: [AbsoluteConfigKey: ConfigValue] = [:]
        if let data = options.data { flags["data"] = ConfigValue(.string(data), isSecret: false) }
        if let models = options.models { flags["models"] = ConfigValue(.string(models), isSecret: false) }
        if let threads = options.threads { flags["threads"] = ConfigValue(.int(threads), isSecret: false) }
        if let level = options.logLevel { flags["logLevel"] = ConfigValue(.string(level), isSecret: false) }
        if let name = decoder?.quantize { flags["decoding.quantize"] = ConfigValue(.string(name), isSecret: false) }
        if let name = decoder?.cachePrecision {
            flags["decoding.kvCache"] = ConfigValue(.string(name), isSecret: false)
        }
        var providers: [any ConfigProvider] = [
            InMemoryProvider(name: "flags", values: flags),
            EnvironmentVariablesProvider(
                environmentVariables: environment, secretsSpecifier: .dynamic { key, _ in key.hasSuffix("API_KEY") }
            ).prefixKeys(with: "docent"),
        ]
        if let path = options.config ?? environment["DOCENT_CONFIG"] {
            do {
                providers.append(try await FileProvider<JSONSnapshot>(filePath: FilePath(path)))
            } catch {
                throw CommandFailure(message: "the configuration file '\(path)' can't be used: \(error)")
            }
        }
        return ConfigReader(providers: providers)
    }

    private static func remote(_ reader: ConfigReader) throws -> RemoteModelConfiguration? {
        guard let address = reader.string(forKey: "remote.url") else { return nil }
        guard let model = reader.string(forKey: "remote.model") else {
            throw CommandFailure(message: "remote.url is set but remote.model is not: name the model to ask for")
        }
        guard address.hasPrefix("http://") || address.hasPrefix("https://") else {
            throw CommandFailure(message: "remote.url is '\(address)': it has to start with http:// or https://")
        }
        let key = reader.string(forKey: "remote.apiKey", isSecret: true)
        return RemoteModelConfiguration(
            baseURL: address.hasSuffix("/") ? String(address.dropLast()) : address, model: model,
            apiKey: key.map(Secret.init))
    }

    /// One of a type's cases by its name; nil where nothing is set.
    private static func choice<Value: RawRepresentable & CaseIterable>(
        _ key: String, _ reader: ConfigReader
    ) throws -> Value? where Value.RawValue == String {
        guard let name = reader.string(forKey: ConfigKey(key)) else { return nil }
        guard let value = Value(rawValue: name) else {
            let known = Value.allCases.map(\.rawValue).joined(separator: ", ")
            throw CommandFailure(message: "\(key) is '\(name)': use one of \(known)", exitCode: 64)
        }
        return value
    }

    private static func integer(
        _ key: String, _ reader: ConfigReader, default value: Int, _ range: ClosedRange<Int>
    ) throws -> Int {
        let result = reader.int(forKey: ConfigKey(key), default: value)
        guard range.contains(result) else {
            throw CommandFailure(
                message: "\(key) is \(result) and must be from \(range.lowerBound) to \(range.upperBound)",
                exitCode: 64)
        }
        return result
    }
}
