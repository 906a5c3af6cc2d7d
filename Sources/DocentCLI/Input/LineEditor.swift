import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// Reads lines from a person, who may move in the line and call earlier ones back, or from a pipe, which gets no prompt.
///
/// On a terminal: arrows, Home and End, Ctrl-A, -E, -B, -F; Backspace, Delete, Ctrl-U, -K, -W; up and down for earlier
/// lines; Ctrl-L clears the screen, Ctrl-C drops the line, Ctrl-D in an empty one ends the input.
struct LineEditor {
    /// The most lines that can be called back.
    private static let historyCount = 500

    private let prompt: String
    private let isTerminal = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1
    private var history: [String] = []

    /// A line under way.
    private struct Line {
        var characters: [Character] = []
        var cursor = 0
        /// Which earlier line is shown; the count of them is the line itself.
        var place: Int
        /// The line itself, while an earlier one is shown.
        var own: [Character] = []
    }

    init(prompt: String) {
        self.prompt = prompt
    }

    /// The next line without its end; nil when there are no more.
    mutating func next() -> String? {
        guard isTerminal, let line = edited() else { return isTerminal ? nil : readLine() }
        if !line.allSatisfy(\.isWhitespace), history.last != line {
            history.append(line)
            if history.count > Self.historyCount { history.removeFirst() }
        }
        return line
    }

    private func edited() -> String? {
        var saved = termios()
        guard unsafe tcgetattr(STDIN_FILENO, &saved) == 0 else { return readLine() }
        var raw = saved
        raw.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG | IEXTEN)
        raw.c_iflag &= ~tcflag_t(IXON | ICRNL)
        unsafe tcsetattr(STDIN_FILENO, TCSADRAIN, &raw)
        defer { unsafe tcsetattr(STDIN_FILENO, TCSADRAIN, &saved) }
        var line = Line(place: history.count)
        draw(line)
        while let byte = Self.byte() {
            switch byte {
            case 0x0D, 0x0A:
                Terminal.stream("\n")
                return String(line.characters)
            case 0x04 where line.characters.isEmpty:
                Terminal.stream("\n")
                return nil
            case 0x03:
                Terminal.stream("^C\n")
                line = Line(place: history.count)
            case 0x1B: escape(&line)
            default: edit(&line, byte)
            }
            draw(line)
        }
        return nil
    }

    private func edit(_ line: inout Line, _ byte: UInt8) {
        switch byte {
        case 0x01: line.cursor = 0
        case 0x02: line.cursor = max(0, line.cursor - 1)
        case 0x04: delete(&line)
        case 0x05: line.cursor = line.characters.count
        case 0x06: line.cursor = min(line.characters.count, line.cursor + 1)
        case 0x08,
            0x7F where line.cursor > 0:
            guard line.cursor > 0 else { return }
            line.cursor -= 1
            line.characters.remove(at: line.cursor)
        case 0x0B: line.characters.removeLast(line.characters.count - line.cursor)
        case 0x0C: Terminal.stream("\u{1B}[H\u{1B}[2J")
        case 0x0E: recall(&line, by: 1)
        case 0x10: recall(&line, by: -1)
        case 0x15:
            line.characters.removeFirst(line.cursor)
            line.cursor = 0
        case 0x17:
            let end = line.cursor
            while line.cursor > 0, line.characters[line.cursor - 1].isWhitespace { line.cursor -= 1 }
            while line.cursor > 0, !line.characters[line.cursor - 1].isWhitespace { line.cursor -= 1 }
            line.characters.removeSubrange(line.cursor..<end)
        case 0x20...0x7E, 0xC2...0xF4: insert(&line, byte)
        default: break
        }
    }

    /// Puts a character in; the rest of its bytes are read.
    private func insert(_ line: inout Line, _ first: UInt8) {
        var bytes = [first]
        let count = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 1
        while bytes.count < count, let byte = Self.byte() { bytes.append(byte) }
        for character in String(decoding: bytes, as: UTF8.self) {
            line.characters.insert(character, at: line.cursor)
            line.cursor += 1
        }
    }

    private func delete(_ line: inout Line) {
        if line.cursor < line.characters.count { line.characters.remove(at: line.cursor) }
    }

    /// Arrows and their like: ESC [ A, ESC O A, ESC [ 3 ~.
    private func escape(_ line: inout Line) {
        guard let kind = Self.byte(), kind == UInt8(ascii: "[") || kind == UInt8(ascii: "O") else { return }
        var number = 0
        while let byte = Self.byte() {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                number = min(number * 10 + Int(byte - UInt8(ascii: "0")), 99)
                continue
            case UInt8(ascii: ";"): continue
            case UInt8(ascii: "A"): recall(&line, by: -1)
            case UInt8(ascii: "B"): recall(&line, by: 1)
            case UInt8(ascii: "C"): line.cursor = min(line.characters.count, line.cursor + 1)
            case UInt8(ascii: "D"): line.cursor = max(0, line.cursor - 1)
            case UInt8(ascii: "H"): line.cursor = 0
            case UInt8(ascii: "F"): line.cursor = line.characters.count
            case UInt8(ascii: "~") where number == 3: delete(&line)
            case UInt8(ascii: "~") where number == 1 || number == 7: line.cursor = 0
            case UInt8(ascii: "~") where number == 4 || number == 8: line.cursor = line.characters.count
            default: break
            }
            return
        }
    }

    private func recall(_ line: inout Line, by step: Int) {
        let place = line.place + step
        guard (0...history.count).contains(place) else { return }
        if line.place == history.count { line.own = line.characters }
        line.place = place
        line.characters = place == history.count ? line.own : Array(history[place])
        line.cursor = line.characters.count
    }

    /// Draws the line anew; of one that is longer than the terminal is wide, the part around the cursor.
    private func draw(_ line: Line) {
        var size = winsize()
        let known = unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        let width = max(8, (known ? Int(size.ws_col) : 80) - prompt.count - 1)
        let start = max(0, line.cursor - width)
        let shown = line.characters[start...].prefix(width)
        Terminal.stream("\r\u{1B}[2K\(prompt)\(String(shown))\r\u{1B}[\(prompt.count + line.cursor - start)C")
    }

    private static func byte() -> UInt8? {
        var byte: UInt8 = 0
        while true {
            let count = unsafe read(STDIN_FILENO, &byte, 1)
            if count == 1 { return byte }
            guard count < 0, errno == EINTR else { return nil }
        }
    }
}
