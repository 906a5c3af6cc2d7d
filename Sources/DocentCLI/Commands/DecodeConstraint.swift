import Decoders
import Tokenizers

/// What keeping to a schema costs: the time of a token with it against one without, on equal contexts.
struct DecodeConstraint {
    let model: DecoderModel
    let constraint: OutputConstraint

    private struct Output: Encodable {
        var texts = 0
        /// Texts that ended by themselves; each of them is of the schema.
        var whole = 0
        var tokens = 0
        var freeMilliseconds = 0.0
        var constrainedMilliseconds = 0.0
        /// The median of each text's ratio, less 1.
        var slowdown = 0.0

        enum CodingKeys: String, CodingKey {
            case texts, whole, tokens, slowdown
            case freeMilliseconds = "free_ms_per_token"
            case constrainedMilliseconds = "constrained_ms_per_token"
        }
    }

    /// Writes texts greedily and drawn, each with the schema and then as many tokens without it, and prints the medians.
    func report(maxTokens: Int, repeatCount: Int, json: Bool) throws {
        var output = Output()
        var (free, bound, ratios): ([Double], [Double], [Double]) = ([], [], [])
        // The first text pays for putting the vocabulary in order.
        for round in -1..<repeatCount {
            for temperature: Float in [0, 0.8] {
                var parameters = SamplingParameters(
                    temperature: temperature, seed: UInt64(max(0, round)), maxTokens: maxTokens)
                parameters.constraint = constraint
                let text = try write(parameters)
                guard round >= 0, text.tokens.count > 1 else { continue }
                parameters.constraint = nil
                parameters.maxTokens = text.tokens.count
                let plain = try write(parameters)
                guard plain.tokens.count > 1 else { continue }
                output.texts += 1
                output.tokens += text.tokens.count
                if text.finishReason == .stop { output.whole += 1 }
                bound.append(Self.perToken(text))
                free.append(Self.perToken(plain))
                ratios.append(Self.perToken(text) / Self.perToken(plain) - 1)
            }
        }
        guard !ratios.isEmpty else { throw CommandFailure(message: "no text was long enough to measure") }
        output.freeMilliseconds = BenchDecodeCommand.median(free)
        output.constrainedMilliseconds = BenchDecodeCommand.median(bound)
        output.slowdown = BenchDecodeCommand.median(ratios)
        if json { return try Terminal.printJSON(output) }
        Terminal.print(
            "\(output.texts) texts, \(output.whole) whole: \(output.constrainedMilliseconds) ms a token, "
                + "\(output.freeMilliseconds) without the schema")
    }

    private func write(_ parameters: SamplingParameters) throws -> DecodedText {
        let prompt = try model.chatTemplate.render(
            [ChatMessage(role: .user, content: "Describe a red kettle that is for sale, as JSON with every detail.")],
            addGenerationPrompt: true)
        return try model.generate(
            prompt: model.encode(prompt: prompt), parameters: parameters, options: GenerationOptions(drafting: false))
    }

    private static func perToken(_ text: DecodedText) -> Double {
        text.timings.decode / .milliseconds(1) / Double(text.tokens.count)
    }
}
