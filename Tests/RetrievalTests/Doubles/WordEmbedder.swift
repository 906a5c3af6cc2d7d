import Encoders
import Synchronization
import TestSupport

/// An encoder whose vectors are sums of one random direction per word: texts that share words are close.
final class WordEmbedder: TextEmbedding {
    let modelName = "words"
    let fingerprint: String
    let dimension: Int
    let maxTokenCount = 256
    private let calls = Mutex(0)

    init(dimension: Int = 32, fingerprint: String = "words:1") {
        self.dimension = dimension
        self.fingerprint = fingerprint
    }

    /// How often texts were embedded.
    var callCount: Int { calls.withLock { $0 } }

    func tokenCount(of text: String) -> Int { text.split(separator: " ").count }

    func embed(_ texts: [String], kind: TextKind) throws(EncoderError) -> Embeddings {
        calls.withLock { $0 += 1 }
        return Embeddings(
            vectors: texts.flatMap(vector), dimension: dimension, tokenCounts: texts.map(tokenCount),
            truncated: texts.map { _ in false })
    }

    func vector(of text: String) -> [Float] {
        var sum = [Float](repeating: 0, count: dimension)
        for word in text.lowercased().split(whereSeparator: { !$0.isLetter && !$0.isNumber }) {
            var generator = SeededGenerator(seed: word.utf8.reduce(17) { $0 &* 1_099_511_628_211 ^ UInt64($1) })
            for index in sum.indices { sum[index] += Float.random(in: -1...1, using: &generator) }
        }
        if sum.allSatisfy({ $0 == 0 }) { sum[0] = 1 }
        let norm = sum.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return sum.map { $0 / norm }
    }
}
