import Encoders
import TestSupport

/// An encoder whose vectors are sums of one seeded random direction per word: texts that share words are close.
struct BagOfWords: TextEmbedding {
    let modelName = "bag-of-words"
    let fingerprint = "bag-of-words:1"
    let dimension = 256
    let maxTokenCount = 256

    func tokenCount(of text: String) -> Int { Self.words(text).count }

    func embed(_ texts: [String], kind: TextKind) throws(EncoderError) -> Embeddings {
        let counts = texts.map { tokenCount(of: $0) + 2 }
        return Embeddings(
            vectors: texts.flatMap(vector), dimension: dimension, tokenCounts: counts,
            truncated: counts.map { $0 > maxTokenCount })
    }

    private func vector(of text: String) -> [Float] {
        var sum = [Float](repeating: 0, count: dimension)
        for word in Self.words(text) {
            var generator = SeededGenerator(seed: word.utf8.reduce(17) { $0 &* 1_099_511_628_211 ^ UInt64($1) })
            for index in sum.indices { sum[index] += Float.random(in: -1...1, using: &generator) }
        }
        if sum.allSatisfy({ $0 == 0 }) { sum[0] = 1 }
        let norm = sum.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return sum.map { $0 / norm }
    }

    private static func words(_ text: String) -> [String] {
        text.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
    }
}
