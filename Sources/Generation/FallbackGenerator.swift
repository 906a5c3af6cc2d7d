/// Tries one generator and, if it fails before its first word, another one; the answer says so.
///
/// After the first word it is too late: two half answers make no whole one, so the failure is passed on.
public struct FallbackGenerator: TextGenerating {
    /// The first generator's name.
    public var name: String { primary.name }
    private let primary: any TextGenerating
    private let fallback: any TextGenerating

    /// Chains two generators.
    public init(primary: any TextGenerating, fallback: any TextGenerating) {
        self.primary = primary
        self.fallback = fallback
    }

    /// Writes with the first generator that gets a word out.
    public func generate(_ request: GenerationRequest) -> AsyncThrowingStream<GenerationEvent, any Error> {
        let (stream, continuation) = AsyncThrowingStream<GenerationEvent, any Error>.makeStream()
        let task = Task {
            var hasWritten = false
            do {
                for try await event in primary.generate(request) {
                    if case .text = event { hasWritten = true }
                    continuation.yield(event)
                }
                continuation.finish()
            } catch is CancellationError {
                continuation.finish(throwing: CancellationError())
            } catch  where !hasWritten {
                await write(with: fallback, request, because: "\(error)", to: continuation)
            } catch {
                continuation.finish(throwing: error)
            }
        }
        continuation.onTermination = { _ in task.cancel() }
        return stream
    }

    private func write(
        with generator: any TextGenerating, _ request: GenerationRequest, because reason: String,
        to continuation: AsyncThrowingStream<GenerationEvent, any Error>.Continuation
    ) async {
        do {
            for try await event in generator.generate(request) {
                guard case .finished(var summary) = event else {
                    continuation.yield(event)
                    continue
                }
                summary.notes.insert("\(primary.name) failed (\(reason)), \(summary.generator) answered instead", at: 0)
                continuation.yield(.finished(summary))
            }
            continuation.finish()
        } catch {
            continuation.finish(throwing: error)
        }
    }
}
