/// The third stage: one word into the pieces whose scores add up to most.
///
/// Viterbi over the word's bytes: the best segmentation of each prefix, from the best ones of shorter prefixes. A scalar
/// that no entry spells costs ten more than the worst entry and is unknown; neighbouring unknown scalars are one token.
///
/// Source: Kudo, "Subword Regularization" (2018), section 3.2; Hugging Face `tokenizers`, Unigram.
struct UnigramModel: Sendable {
    /// Buffers of one text, used again for every word.
    struct Workspace {
        /// Best score of each prefix by its length, and where its last piece starts (-1: not reached) and which it is.
        fileprivate var scores: [Double] = []
        fileprivate var starts: [Int32] = []
        fileprivate var ids: [TokenID] = []
        fileprivate var reversed: [TokenID] = []
    }

    let vocabulary: Vocabulary
    let unknownID: TokenID
    private let scores: [Double]
    private let unknownScore: Double
    /// The ids that stand for single bytes, [256]; empty without byte fallback.
    private let byteIDs: [TokenID]
    /// Entries that spell nothing unless special tokens are looked for in the text.
    private let specialIDs: Set<TokenID>

    /// How much worse than the worst entry an unknown scalar is.
    private static let unknownPenalty = 10.0

    /// - Parameters:
    ///   - vocabulary: the entries.
    ///   - scores: natural logarithms of probabilities by id; ids above spell nothing.
    ///   - unknownID: what stands for an unknown run.
    ///   - usesBytes: whether `<0x00>` … `<0xFF>` spell what the vocabulary cannot.
    ///   - specialIDs: entries that are no text unless special tokens are looked for.
    init(
        vocabulary: Vocabulary, scores: [Double], unknownID: TokenID, usesBytes: Bool, specialIDs: Set<TokenID>
    ) {
        self.vocabulary = vocabulary
        self.scores = scores
        self.unknownID = unknownID
        self.specialIDs = specialIDs
        unknownScore = (scores.min() ?? 0) - Self.unknownPenalty
        let bytes = ByteFallback.ids(in: vocabulary).compactMap(\.self)
        byteIDs = usesBytes && bytes.count == 256 ? bytes : []
    }

    /// Appends the ids of one word.
    /// - Parameters:
    ///   - word: well-formed UTF-8, not empty.
    ///   - parseSpecial: whether entries that are special tokens may spell text.
    ///   - ids: where they go.
    ///   - workspace: buffers to use.
    func append(
        word: Span<UInt8>, parseSpecial: Bool, to ids: inout [TokenID], workspace: inout Workspace
    ) {
        findBestPath(word, parseSpecial: parseSpecial, &workspace)
        workspace.reversed.removeAll(keepingCapacity: true)
        var end = word.count
        while end > 0 {
            let start = Int(workspace.starts[end])
            if workspace.ids[end] != unknownID {
                workspace.reversed.append(workspace.ids[end])
                end = start
                continue
            }
            var first = start
            while first > 0, workspace.ids[first] == unknownID { first = Int(workspace.starts[first]) }
            appendUnknown(word, first..<end, to: &workspace.reversed)
            end = first
        }
        ids += workspace.reversed.reversed()
    }

    /// The byte that `id` stands for where it is one of the 256 of byte fallback.
    func byte(of id: TokenID) -> UInt8? {
        byteIDs.firstIndex(of: id).map { UInt8($0) }
    }

    private func findBestPath(_ word: Span<UInt8>, parseSpecial: Bool, _ workspace: inout Workspace) {
        let count = word.count
        workspace.scores.removeAll(keepingCapacity: true)
        workspace.starts.removeAll(keepingCapacity: true)
        workspace.ids.removeAll(keepingCapacity: true)
        workspace.scores.append(contentsOf: repeatElement(0, count: count + 1))
        workspace.starts.append(contentsOf: repeatElement(-1, count: count + 1))
        workspace.ids.append(contentsOf: repeatElement(0, count: count + 1))
        let trie = vocabulary.trie
        var start = 0
        while start < count {
            let base = workspace.scores[start]
            let length = word.scalar(at: start).length
            var isSpelled = false
            var node = trie.root
            var end = start
            while end < count, let next = trie.child(of: node, byte: word[end]) {
                node = next
                end += 1
                guard node < trie.entryCount, Int(node) < scores.count,
                    parseSpecial || !specialIDs.contains(TokenID(node))
                else { continue }
                workspace.offer(base + scores[Int(node)], TokenID(node), from: start, to: end)
                if end - start == length { isSpelled = true }
            }
            if !isSpelled { workspace.offer(base + unknownScore, unknownID, from: start, to: start + length) }
            start += length
        }
    }

    /// What no path spells: an entry if it happens to be one, bytes, or unknown; in reverse.
    private func appendUnknown(_ word: Span<UInt8>, _ range: Range<Int>, to reversed: inout [TokenID]) {
        let bytes = range.map { word[$0] }
        if let id = vocabulary.id(of: bytes), Int(id) < scores.count {
            reversed.append(id)
        } else if byteIDs.isEmpty {
            reversed.append(unknownID)
        } else {
            for byte in bytes.reversed() { reversed.append(byteIDs[Int(byte)]) }
        }
    }
}

extension UnigramModel.Workspace {
    /// Takes a path to `end` if it is the first or better than the one known.
    @inline(__always)
    fileprivate mutating func offer(_ score: Double, _ id: TokenID, from start: Int, to end: Int) {
        guard starts[end] < 0 || score > scores[end] else { return }
        scores[end] = score
        starts[end] = Int32(start)
        ids[end] = id
    }
}
