import Encoders
import Synchronization

/// Counts what it is asked to embed; a word is a token, a vector says how long the text is.
final class StubEncoder: TextEmbedding {
    let modelName = "stub"
    let fingerprint: String
    let dimension = 4
    let maxTokenCount: Int
    /// Texts that hold this can't be embedded.
    let poison: String?
    private let embedded = Mutex<[String]>([])

    init(fingerprint: String = "stub-1", maxTokenCount: Int = 64, poison: String? = nil) {
        self.fingerprint = fingerprint
        self.maxTokenCount = maxTokenCount
        self.poison = poison
    }

    /// All texts embedded so far.
    var texts: [String] { embedded.withLock { $0 } }

    func tokenCount(of text: String) -> Int { Self.count(text) }

    /// A token a run of letters and digits, up to eight characters each, and one for every other visible character.
    static func count(_ text: String) -> Int {
        var count = 0
        var run = 0
        for byte in text.utf8 {
            let isWord = (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte & 0xDF)
            run = isWord ? run + 1 : 0
            if isWord ? run % 8 == 1 : byte > 0x20 && (byte < 0x80 || byte >= 0xC0) { count += 1 }
        }
        return count
    }

    func embed(_ texts: [String], kind: TextKind) throws(EncoderError) -> Embeddings {
        if let poison, texts.contains(where: { $0.contains(poison) }) { throw .notFinite(model: modelName) }
        embedded.withLock { $0 += texts }
        let counts = texts.map { tokenCount(of: $0) + 2 }
        return Embeddings(
            vectors: texts.flatMap { [1, Float($0.utf8.count), 0, 0] }, dimension: dimension, tokenCounts: counts,
            truncated: counts.map { $0 > maxTokenCount })
    }
}
