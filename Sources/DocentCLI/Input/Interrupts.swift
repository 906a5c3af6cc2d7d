import Dispatch
import Foundation
import Synchronization

/// Lets Ctrl-C, and other signals if asked to, stop the work under way instead of the program; without any it ends the program as usual.
final class Interrupts: Sendable {
    private let stop = Mutex<(@Sendable () -> Void)?>(nil)
    /// Set once in the initialiser and only kept alive after it.
    private nonisolated(unsafe) let sources: [any DispatchSourceSignal]

    /// Takes the signals over for the rest of the process.
    init(_ signals: [Int32] = [SIGINT]) {
        let sources = signals.map { number in
            signal(number, SIG_IGN)
            return (number, DispatchSource.makeSignalSource(signal: number, queue: .global()))
        }
        unsafe self.sources = sources.map(\.1)
        for (number, source) in sources {
            source.setEventHandler { [weak self] in
                guard let stop = self?.stop.withLock({ $0 }) else { exit(128 + number) }
                stop()
            }
            source.activate()
        }
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
