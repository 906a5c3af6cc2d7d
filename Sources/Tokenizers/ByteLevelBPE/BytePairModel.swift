/// Byte pair encoding of one word, starting from its bytes: O(n log n) for a word of n bytes, see `PairMerging`.
///
/// Source: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners", section 2.2.
struct BytePairModel: Sendable {
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
        word: Range<Int>, of text: Span<UInt8>, to ids: inout [TokenID], workspace: inout MergeWorkspace
    ) {
        if let wholeWords, let id = Self.id(of: word, text, wholeWords) {
            ids.append(id)
        } else if word.count == 1 {
            append(symbol: byteSymbols[Int(text[word.lowerBound])], to: &ids)
        } else if word.count <= MergeTable.scanLimit {
            merges.mergeScanning(count: word.count) { offset in
                byteSymbols[Int(text[word.lowerBound + offset])]
            } _: { symbol in
                append(symbol: symbol, to: &ids)
            }
        } else {
            workspace.symbols.removeAll(keepingCapacity: true)
            for position in word { workspace.symbols.append(byteSymbols[Int(text[position])]) }
            merges.mergeWithHeap(&workspace) { append(symbol: $0, to: &ids) }
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
