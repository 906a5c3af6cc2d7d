public import Storage

/// What of a hit's document is to come with it, decided when the question is asked: nothing is indexed for it.
public struct ContextRequest: Sendable, Equatable {
    /// The range of ``neighbours``.
    public static let neighboursRange = 0...50
    /// The range of ``maximumTokens``.
    public static let maximumTokensRange = 1...16_384
    /// ``maximumTokens`` when nothing else is said.
    public static let defaultMaximumTokens = 1_024
    /// Chunks that are looked at on either side: more than fit into ``maximumTokens`` but for the tiniest.
    static let reach = 512

    /// Chunks before and after the hit.
    public var neighbours: Int
    /// Whether the hit's whole section comes: the chunks below its innermost heading, subsections included.
    ///
    /// Where the hit is all of its section, the section above counts.
    public var parent: Bool
    /// The most tokens of the encoder that all chunks have together; the hit itself always comes.
    public var maximumTokens: Int

    /// Describes a context.
    public init(neighbours: Int = 0, parent: Bool = false, maximumTokens: Int = defaultMaximumTokens) {
        self.neighbours = neighbours
        self.parent = parent
        self.maximumTokens = maximumTokens
    }

    /// Checks the ranges, and that anything is asked for.
    /// - Throws: ``RetrievalError/invalidRequest(field:reason:)`` naming the field and its range.
    public func validate() throws(RetrievalError) {
        try SearchRequest.check("context.neighbours", neighbours, Self.neighboursRange)
        try SearchRequest.check("context.max_tokens", maximumTokens, Self.maximumTokensRange)
        guard neighbours > 0 || parent else {
            throw .invalidRequest(field: "context", reason: "give neighbours from 1, parent, or both")
        }
    }

    /// The chunks to take around `index`.
    func range(in chunks: [ChunkOutline], around index: Int) -> ClosedRange<Int> {
        var wanted = max(0, index - neighbours)...min(chunks.count - 1, index + neighbours)
        if parent {
            let section = Self.section(of: index, in: chunks)
            wanted = min(wanted.lowerBound, section.lowerBound)...max(wanted.upperBound, section.upperBound)
        }
        return fitted(wanted, chunks, around: index)
    }

    /// The run of chunks below the heading of the one at `index`, or below the nearest one above that has others.
    private static func section(of index: Int, in chunks: [ChunkOutline]) -> ClosedRange<Int> {
        var path = chunks[index].headingPath[...]
        while true {
            var (low, high) = (index, index)
            while low > 0, chunks[low - 1].headingPath.starts(with: path) { low -= 1 }
            while high + 1 < chunks.count, chunks[high + 1].headingPath.starts(with: path) { high += 1 }
            if low < high || path.isEmpty { return low...high }
            path = path.dropLast()
        }
    }

    /// Grows from `index`, once after it and once before it, while the tokens last.
    private func fitted(_ wanted: ClosedRange<Int>, _ chunks: [ChunkOutline], around index: Int) -> ClosedRange<Int> {
        var (low, high) = (index, index)
        var rest = maximumTokens - chunks[index].tokenCount
        var (goesUp, goesDown) = (true, true)
        while goesUp || goesDown {
            goesDown = goesDown && high < wanted.upperBound && chunks[high + 1].tokenCount <= rest
            if goesDown {
                high += 1
                rest -= chunks[high].tokenCount
            }
            goesUp = goesUp && low > wanted.lowerBound && chunks[low - 1].tokenCount <= rest
            if goesUp {
                low -= 1
                rest -= chunks[low].tokenCount
            }
        }
        return low...high
    }
}

/// What stands around a hit in its document: a slice of the extracted text, the hit in it.
public struct HitContext: Sendable, Equatable, Encodable {
    /// The slice.
    public var text: String
    /// Where it stands in the document's extracted text, in UTF-8 bytes.
    public var span: UTF8SpanValue
    /// The chunks it is made of, in the order of the text.
    public var chunkIDs: [Int64]

    init(_ surroundings: ChunkSurroundings) {
        text = surroundings.text
        span = UTF8SpanValue(surroundings.utf8Span)
        chunkIDs = surroundings.chunkIDs
    }

    private enum CodingKeys: String, CodingKey {
        case text, span
        case chunkIDs = "chunk_ids"
    }
}
