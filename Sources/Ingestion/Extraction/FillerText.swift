/// Tells text from filler: megabytes of the same few characters over and over.
///
/// Such a document holds nothing to find, but cutting and embedding it would cost what a document of its length costs:
/// minutes for a cell of five million quotation marks. What counts is how many different runs of eight bytes there are.
/// A page of prose has a thousand; a log of a million lines that differ in a number has thousands.
enum FillerText {
    /// Shorter texts cost little, whatever they hold.
    static let shortest = 1 << 20
    /// Text has more different runs of eight bytes than this.
    static let fewest = 1_000

    /// Whether `text` is filler; reads text no further than its first few kilobytes.
    static func matches(_ text: Span<UInt8>) -> Bool {
        guard text.count >= shortest else { return false }
        var seen = [Bool](repeating: false, count: 1 << 16)
        var found = 0
        var window: UInt64 = 0
        for index in text.indices {
            window = window << 8 | UInt64(text[index])
            guard index >= 7 else { continue }
            let hash = Int((window &* 0x9E37_79B9_7F4A_7C15) >> 48)
            if seen[hash] { continue }
            seen[hash] = true
            found += 1
            if found > fewest { return false }
        }
        return true
    }
}
