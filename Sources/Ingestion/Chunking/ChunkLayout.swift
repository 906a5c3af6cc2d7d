/// Shares the pieces of a section out over chunks, as even as the pieces allow.
///
/// The cost of a chunk is the square of its distance from the target size, and something for a cut in an unlucky place;
/// the cheapest way to cut is found from the front, each piece once (dynamic programming over a window that no chunk
/// exceeds). O(pieces × pieces of a chunk).
struct ChunkLayout {
    let limit: Int
    let target: Int
    let overlap: Int

    /// Between a term and its explanation, a header and its rows, "as follows:" and what follows.
    private static let badCut: Float = 0.5
    /// Between sentences of one block, when there are block ends to cut at.
    private static let sentenceCut: Float = 0.05
    /// Pieces of a chunk, should they have no tokens at all.
    private static let mostPieces = 512

    /// The pieces of each chunk, in order; sentences of the chunk before are said again within `overlap` tokens.
    func groups(_ pieces: [ChunkPiece]) -> [[ChunkPiece]] {
        guard !pieces.isEmpty else { return [] }
        let total = pieces.reduce(0) { $0 + $1.tokens }
        if total <= limit, pieces.count <= Self.mostPieces { return [pieces] }
        let starts = cheapestStarts(pieces)
        var groups: [[ChunkPiece]] = []
        var end = pieces.count
        while end > 0 {
            groups.append(Array(pieces[starts[end]..<end]))
            end = starts[end]
        }
        groups.reverse()
        return withOverlap(groups)
    }

    /// For each end, where the last chunk before it starts in the cheapest layout.
    private func cheapestStarts(_ pieces: [ChunkPiece]) -> [Int] {
        var cost = [Float](repeating: .infinity, count: pieces.count + 1)
        var starts = [Int](repeating: 0, count: pieces.count + 1)
        cost[0] = 0
        for end in 1...pieces.count {
            var size = 0
            var start = end
            while start > 0, end - start < Self.mostPieces {
                let piece = pieces[start - 1]
                size += piece.tokens
                let whole = size + (piece.header?.tokens ?? 0)
                if whole > limit, end - start >= 1 { break }
                start -= 1
                let distance = Float(whole - target) / Float(target)
                let sum = cost[start] + distance * distance + cutCost(pieces, before: start)
                if sum < cost[end] {
                    cost[end] = sum
                    starts[end] = start
                }
            }
        }
        return starts
    }

    private func cutCost(_ pieces: [ChunkPiece], before index: Int) -> Float {
        guard index > 0 else { return 0 }
        if pieces[index - 1].keepsWithNext { return Self.badCut }
        return pieces[index].isSentence && pieces[index - 1].isSentence ? Self.sentenceCut : 0
    }

    private func withOverlap(_ groups: [[ChunkPiece]]) -> [[ChunkPiece]] {
        guard overlap > 0 else { return groups }
        var result: [[ChunkPiece]] = []
        for (index, group) in groups.enumerated() {
            var again: [ChunkPiece] = []
            if index > 0, group.first?.isSentence == true {
                let size = group.reduce(0) { $0 + $1.tokens }
                var extra = 0
                for piece in groups[index - 1].reversed() {
                    extra += piece.tokens
                    guard piece.isSentence, extra <= overlap, size + extra <= limit else { break }
                    again.insert(piece, at: 0)
                }
                if again.count == groups[index - 1].count { again = [] }
            }
            result.append(again + group)
        }
        return result
    }
}
