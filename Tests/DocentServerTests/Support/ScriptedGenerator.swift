import Generation

/// A generator named `local` that says what a test has written for it, piece by piece, or fails.
struct ScriptedGenerator: TextGenerating {
    let name = "local"
    var pieces: [String]
    var failure: GenerationError?

    init(_ pieces: String..., failure: GenerationError? = nil) {
        self.pieces = pieces
        self.failure = failure
    }

    func generate(_ request: GenerationRequest) -> AsyncThrowingStream<GenerationEvent, any Error> {
        let (stream, continuation) = AsyncThrowingStream<GenerationEvent, any Error>.makeStream()
        for piece in pieces { continuation.yield(.text(piece)) }
        if failure == nil { continuation.yield(.finished(GenerationSummary(generator: name, model: "script"))) }
        continuation.finish(throwing: failure)
        return stream
    }
}
