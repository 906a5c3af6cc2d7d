import Generation
import Synchronization

/// A generator that says what a test has written for it, piece by piece.
final class ScriptedGenerator: TextGenerating {
    enum Ending: Sendable {
        case finished
        case failed(GenerationError)
        /// Goes on until nobody reads any more.
        case endless
    }

    let name: String
    private let pieces: [String]
    private let ending: Ending
    private let seen = Mutex<[GenerationRequest]>([])
    private let stopped = Mutex(false)

    init(_ pieces: String..., name: String = "local", ending: Ending = .finished) {
        self.name = name
        self.pieces = pieces
        self.ending = ending
    }

    /// What it was asked, in order.
    var requests: [GenerationRequest] { seen.withLock { $0 } }
    /// Whether an endless text was given up by its reader.
    var wasStopped: Bool { stopped.withLock { $0 } }

    func generate(_ request: GenerationRequest) -> AsyncThrowingStream<GenerationEvent, any Error> {
        seen.withLock { $0.append(request) }
        let (stream, continuation) = AsyncThrowingStream<GenerationEvent, any Error>.makeStream()
        for piece in pieces { continuation.yield(.text(piece)) }
        switch ending {
        case .finished:
            continuation.yield(
                .finished(
                    GenerationSummary(
                        generator: name, model: "script", promptTokenCount: 7, completionTokenCount: pieces.count)))
            continuation.finish()
        case .failed(let error):
            continuation.finish(throwing: error)
        case .endless:
            continuation.onTermination = { [self] _ in stopped.withLock { $0 = true } }
        }
        return stream
    }
}
