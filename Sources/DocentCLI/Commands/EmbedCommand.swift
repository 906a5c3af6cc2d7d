import ArgumentParser
import Encoders
import Foundation
import Kernels
import Tensors

/// `docent embed`: vectors of texts, into a .npy file or as JSON Lines.
struct EmbedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "embed", abstract: "Embeds each input line.",
        discussion: "A line is a text, or a JSON object with a \"text\" field when the input's name ends in .jsonl.")

    @Option(help: "An encoder of the catalogue, or a path to its folder.")
    var model = "all-minilm-l6-v2"
    @Option(help: "The texts; standard input without it.")
    var input: String?
    @Option(help: "A .npy file for the vectors: float32 [n, dim], L2-normalised. Without it JSON Lines go to stdout.")
    var output: String?
    @Option(help: "What products are formed in: auto (the fastest that keeps f32's vectors), f32, bf16, int16 or int8.")
    var precision: String?
    @Option(help: "query or passage: some encoders put a different prefix before each.")
    var kind = "passage"
    @OptionGroup var global: GlobalOptions

    /// Texts embedded at a time: enough to fill every batch, few enough to keep memory flat.
    private static let batchSize = 512

    private struct Row: Encodable {
        var embedding: [Float]
    }

    func run() async throws {
        let settings = try await Settings(global)
        try Runtime.useKernelLevel(settings)
        let precision = try precision.map(Settings.precision) ?? settings.precision
        guard let kind = TextKind(rawValue: kind) else {
            throw CommandFailure(message: "kind is '\(kind)': use query or passage", exitCode: 64)
        }
        let encoder = try Runtime.encoder(
            model, try Runtime.models(settings), ThreadPool(threadCount: settings.threads), precision: precision)
        let texts = try InputLines.texts(input)
        var vectors: [Float] = []
        var truncatedCount = 0
        let progress = ProgressLine(isQuiet: settings.isQuiet)
        for start in stride(from: 0, to: texts.count, by: Self.batchSize) {
            let batch = Array(texts[start..<min(start + Self.batchSize, texts.count)])
            let embeddings = try encoder.embed(batch, kind: kind)
            truncatedCount += embeddings.truncated.count { $0 }
            if output == nil {
                for index in 0..<embeddings.count {
                    Terminal.print(try Terminal.json(Row(embedding: embeddings.row(index))))
                }
            } else {
                vectors += embeddings.vectors
            }
            progress.show("embedding", done: start + batch.count, total: texts.count)
        }
        progress.finish()
        if let output {
            try NpyFile.write(vectors, columnCount: encoder.dimension, to: output)
        }
        if truncatedCount > 0, !settings.isQuiet {
            Terminal.note("\(truncatedCount) texts were longer than \(encoder.maxTokenCount) tokens and were cut")
        }
    }
}
