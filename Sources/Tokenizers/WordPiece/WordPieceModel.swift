/// The third stage: one word into word pieces, greedily, the longest piece first.
///
/// Source: Wu et al. 2016, "Google's Neural Machine Translation System", section 4.1; BERT `tokenization.py`.
struct WordPieceModel: Sendable {
    /// What a model's files may set.
    struct Options: Sendable, Equatable {
        var unknownToken = Array("[UNK]".utf8)
        var continuingPrefix = Array("##".utf8)
        /// A longer word is unknown as a whole.
        var maxScalarsPerWord = 100
    }

    let vocabulary: Vocabulary
    let options: Options
    let unknownID: TokenID
    /// Where the walk for every piece but the first starts; nil when no entry has the prefix.
    private let continuation: ByteTrie.Node?

    /// - Throws: `malformed` when the unknown token is not in the vocabulary.
    init(vocabulary: Vocabulary, options: Options, path: String) throws(TokenizerError) {
        guard let unknownID = vocabulary.id(of: options.unknownToken) else {
            let name = String(decoding: options.unknownToken, as: UTF8.self)
            throw .malformed(path: path, reason: "the unknown token \(name) is not in the vocabulary")
        }
        self.vocabulary = vocabulary
        self.options = options
        self.unknownID = unknownID
        continuation = vocabulary.trie.node(after: options.continuingPrefix)
    }

    /// Appends the ids of one normalised word.
    /// - Parameters:
    ///   - word: its UTF-8 bytes, not empty.
    ///   - scalarCount: how many scalars the word has, for words that are too long to have been kept whole.
    ///   - ids: where they go.
    @inline(__always)
    func append(word: [UInt8], scalarCount: Int, to ids: inout [TokenID]) {
        guard scalarCount <= options.maxScalarsPerWord else {
            ids.append(unknownID)
            return
        }
        let trie = vocabulary.trie
        let firstPiece = ids.count
        var start = 0
        while start < word.count {
            var node = trie.root
            if start > 0 {
                guard let continuation else { return replace(from: firstPiece, in: &ids) }
                node = continuation
            }
            var position = start
            var end = start
            var piece: TokenID = 0
            while position < word.count, let next = trie.child(of: node, byte: word[position]) {
                node = next
                position += 1
                if node < trie.entryCount {
                    piece = TokenID(node)
                    end = position
                }
            }
            guard end > start else { return replace(from: firstPiece, in: &ids) }
            ids.append(piece)
            start = end
        }
    }

    /// A word that cannot be spelled to its end is unknown as a whole.
    private func replace(from firstPiece: Int, in ids: inout [TokenID]) {
        ids.removeSubrange(firstPiece...)
        ids.append(unknownID)
    }
}
