/// Turns the bytes of tokens into pieces of text: whole characters only, and nothing of a stop string.
///
/// Bytes are held back while they may still become a character or a stop string, which may both span tokens. Bytes that
/// can't become a character any more turn into U+FFFD.
package struct TextStream {
    private let stops: [[UInt8]]
    private var held: [UInt8] = []

    /// Whether a stop string has come; nothing follows it.
    package private(set) var isStopped = false

    /// Starts an empty text that ends before the first of `stops`.
    package init(stops: [String] = []) {
        self.stops = stops.map { Array($0.utf8) }
    }

    /// Takes a token's bytes.
    ///
    /// Returns what can be shown now.
    package mutating func append(_ bytes: [UInt8]) -> String {
        guard !isStopped else { return "" }
        held += bytes
        if let start = firstStop() {
            isStopped = true
            let text = String(decoding: held[..<start], as: UTF8.self)
            held = []
            return text
        }
        let kept = max(possibleStopLength(), incompleteCharacterLength())
        let text = String(decoding: held.dropLast(kept), as: UTF8.self)
        held.removeFirst(held.count - kept)
        return text
    }

    /// Ends the text.
    ///
    /// Returns what was held back.
    package mutating func finish() -> String {
        defer { held = [] }
        return String(decoding: held, as: UTF8.self)
    }

    /// Where the earliest stop string begins.
    private func firstStop() -> Int? {
        for start in held.indices where stops.contains(where: { held[start...].starts(with: $0) }) { return start }
        return nil
    }

    /// Bytes at the end that begin some stop string.
    private func possibleStopLength() -> Int {
        var longest = 0
        for stop in stops {
            let most = min(stop.count - 1, held.count)
            guard most > longest else { continue }
            for length in stride(from: most, to: longest, by: -1) where stop.starts(with: held.suffix(length)) {
                longest = length
                break
            }
        }
        return longest
    }

    /// Bytes at the end that begin a character whose rest hasn't come.
    private func incompleteCharacterLength() -> Int {
        for length in 1..<4 where length <= held.count {
            let byte = held[held.count - length]
            if byte & 0xC0 == 0x80 { continue }
            let needed = byte >= 0xF0 && byte <= 0xF4 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC2 ? 2 : 1
            return byte <= 0xF4 && needed > length ? length : 0
        }
        return 0
    }
}
