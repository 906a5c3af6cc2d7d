import Decoders
import TestSupport
import Testing
import Tokenizers

@Suite("Guessed tokens and kept beginnings")
struct DraftingTests {
    /// Random tokens whose middle comes again at the end, so that there is something to guess from.
    static func prompt(_ seed: UInt64) -> [TokenID] {
        var random = SeededGenerator(seed: seed)
        let part = (0..<20).map { _ in TokenID.random(in: 0..<256, using: &random) }
        return part + [7, 9] + part.prefix(12)
    }

    static let files = ["tiny-f32.gguf", "tiny-q8_0.gguf", "tiny-q4_1.gguf", "tiny-qwen3-f32.gguf"]

    @Test("guessing tokens changes neither tokens, text nor log-probabilities, greedy or drawn", arguments: files)
    func sameText(_ file: String) throws {
        let model = try TinyModel.load(file)
        var accepted = 0
        var saved = 0
        for seed in 0..<12 as Range<UInt64> {
            let parameters = SamplingParameters(
                temperature: seed % 3 == 0 ? 0 : 0.2 * Float(seed % 3), topK: 0, topP: 1, minP: 0,
                repeatPenalty: seed % 2 == 0 ? 1 : 1.1, seed: seed, maxTokens: 60, logprobs: true)
            let plain = try model.generate(
                prompt: Self.prompt(seed), parameters: parameters, options: GenerationOptions(drafting: false))
            var pieces = ""
            let drafted = try model.generate(prompt: Self.prompt(seed), parameters: parameters) { token in
                pieces += token.text
                return true
            }
            #expect(drafted.tokens == plain.tokens)
            #expect(drafted.logprobs == plain.logprobs)
            #expect(drafted.text == plain.text && pieces == plain.text)
            #expect(drafted.finishReason == plain.finishReason)
            #expect(plain.drafts.draftedCount == 0)
            #expect(drafted.drafts.acceptedCount <= drafted.drafts.draftedCount)
            accepted += drafted.drafts.acceptedCount
            saved += plain.drafts.passCount - drafted.drafts.passCount
        }
        #expect(accepted > 0, "something was guessed rightly")
        #expect(saved > 0, "and took fewer passes")
    }

    @Test("a full context ends a text with guesses where it ends one without")
    func fullContext() throws {
        let model = try TinyModel.load()
        let prompt = Self.prompt(3) + Self.prompt(3) + Self.prompt(3)
        for maxTokens in [1, 2, 3, 25, 500] {
            let parameters = SamplingParameters(maxTokens: maxTokens)
            let plain = try model.generate(
                prompt: prompt, parameters: parameters, options: GenerationOptions(drafting: false))
            let drafted = try model.generate(prompt: prompt, parameters: parameters)
            #expect(drafted.tokens == plain.tokens && drafted.finishReason == plain.finishReason)
        }
    }

    @Test("a prompt that begins like an earlier one reads only the rest, and gives the same text", arguments: files)
    func prefixes(_ file: String) throws {
        let model = try TinyModel.load(file)
        let cache = PrefixCache()
        let common = (0..<50).map { TokenID(10 + $0 * 37 % 200) }
        let parameters = SamplingParameters(maxTokens: 12, logprobs: true)
        let options = GenerationOptions(prefixCache: cache)
        for (index, question) in [[1, 2, 3], [4, 5], [1, 2, 3], [6, 7, 8, 9]].enumerated() {
            let prompt = common + question.map { TokenID($0) }
            let fresh = try model.generate(prompt: prompt, parameters: parameters)
            let kept = try model.generate(prompt: prompt, parameters: parameters, options: options)
            #expect(kept.tokens == fresh.tokens && kept.logprobs == fresh.logprobs)
            #expect(fresh.reusedTokenCount == 0)
            #expect(index == 0 ? kept.reusedTokenCount == 0 : kept.reusedTokenCount >= common.count)
        }
        #expect(cache.statistics.lookupCount == 4)
        #expect(cache.statistics.hitCount == 3)
        #expect(cache.statistics.usedBytes > 0)
    }

    @Test("a short common beginning is copied, so that both texts stay known")
    func forks() throws {
        let model = try TinyModel.load()
        let cache = PrefixCache()
        let options = GenerationOptions(prefixCache: cache)
        let parameters = SamplingParameters(maxTokens: 2)
        let instructions = (0..<17).map { TokenID(100 + $0) }
        let prompts = (0..<2 as Range<UInt64>).map { instructions + Self.prompt($0) + Self.prompt($0 + 5) }
        for prompt in prompts + prompts {
            let fresh = try model.generate(prompt: prompt, parameters: parameters)
            let kept = try model.generate(prompt: prompt, parameters: parameters, options: options)
            #expect(kept.tokens == fresh.tokens)
        }
        // The second prompt found the instructions; the third and fourth found all but their last token.
        #expect(cache.statistics.hitCount == 3)
        #expect(cache.statistics.reusedTokenCount == 17 + 2 * (prompts[0].count - 1))
    }

    @Test("kept texts never take more than the memory allowed")
    func bounded() throws {
        let model = try TinyModel.load()
        let parameters = SamplingParameters(maxTokens: 2)
        let one = PrefixCache()
        _ = try model.generate(
            prompt: Self.prompt(0), parameters: parameters, options: GenerationOptions(prefixCache: one))
        let limit = one.statistics.usedBytes * 5 / 2
        let cache = PrefixCache(memoryBytes: limit)
        for seed in 0..<6 as Range<UInt64> {
            _ = try model.generate(
                prompt: Self.prompt(seed), parameters: parameters, options: GenerationOptions(prefixCache: cache))
            #expect(cache.statistics.usedBytes <= limit)
        }
        let none = PrefixCache(memoryBytes: 0)
        for _ in 0..<2 {
            let text = try model.generate(
                prompt: Self.prompt(0), parameters: parameters, options: GenerationOptions(prefixCache: none))
            #expect(text.reusedTokenCount == 0)
        }
        #expect(none.statistics.usedBytes == 0)
    }

    @Test("a text that is cancelled while its prompt is read leaves only what was read")
    func cancelledPrompt() throws {
        let model = try TinyModel.load()
        let cache = PrefixCache()
        let options = GenerationOptions(prefixCache: cache)
        let parameters = SamplingParameters(maxTokens: 4)
        var asked = 0
        let text = try model.generate(
            prompt: Self.prompt(1), parameters: parameters, options: options,
            isCancelled: {
                asked += 1
                return asked == 2
            })
        #expect(asked == 2, "asked before each of the two layers")
        #expect(text.finishReason == .cancelled && text.tokens.isEmpty)
        let fresh = try model.generate(prompt: Self.prompt(1), parameters: parameters)
        let again = try model.generate(prompt: Self.prompt(1), parameters: parameters, options: options)
        #expect(again.tokens == fresh.tokens)
    }
}
