import Decoders
import Foundation
import Testing
import Tokenizers

@Suite("Sampling")
struct SamplerTests {
    /// How often each token is drawn in `count` draws.
    static func histogram(_ logits: [Float], _ parameters: SamplingParameters, count: Int = 20_000) -> [Double] {
        var sampler = Sampler(parameters, history: [])
        var counts = [Double](repeating: 0, count: logits.count)
        for _ in 0..<count { counts[Int(sampler.next(logits.span))] += 1 / Double(count) }
        return counts
    }

    static let logits: [Float] = [0, 2, 1, -1, 2.5, -3]

    static func softmax(_ logits: [Float], _ temperature: Float) -> [Double] {
        let weights = logits.map { exp(Double($0 / temperature)) }
        return weights.map { $0 / weights.reduce(0, +) }
    }

    @Test("tokens are drawn with their tempered probabilities", arguments: [0.5, 1, 2] as [Float])
    func temperature(_ temperature: Float) {
        let parameters = SamplingParameters(temperature: temperature, topK: 0, topP: 1, minP: 0, seed: 4)
        let drawn = Self.histogram(Self.logits, parameters)
        for (a, b) in zip(drawn, Self.softmax(Self.logits, temperature)) { #expect(abs(a - b) < 0.015) }
    }

    @Test("top-k, top-p and min-p leave exactly the tokens they should")
    func cuts() {
        func drawn(topK: Int = 0, topP: Float = 1, minP: Float = 0) -> Set<Int> {
            let parameters = SamplingParameters(temperature: 1, topK: topK, topP: topP, minP: minP, seed: 2)
            let counts = Self.histogram(Self.logits, parameters)
            return Set(counts.indices.filter { counts[$0] > 0 })
        }
        #expect(drawn() == [0, 1, 2, 3, 4, 5])
        #expect(drawn(topK: 2) == [1, 4])
        #expect(drawn(topK: 1) == [4])
        // Probabilities in falling order: .483, .293, .108, .040, .015, .002 of tokens 4, 1, 2, 0, 3, 5.
        #expect(drawn(topP: 0.4) == [4])
        #expect(drawn(topP: 0.7) == [1, 4])
        #expect(drawn(topP: 0.85) == [1, 2, 4])
        #expect(drawn(minP: 0.5) == [1, 4])
        #expect(drawn(minP: 1) == [4])
    }

    @Test("equal logits are taken in the order of their ids")
    func ties() {
        var sampler = Sampler(SamplingParameters(), history: [])
        let logits: [Float] = [1, 3, 3, 3]
        let id = sampler.next(logits.span)
        #expect(id == 1)
        let drawn = Self.histogram(logits, SamplingParameters(temperature: 1, topK: 2, topP: 1, minP: 0), count: 500)
        #expect(drawn[3] == 0 && drawn[1] > 0 && drawn[2] > 0)
    }

    @Test("the repeat penalty lowers what was said in the last 64 tokens, and nothing older")
    func repeatPenalty() {
        let logits: [Float] = [5, 4.9, -1]
        let parameters = SamplingParameters(repeatPenalty: 1.2)
        var fresh = Sampler(parameters, history: [])
        let first = fresh.next(logits.span)
        let second = fresh.next(logits.span)
        #expect(first == 0 && second == 1)
        var old = Sampler(parameters, history: [0] + [TokenID](repeating: 2, count: 64))
        let third = old.next(logits.span)
        #expect(third == 0)
    }

    @Test("a large vocabulary is cut to the same candidates as by sorting it")
    func largeVocabulary() {
        let logits = (0..<50_000).map { Float(($0 &* 7_919) % 50_000) / 5_000 }
        let drawn = Self.histogram(logits, SamplingParameters(temperature: 5, topK: 3, topP: 1, minP: 0), count: 200)
        let best = Set(logits.indices.sorted { logits[$0] > logits[$1] }.prefix(3))
        #expect(Set(drawn.indices.filter { drawn[$0] > 0 }) == best)
    }

    @Test("logits without a finite one still give a token")
    func degenerateLogits() {
        for value: Float in [-.infinity, .nan, .infinity] {
            let logits = [Float](repeating: value, count: 4)
            var sampler = Sampler(SamplingParameters(temperature: 1, topK: 0), history: [])
            let id = sampler.next(logits.span)
            #expect((0..<4).contains(id))
        }
    }
}

@Suite("Text streams")
struct TextStreamTests {
    /// Feeds `text` in pieces of `size` bytes; returns the joined pieces.
    static func stream(_ text: String, by size: Int, stops: [String] = []) -> String {
        var stream = TextStream(stops: stops)
        var joined = ""
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: size) {
            joined += stream.append(Array(bytes[start..<min(start + size, bytes.count)]))
        }
        return joined + stream.finish()
    }

    @Test("bytes come out as whole characters, however they are cut", arguments: 1...7)
    func characters(_ size: Int) {
        let text = "Zürich 東京 👩‍👩‍👧‍👦 naïve £5 🇮🇸."
        #expect(Self.stream(text, by: size) == text)
        var stream = TextStream()
        #expect(stream.append([0xF0, 0x9F]) == "")
        #expect(stream.append([0x98]) == "")
        #expect(stream.append([0x80, 0x41]) == "😀A")
    }

    @Test("bytes that are no text come out as replacement characters, and hold nothing back")
    func invalidBytes() {
        var stream = TextStream()
        #expect(stream.append([0x80]) == "\u{FFFD}")
        #expect(stream.append([0x41, 0xFF]) == "A\u{FFFD}")
        #expect(stream.append([0xE2, 0x82]) == "")
        #expect(stream.finish() == "\u{FFFD}")
    }

    @Test("the text ends before the earliest stop string, however tokens cut it", arguments: 1...6)
    func stops(_ size: Int) {
        #expect(Self.stream("one two three", by: size, stops: ["three", "two"]) == "one ")
        #expect(Self.stream("aaab", by: size, stops: ["aab"]) == "a")
        #expect(Self.stream("ends with tw", by: size, stops: ["two"]) == "ends with tw")
        #expect(Self.stream("日本語", by: size, stops: ["本"]) == "日")
        #expect(Self.stream("no stop", by: size, stops: ["x", "yz"]) == "no stop")
    }

    @Test("nothing of a possible stop string is shown before it is known not to be one")
    func holding() {
        var stream = TextStream(stops: ["\n\nUser:"])
        #expect(stream.append(Array("Yes.\n".utf8)) == "Yes.")
        #expect(stream.append(Array("\nUs".utf8)) == "")
        #expect(stream.append(Array("e it".utf8)) == "\n\nUse it")
        #expect(stream.append(Array("\n\nUser: no".utf8)) == "")
        #expect(stream.isStopped)
        #expect(stream.append([0x41]) == "")
    }
}

@Suite("Penalties for what was written")
struct OccurrencePenaltyTests {
    @Test("a token that was drawn pays the presence penalty once and the frequency penalty each time")
    func penalties() {
        func drawn(_ presence: Float, _ frequency: Float, _ count: Int) -> [TokenID] {
            let logits: [Float] = [5, 4.5, 3]
            var sampler = Sampler(
                SamplingParameters(presencePenalty: presence, frequencyPenalty: frequency), history: [1, 1, 2])
            var ids: [TokenID] = []
            for _ in 0..<count { ids.append(sampler.next(logits.span)) }
            return ids
        }
        // The prompt's tokens don't count.
        #expect(drawn(0, 0, 3) == [0, 0, 0])
        #expect(drawn(1, 0, 5) == [0, 1, 0, 0, 0])
        #expect(drawn(0, 1, 5) == [0, 1, 0, 1, 0])
        #expect(drawn(-1, 0, 3) == [0, 0, 0])
    }

    @Test("the likeliest tokens come with a text's tokens, as many as asked for")
    func alternatives() throws {
        let model = try TinyModel.load()
        var tokens: [DecodedToken] = []
        _ = try model.generate(
            prompt: [1, 2, 3], parameters: SamplingParameters(maxTokens: 6, logprobs: true, topLogprobs: 3)
        ) {
            tokens.append($0)
            return true
        }
        for token in tokens {
            #expect(token.alternatives.count == 3)
            #expect(token.alternatives.first?.id == token.id && token.alternatives.first?.logprob == token.logprob)
            #expect(token.alternatives.map(\.logprob) == token.alternatives.map(\.logprob).sorted(by: >))
        }
        #expect(!tokens.isEmpty)
        for bad in [
            SamplingParameters(presencePenalty: 2.1), SamplingParameters(frequencyPenalty: -.infinity),
            SamplingParameters(topLogprobs: 21),
        ] { #expect(throws: DecoderError.self) { try bad.validate() } }
    }
}
