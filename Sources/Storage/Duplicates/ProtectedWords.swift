/// The words of a text that may not differ between two texts that say the same: figures, versions, names, negations and
/// the like.
public struct ProtectedWords: Sendable, Equatable {
    private let words: Set<UInt64>

    /// Reads `text`.
    /// - Complexity: O(bytes of text).
    public init(of text: String) {
        var scanner = WordScanner()
        scanner.scan(text)
        words = Set(scanner.protectedWords)
    }

    /// Whether the other text has them all.
    public func isSubset(of other: ProtectedWords) -> Bool { words.isSubset(of: other.words) }
}
