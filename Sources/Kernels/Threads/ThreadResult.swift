import Foundation
import Synchronization

/// Something computed on a thread of its own while its maker does something else.
package final class ThreadResult<Value: Sendable>: Sendable {
    private let done = DispatchSemaphore(value: 0)
    private let value = Mutex<Value?>(nil)

    /// Starts `body`.
    /// - Parameters:
    ///   - name: the thread's.
    ///   - body: runs to its end, whether somebody waits for it or not.
    package init(name: String, _ body: @escaping @Sendable () -> Value) {
        let thread = Thread { [self] in
            let result = body()
            value.withLock { $0 = result }
            done.signal()
        }
        thread.name = name
        thread.start()
    }

    /// What `body` returned, as soon as it has.
    package func wait() -> Value {
        while true {
            done.wait()
            // For whoever waits next.
            done.signal()
            if let result = value.withLock({ $0 }) { return result }
        }
    }
}
