import Dispatch
import Foundation
import Synchronization

/// Lets Ctrl-C stop the work under way instead of the program; without any it ends the program as usual.
final class Interrupts: Sendable {
    private let stop = Mutex<(@Sendable () -> Void)?>(nil)
    /// Set once in the initialiser and only kept alive after it.
    private nonisolated(unsafe) let source: any DispatchSourceSignal

    /// Takes the signal over for the rest of the process.
    init() {
        signal(SIGINT, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
        unsafe self.source = source
        source.setEventHandler { [weak self] in
            guard let stop = self?.stop.withLock({ $0 }) else { exit(130) }
            stop()
        }
        source.activate()
    }

    /// Runs `body` as a task that Ctrl-C cancels.
    /// - Throws: what `body` throws.
    func run<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let task = Task { try await body() }
        stop.withLock { $0 = { task.cancel() } }
        defer { stop.withLock { $0 = nil } }
        return try await task.value
    }
}
