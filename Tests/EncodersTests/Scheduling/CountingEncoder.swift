import Dispatch
import Encoders
import Synchronization

/// An encoder of two numbers per text, its byte count and 1, that notes each batch and can be held up.
final class CountingEncoder: TextEmbedding {
    let modelName = "counting"
    let fingerprint: String
    let dimension = 2
    let maxTokenCount = 512
    /// Texts of each batch, with what they were embedded for.
    let batches = Mutex<[(kind: TextKind, texts: [String])]>([])
    /// Batches that contain this wait for `gate`.
    private let heldText: String
    let gate = DispatchSemaphore(value: 0)
    /// Signalled when a batch begins to wait.
    let isHeld = DispatchSemaphore(value: 0)

    init(fingerprint: String = "counting:1", holding text: String = "hold") {
        self.fingerprint = fingerprint
        heldText = text
    }

    func tokenCount(of text: String) -> Int { text.utf8.count }

    func embed(_ texts: [String], kind: TextKind) throws(EncoderError) -> Embeddings {
        batches.withLock { $0.append((kind, texts)) }
        if texts.contains(heldText) {
            isHeld.signal()
            gate.wait()
        }
        if texts.contains("bad") { throw .notFinite(model: modelName) }
        return Embeddings(
            vectors: texts.flatMap { [Float($0.utf8.count), 1] }, dimension: 2, tokenCounts: texts.map(\.utf8.count),
            truncated: texts.map { _ in false })
    }

    var kinds: [TextKind] { batches.withLock { $0.map(\.kind) } }
    var embeddedTexts: [String] { batches.withLock { $0.flatMap(\.texts) } }
}
