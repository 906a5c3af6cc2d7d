import Decoders
import Foundation
import TestSupport
import Testing
import Tokenizers

@Suite("Generation")
struct GenerationTests {
    static let prompt: [TokenID] = [84, 104, 101, 32, 70, 110]

    static func sampling(_ seed: UInt64, maxTokens: Int = 20) -> SamplingParameters {
        SamplingParameters(
            temperature: 1.3, topK: 0, topP: 1, minP: 0, seed: seed, maxTokens: maxTokens, logprobs: true)
    }

    @Test("equal seeds give equal texts, other seeds other ones")
    func seeds() throws {
        let model = try TinyModel.load()
        let texts = try (0..<6).map { try model.generate(prompt: Self.prompt, parameters: Self.sampling($0 / 2)) }
        for pair in stride(from: 0, to: 6, by: 2) {
            #expect(texts[pair].tokens == texts[pair + 1].tokens)
            #expect(texts[pair].text == texts[pair + 1].text)
        }
        #expect(Set(texts.map(\.tokens)).count == 3)
    }

    @Test("temperature 0 takes the likeliest token, and log-probabilities are the model's")
    func greedy() throws {
        let model = try TinyModel.load()
        let text = try model.generate(
            prompt: Self.prompt, parameters: SamplingParameters(maxTokens: 12, logprobs: true))
        let session = DecoderSession(model: model)
        var logits = try session.prefill(Self.prompt)
        for (token, logprob) in zip(text.tokens, text.logprobs) {
            let best = try #require(logits.indices.max { logits[$0] < logits[$1] })
            #expect(Int(token) == best)
            let sum = logits.map { exp(Double($0)) }.reduce(0, +)
            #expect(abs(Double(logprob) - (Double(logits[best]) - log(sum))) < 1e-4)
            logits = try session.decode(token)
        }
        #expect(text.promptTokenCount == Self.prompt.count)
        #expect(text.logprobs.count == text.tokens.count)
        let all = try model.logProbabilities(of: Self.prompt + text.tokens)
        for (a, b) in zip(all.suffix(text.tokens.count), text.logprobs) { #expect(abs(a - b) < 1e-4) }
    }

    @Test("the pieces handed out are the text, and each is whole characters")
    func pieces() throws {
        let model = try TinyModel.load()
        for seed in 0..<20 {
            var joined = ""
            let text = try model.generate(
                prompt: Self.prompt, parameters: Self.sampling(UInt64(seed), maxTokens: 30)
            ) { token in
                joined += token.text
                return true
            }
            #expect(joined == text.text)
            #expect(text.text == model.tokenizer.decode(text.tokens, skipSpecialTokens: false))
            #expect(text.finishReason == (text.tokens.count == 30 ? .length : .stop))
        }
    }

    @Test("a stop string ends the text before it, wherever token borders fall")
    func stopStrings() throws {
        let model = try TinyModel.load()
        var tried = 0
        for seed in 0..<30 {
            let free = try model.generate(prompt: Self.prompt, parameters: Self.sampling(UInt64(seed)))
            guard let character = free.text.dropFirst(3).first(where: { $0.isASCII }) else { continue }
            tried += 1
            var parameters = Self.sampling(UInt64(seed))
            parameters.stop = [String(character)]
            let stopped = try model.generate(prompt: Self.prompt, parameters: parameters)
            #expect(stopped.text == String(free.text.prefix { $0 != character }))
            #expect(stopped.finishReason == .stop)
        }
        #expect(tried > 10)
    }

    @Test("saying no ends the text at once, and so does a cancelled prompt")
    func cancellation() throws {
        let model = try TinyModel.load()
        var count = 0
        let text = try model.generate(prompt: Self.prompt, parameters: Self.sampling(1, maxTokens: 100)) { _ in
            count += 1
            return count < 3
        }
        #expect(text.finishReason == .cancelled)
        #expect(text.tokens.count == 3)
        let none = try model.generate(prompt: Self.prompt, parameters: Self.sampling(1), isCancelled: { true })
        #expect(none.finishReason == .cancelled)
        #expect(none.tokens.isEmpty)
    }

    @Test("a full context ends the text with length")
    func fullContext() throws {
        let model = try TinyModel.load()
        let prompt = (0..<120).map { TokenID($0) }
        let text = try model.generate(
            prompt: prompt, parameters: SamplingParameters(repeatPenalty: 1.3, maxTokens: 500))
        #expect(text.finishReason == .stop || text.tokens.count == 9)
    }

    @Test("parameters outside of their ranges are refused by name")
    func ranges() {
        let bad: [(String, SamplingParameters)] = [
            ("temperature", SamplingParameters(temperature: -0.1)),
            ("temperature", SamplingParameters(temperature: .nan)),
            ("top-k", SamplingParameters(topK: -1)), ("top-p", SamplingParameters(topP: 0)),
            ("top-p", SamplingParameters(topP: 1.1)), ("min-p", SamplingParameters(minP: 2)),
            ("repeat-penalty", SamplingParameters(repeatPenalty: 0)), ("max-tokens", SamplingParameters(maxTokens: 0)),
            ("stop", SamplingParameters(stop: [""])),
        ]
        for (name, parameters) in bad {
            let error = #expect(throws: DecoderError.self) { try parameters.validate() }
            #expect("\(error.map { "\($0)" } ?? "")".contains(name))
        }
        #expect(throws: Never.self) { try SamplingParameters().validate() }
    }

    @Test("perplexity is exp of the mean over the second halves of the windows")
    func perplexity() throws {
        let model = try TinyModel.load()
        let text = String(repeating: "the band and the hand ", count: 12)
        let ids = model.tokenizer.encode(text, addSpecialTokens: false)
        let result = try model.perplexity(of: text, windowLength: 32)
        #expect(result.windowCount == ids.count / 32)
        #expect(result.tokenCount == result.windowCount * 15)
        var total = 0.0
        for window in 0..<result.windowCount {
            let part = Array(ids[(window * 32)..<(window * 32 + 32)])
            total -= try model.logProbabilities(of: part).suffix(15).reduce(0) { $0 + Double($1) }
        }
        #expect(abs(result.value - exp(total / Double(result.tokenCount))) < 1e-3 * result.value)
        #expect(throws: DecoderError.textTooShort(tokenCount: 1, minimum: 4)) {
            _ = try model.perplexity(of: "a", windowLength: 32)
        }
        #expect(throws: DecoderError.self) { _ = try model.perplexity(of: text, windowLength: 129) }
    }
}
