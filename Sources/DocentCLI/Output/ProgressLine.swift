import Foundation
import Synchronization

/// One progress line on stderr: redrawn in place on a terminal, a line now and then elsewhere, nothing when quiet.
final class ProgressLine: Sendable {
    private struct State {
        var lastDrawn: ContinuousClock.Instant?
        var hasOpenLine = false
        var lastLine = ""
    }

    private let isQuiet: Bool
    private let interval: Duration
    private let state = Mutex(State())

    /// - Parameter isQuiet: draws nothing at all.
    init(isQuiet: Bool) {
        self.isQuiet = isQuiet
        interval = Terminal.isInteractive ? .milliseconds(100) : .seconds(5)
    }

    /// Shows `done` of `total` with `detail`, unless the last drawing was a moment ago.
    func show(_ label: String, done: Int, total: Int, detail: String = "") {
        guard !isQuiet else { return }
        state.withLock { state in
            let now = ContinuousClock.now
            if let last = state.lastDrawn, now - last < interval, done < total { return }
            state.lastDrawn = now
            let line = Self.line(label, done: done, total: total, detail: detail)
            guard line != state.lastLine else { return }
            state.lastLine = line
            if Terminal.isInteractive {
                FileHandle.standardError.write(Data("\r\u{1B}[2K\(line)".utf8))
                state.hasOpenLine = true
            } else {
                Terminal.note(line)
            }
        }
    }

    /// Ends the line, so that what follows starts on a new one.
    func finish() {
        state.withLock { state in
            if state.hasOpenLine { FileHandle.standardError.write(Data("\n".utf8)) }
            state.hasOpenLine = false
        }
    }

    /// `label ━━━━────  40 % 4/10 detail`.
    static func line(_ label: String, done: Int, total: Int, detail: String) -> String {
        let width = 24
        let share = total > 0 ? Double(min(done, total)) / Double(total) : 0
        let filled = Int(share * Double(width))
        let bar = String(repeating: "━", count: filled) + String(repeating: "─", count: width - filled)
        let percent = Int(share * 100)
        return "\(label) \(bar) \(percent) % \(done)/\(total)" + (detail.isEmpty ? "" : "  \(detail)")
    }
}
