/// Byte pair encoding of one word: starting from its bytes, the neighbours of lowest rank merge, leftmost first, until
/// no pair is left.
///
/// Short words scan their few pairs again after each merge; long ones keep a heap of candidates over a linked list, so
/// that a word of n bytes costs O(n log n). Both give the same ids.
///
/// Source: Sennrich et al. 2016, "Neural Machine Translation of Rare Words with Subword Units", section 3.2.
struct BytePairModel: Sendable {
    /// Up to so many bytes a word is merged by scanning.
    static let scanLimit = 48

    private let merges: MergeTable
    /// The symbol of each byte.
    private let byteSymbols: [Int32]
    private let vocabularySize: Int32
    /// What a virtual symbol (from V on) leaves behind when it is not merged further.
    private let leftovers: [[TokenID]]
    /// Words as raw bytes, for families that take a whole word from the vocabulary before they merge.
    private let wholeWords: ByteTrie?

    /// - Parameters:
    ///   - vocabulary: entries in the byte alphabet.
    ///   - pairs: the merges, as pairs of entries by rank.
    ///   - takesWholeWords: whether a word that is an entry is that entry, whatever the merges say.
    ///   - path: the file they come from, for errors.
    /// - Throws: `malformed` for a merge that cannot be, `limitExceeded`.
    init(
        vocabulary: Vocabulary, merges pairs: [(left: ArraySlice<UInt8>, right: ArraySlice<UInt8>)],
        takesWholeWords: Bool, path: String
    ) throws(TokenizerError) {
        guard pairs.count <= MergeTable.rankLimit else {
            throw .limitExceeded(path: path, what: "the list of merges", limit: MergeTable.rankLimit)
        }
        var symbols = SymbolNumbers(vocabulary: vocabulary)
        byteSymbols = (0...255).map { symbols.number(of: ByteAlphabet.encoded($0)[...]) }
        var merges = MergeTable(capacity: pairs.count)
        for pair in pairs {
            guard !pair.left.isEmpty, !pair.right.isEmpty else {
                throw .malformed(path: path, reason: "merge \(merges.results.count) is not a pair")
            }
            merges.append(
                left: symbols.number(of: pair.left), right: symbols.number(of: pair.right),
                result: symbols.number(of: pair.left + pair.right))
        }
        guard vocabulary.count + symbols.virtual.count < MergeTable.symbolLimit else {
            throw .limitExceeded(path: path, what: "the vocabulary", limit: MergeTable.symbolLimit)
        }
        self.merges = merges
        vocabularySize = Int32(vocabulary.count)
        // As llama.cpp does: of a string that is no token, the characters that are tokens by themselves and one
        // byte long stay, the others are lost.
        leftovers = symbols.virtual.map { entry in
            entry.compactMap { $0 < 0x80 ? vocabulary.id(of: CollectionOfOne($0)) : nil }
        }
        wholeWords =
            takesWholeWords
            ? ByteTrie(
                entries: (0..<vocabulary.count).map { ByteAlphabet.decoded(Array(vocabulary.bytes(of: Int32($0)))) })
            : nil
    }

    /// Appends the ids of one word.
    /// - Parameters:
    ///   - word: its bytes in `text`, not empty.
    ///   - text: the text that the word is a range of.
    ///   - ids: where they go.
    ///   - workspace: kept between words, so that no word allocates.
    func append(
        word: Range<Int>, of text: Span<UInt8>, to ids: inout [TokenID], workspace: inout Workspace
    ) {
        if let wholeWords, let id = Self.id(of: word, text, wholeWords) {
            ids.append(id)
        } else if word.count == 1 {
            append(symbol: byteSymbols[Int(text[word.lowerBound])], to: &ids)
        } else if word.count <= Self.scanLimit {
            appendScanning(word, text, &ids, &workspace)
        } else {
            appendWithHeap(word, text, &ids, &workspace)
        }
    }

    private static func id(of word: Range<Int>, _ text: Span<UInt8>, _ trie: ByteTrie) -> TokenID? {
        var node = trie.root
        for position in word {
            guard let next = trie.child(of: node, byte: text[position]) else { return nil }
            node = next
        }
        return node < trie.entryCount ? TokenID(node) : nil
    }

    @inline(__always)
    private func append(symbol: Int32, to ids: inout [TokenID]) {
        if symbol < vocabularySize {
            ids.append(symbol)
        } else {
            ids += leftovers[Int(symbol - vocabularySize)]
        }
    }
}

// MARK: - Merging

extension BytePairModel {
    /// Buffers that words of one text share.
    struct Workspace {
        var symbols: [Int32] = []
        /// Rank of the pair that starts at each symbol.
        var ranks: [UInt32] = []
        var links: [Link] = []
        var heap = MergeHeap()
    }

    /// A symbol's neighbours in a long word.
    struct Link {
        var previous: Int32
        var next: Int32
    }

    private func appendScanning(
        _ word: Range<Int>, _ text: Span<UInt8>, _ ids: inout [TokenID], _ workspace: inout Workspace
    ) {
        var symbols = InlineArray<48, Int32>(repeating: 0)
        var ranks = InlineArray<48, UInt32>(repeating: MergeTable.noMerge)
        var count = word.count
        for offset in 0..<count { symbols[offset] = byteSymbols[Int(text[word.lowerBound + offset])] }
        for offset in 0..<count - 1 { ranks[offset] = merges.rank(of: symbols[offset], symbols[offset + 1]) }
        while true {
            var best = MergeTable.noMerge
            var at = 0
            for offset in 0..<count - 1 where ranks[offset] < best {
                best = ranks[offset]
                at = offset
            }
            if best == MergeTable.noMerge { break }
            symbols[at] = merges.results[Int(best)]
            count -= 1
            if at + 1 < count {
                for offset in at + 1..<count {
                    symbols[offset] = symbols[offset + 1]
                    ranks[offset] = ranks[offset + 1]
                }
            }
            if at > 0 { ranks[at - 1] = merges.rank(of: symbols[at - 1], symbols[at]) }
            ranks[at] = at + 1 < count ? merges.rank(of: symbols[at], symbols[at + 1]) : MergeTable.noMerge
        }
        for offset in 0..<count { append(symbol: symbols[offset], to: &ids) }
    }

    private func appendWithHeap(
        _ word: Range<Int>, _ text: Span<UInt8>, _ ids: inout [TokenID], _ workspace: inout Workspace
    ) {
        let count = word.count
        workspace.symbols.removeAll(keepingCapacity: true)
        workspace.links.removeAll(keepingCapacity: true)
        workspace.ranks.removeAll(keepingCapacity: true)
        workspace.heap.removeAll()
        for offset in 0..<count {
            workspace.symbols.append(byteSymbols[Int(text[word.lowerBound + offset])])
            workspace.links.append(Link(previous: Int32(offset) - 1, next: offset + 1 < count ? Int32(offset) + 1 : -1))
            workspace.ranks.append(MergeTable.noMerge)
        }
        for offset in 0..<count - 1 { offer(Int32(offset), &workspace) }
        while let (rank, at) = workspace.heap.popFirst() {
            // A candidate is stale when the pair at its place has changed since.
            guard workspace.ranks[Int(at)] == rank else { continue }
            let right = workspace.links[Int(at)].next
            let after = workspace.links[Int(right)].next
            workspace.symbols[Int(at)] = merges.results[Int(rank)]
            workspace.ranks[Int(right)] = MergeTable.noMerge
            workspace.links[Int(at)].next = after
            if after >= 0 { workspace.links[Int(after)].previous = at }
            offer(at, &workspace)
            if workspace.links[Int(at)].previous >= 0 { offer(workspace.links[Int(at)].previous, &workspace) }
        }
        var position: Int32 = 0
        while position >= 0 {
            append(symbol: workspace.symbols[Int(position)], to: &ids)
            position = workspace.links[Int(position)].next
        }
    }

    /// Notes the rank of the pair that starts at `position` now, and makes it a candidate.
    private func offer(_ position: Int32, _ workspace: inout Workspace) {
        let next = workspace.links[Int(position)].next
        let rank =
            next < 0
            ? MergeTable.noMerge
            : merges.rank(of: workspace.symbols[Int(position)], workspace.symbols[Int(next)])
        workspace.ranks[Int(position)] = rank
        if rank != MergeTable.noMerge { workspace.heap.insert(rank: rank, position: position) }
    }
}

/// Numbers for the strings that merges speak of: token ids, and numbers from V on for those that are no token.
private struct SymbolNumbers {
    let vocabulary: Vocabulary
    private(set) var virtual: [[UInt8]] = []
    private var numbers: [[UInt8]: Int32] = [:]

    init(vocabulary: Vocabulary) { self.vocabulary = vocabulary }

    mutating func number(of entry: ArraySlice<UInt8>) -> Int32 {
        if let id = vocabulary.id(of: entry) { return id }
        let key = Array(entry)
        if let number = numbers[key] { return number }
        let number = Int32(vocabulary.count + virtual.count)
        numbers[key] = number
        virtual.append(key)
        return number
    }
}
