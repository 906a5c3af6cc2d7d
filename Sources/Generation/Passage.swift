public import Retrieval

/// A retrieved chunk with the number that an answer cites it by.
public struct Passage: Sendable {
    /// 1 for the best passage; what stands in `[1]`.
    public var number: Int
    /// The chunk, its document and its scores.
    public var hit: SearchHit

    /// Bundles a passage.
    public init(number: Int, hit: SearchHit) {
        self.number = number
        self.hit = hit
    }

    /// Title and headings on one line, each once: what a reader needs to place the text.
    public var heading: String {
        var parts: [String] = []
        for part in [hit.title] + hit.headingPath where !part.isEmpty && !parts.contains(part) { parts.append(part) }
        return parts.joined(separator: " > ")
    }
}
