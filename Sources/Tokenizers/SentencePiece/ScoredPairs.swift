/// The pairs that merge into entries of a SentencePiece vocabulary.
///
/// Two neighbours merge when the two together are an entry, the ones of the highest score first: every split of an entry
/// into two entries is a pair, and all of them have that entry's rank. Where a file lists its merges instead, each has
/// the rank of its place in the list.
struct ScoredPairs: PairMerging, Sendable {
    /// From a pair to its number.
    private let table: MergeTable
    /// The rank of each pair by its number; empty where the number is the rank.
    private let ranks: [UInt32]
    /// UTF-8 of the characters that are no entries and that entries are made of: symbols from V on.
    let virtual: [[UInt8]]

    @inline(__always)
    func rank(of left: Int32, _ right: Int32) -> UInt32 {
        let number = table.rank(of: left, right)
        return number == MergeTable.noMerge || ranks.isEmpty ? number : ranks[Int(number)]
    }

    @inline(__always)
    func result(of left: Int32, _ right: Int32, rank: UInt32) -> Int32 {
        table.results[Int(ranks.isEmpty ? rank : table.rank(of: left, right))]
    }

    /// The merges of a list, by rank.
    /// - Parameters:
    ///   - merges: pairs of entries.
    ///   - vocabulary: the entries.
    ///   - path: the file they come from, for errors.
    /// - Throws: `malformed` for a merge of or into what is no entry, `limitExceeded`.
    init(
        merges: [(left: ArraySlice<UInt8>, right: ArraySlice<UInt8>)], vocabulary: Vocabulary, path: String
    ) throws(TokenizerError) {
        guard merges.count <= MergeTable.rankLimit else {
            throw .limitExceeded(path: path, what: "the list of merges", limit: MergeTable.rankLimit)
        }
        var table = MergeTable(capacity: merges.count)
        for merge in merges {
            guard let left = vocabulary.id(of: merge.left), let right = vocabulary.id(of: merge.right),
                let result = vocabulary.id(of: merge.left + merge.right)
            else {
                throw .malformed(
                    path: path, reason: "merge \(table.results.count) has a part or a result that is no token")
            }
            table.append(left: left, right: right, result: result)
        }
        self.table = table
        ranks = []
        virtual = []
    }

    /// Every split of every entry, by score.
    /// - Parameters:
    ///   - scores: the greater, the earlier an entry is merged; [V].
    ///   - isMerged: whether an entry may be merged into and be part of others; [V]. Control and byte tokens aren't.
    ///   - vocabulary: the entries, well-formed UTF-8.
    ///   - path: the file they come from, for errors.
    /// - Throws: `malformed` for a score that is no number, `limitExceeded`.
    init(
        scores: [Double], isMerged: [Bool], vocabulary: Vocabulary, path: String
    ) throws(TokenizerError) {
        let ranksOfEntries = try Self.ranks(of: scores, path: path)
        var splits = EntrySplits(vocabulary: vocabulary, isMerged: isMerged)
        var pairs: [EntrySplits.Pair] = []
        var ranks: [UInt32] = []
        for id in 0..<vocabulary.count where isMerged[id] {
            let entry = vocabulary.bytes(of: TokenID(id))
            guard entry.count <= TokenizerLimits.mergedEntryBytes else {
                throw .limitExceeded(
                    path: path, what: "the length of token \(id) in bytes", limit: TokenizerLimits.mergedEntryBytes)
            }
            splits.appendPairs(of: TokenID(id), to: &pairs)
            guard pairs.count <= MergeTable.rankLimit else {
                throw .limitExceeded(path: path, what: "the number of merges", limit: MergeTable.rankLimit)
            }
            ranks += repeatElement(ranksOfEntries[id], count: pairs.count - ranks.count)
        }
        guard vocabulary.count + splits.virtual.count < MergeTable.symbolLimit else {
            throw .limitExceeded(path: path, what: "the vocabulary", limit: MergeTable.symbolLimit)
        }
        var table = MergeTable(capacity: pairs.count)
        for pair in pairs { table.append(left: pair.left, right: pair.right, result: pair.result) }
        self.table = table
        self.ranks = ranks
        virtual = splits.virtual
    }

    /// 0 for the highest score; equal scores have equal ranks.
    private static func ranks(of scores: [Double], path: String) throws(TokenizerError) -> [UInt32] {
        if let bad = scores.firstIndex(where: \.isNaN) {
            throw .malformed(path: path, reason: "the score of token \(bad) is no number")
        }
        var ranks = Array(repeating: UInt32(0), count: scores.count)
        var rank: UInt32 = 0
        var last: Double?
        for id in scores.indices.sorted(by: { scores[$0] > scores[$1] }) {
            if let last, scores[id] < last { rank += 1 }
            last = scores[id]
            ranks[id] = rank
        }
        return ranks
    }
}
