/// Byte pair encoding over characters: a word's characters merge into entries, and what is no entry falls back to bytes.
///
/// A text isn't cut into words before, so that a whole one is merged with a heap; but where no entry has a `▁` behind
/// another character, no merge crosses the place before a `▁`, and the text is merged word by word with the same result.
///
/// Source: Kudo and Richardson 2018, "SentencePiece: A simple and language independent subword tokenizer".
struct SentencePieceBPEModel: Sendable {
    /// What stands for a character that has no entry and not all of its bytes.
    struct Unknown: Sendable, Equatable {
        var id: TokenID
        /// Whether several in a row are one token.
        var isFused: Bool
    }

    private let pairs: ScoredPairs
    private let vocabulary: Vocabulary
    private let vocabularySize: Int32
    /// The symbol of each scalar of the basic plane, -1 where it has none.
    private let basicPlane: [Int32]
    /// Those of the other planes.
    private let otherPlanes: [UInt32: Int32]
    /// The id of each byte, [256]; empty without byte fallback.
    private let byteIDs: [TokenID?]
    private let unknown: Unknown?
    /// Whether a word that is an entry is that entry, whatever the merges say.
    private let takesWholeWords: Bool
    private let cutsAtMarks: Bool

    /// - Parameters:
    ///   - vocabulary: the entries.
    ///   - pairs: what merges.
    ///   - isText: whether an entry spells text; [V].
    ///   - usesBytes: whether `<0x00>` … `<0xFF>` spell what the vocabulary cannot.
    ///   - unknown: what stands for the rest; without it the rest is lost.
    ///   - takesWholeWords: whether a word is looked up whole first.
    init(
        vocabulary: Vocabulary, pairs: ScoredPairs, isText: [Bool], usesBytes: Bool, unknown: Unknown?,
        takesWholeWords: Bool = false
    ) {
        self.vocabulary = vocabulary
        self.pairs = pairs
        self.unknown = unknown
        self.takesWholeWords = takesWholeWords
        vocabularySize = Int32(vocabulary.count)
        byteIDs = usesBytes ? ByteFallback.ids(in: vocabulary) : []
        var basicPlane = Array(repeating: Int32(-1), count: 0x10000)
        var otherPlanes: [UInt32: Int32] = [:]
        var hasInnerMark = false
        func put(_ symbol: Int32, _ entry: ArraySlice<UInt8>) {
            guard let scalar = Self.onlyScalar(of: entry) else { return }
            if scalar < 0x10000 { basicPlane[Int(scalar)] = symbol } else { otherPlanes[scalar] = symbol }
        }
        for (number, character) in pairs.virtual.enumerated() { put(vocabularySize + Int32(number), character[...]) }
        for id in 0..<vocabularySize where isText[Int(id)] {
            let entry = vocabulary.bytes(of: id)
            put(id, entry)
            hasInnerMark = hasInnerMark || Self.hasInnerMark(entry)
        }
        self.basicPlane = basicPlane
        self.otherPlanes = otherPlanes
        // The mark has to be a symbol itself: an unknown one could be fused with what stands before it.
        cutsAtMarks = !hasInnerMark && basicPlane[0x2581] >= 0
    }

    /// Appends the ids of `text[range]`.
    /// - Parameters:
    ///   - range: a word or a whole text, maybe empty.
    ///   - text: well-formed UTF-8, spaces written as `▁`.
    ///   - ids: where they go.
    ///   - workspace: kept between words, so that no word allocates.
    func append(
        _ range: Range<Int>, of text: Span<UInt8>, to ids: inout [TokenID], workspace: inout MergeWorkspace
    ) {
        if takesWholeWords, let id = vocabulary.id(of: range.map { text[$0] }) {
            ids.append(id)
            return
        }
        guard cutsAtMarks else { return merge(range, text, &ids, &workspace) }
        var start = range.lowerBound
        var position = start
        var isAfterMark = true
        while position < range.upperBound {
            let isMark = Self.isMark(text, position, range.upperBound)
            if isMark, !isAfterMark {
                merge(start..<position, text, &ids, &workspace)
                start = position
            }
            isAfterMark = isMark
            position += isMark ? Metaspace.mark.count : 1
        }
        merge(start..<range.upperBound, text, &ids, &workspace)
    }

    private func merge(
        _ range: Range<Int>, _ text: Span<UInt8>, _ ids: inout [TokenID], _ workspace: inout MergeWorkspace
    ) {
        setSymbols(of: range, text, &workspace)
        let count = workspace.symbols.count
        if count > MergeTable.scanLimit {
            pairs.mergeWithHeap(&workspace) { append(symbol: $0, to: &ids) }
        } else if count > 0 {
            let symbols = workspace.symbols.span
            pairs.mergeScanning(count: count) {
                symbols[$0]
            } _: {
                append(symbol: $0, to: &ids)
            }
        }
    }

    /// The symbols that a text starts from: its characters, bytes of those that aren't in the vocabulary, or unknown.
    private func setSymbols(of range: Range<Int>, _ text: Span<UInt8>, _ workspace: inout MergeWorkspace) {
        workspace.symbols.removeAll(keepingCapacity: true)
        var hasUnknown = false
        var position = range.lowerBound
        while position < range.upperBound {
            let (scalar, length) = text.scalar(at: position)
            defer { position += length }
            let symbol = scalar < 0x10000 ? basicPlane[Int(scalar)] : otherPlanes[scalar] ?? -1
            if symbol >= 0 {
                if hasUnknown, let unknown { workspace.symbols.append(unknown.id) }
                hasUnknown = false
                workspace.symbols.append(symbol)
            } else if hasBytes(position..<position + length, text) {
                // As in the library, an unknown character waits until one that has an entry.
                for place in position..<position + length {
                    if let id = byteIDs[Int(text[place])] { workspace.symbols.append(id) }
                }
            } else if let unknown {
                if hasUnknown, !unknown.isFused { workspace.symbols.append(unknown.id) }
                hasUnknown = true
            }
        }
        if hasUnknown, let unknown { workspace.symbols.append(unknown.id) }
    }

    private func hasBytes(_ range: Range<Int>, _ text: Span<UInt8>) -> Bool {
        !byteIDs.isEmpty && range.allSatisfy { byteIDs[Int(text[$0])] != nil }
    }

    @inline(__always)
    private func append(symbol: Int32, to ids: inout [TokenID]) {
        if symbol < vocabularySize {
            ids.append(symbol)
        } else {
            for byte in pairs.virtual[Int(symbol - vocabularySize)] {
                if let id = byteIDs.isEmpty ? nil : byteIDs[Int(byte)] { ids.append(id) }
            }
        }
    }

    @inline(__always)
    private static func isMark(_ text: Span<UInt8>, _ position: Int, _ end: Int) -> Bool {
        text[position] == 0xE2 && position + 2 < end && text[position + 1] == 0x96 && text[position + 2] == 0x81
    }

    /// The scalar of an entry of one character, nil for others.
    private static func onlyScalar(of entry: ArraySlice<UInt8>) -> UInt32? {
        guard (1...4).contains(entry.count), let text = String(validating: entry, as: UTF8.self) else { return nil }
        let scalars = text.unicodeScalars
        guard let first = scalars.first, scalars.count == 1 else { return nil }
        return first.value
    }

    /// Whether an entry has a `▁` behind another character.
    private static func hasInnerMark(_ entry: ArraySlice<UInt8>) -> Bool {
        var rest = entry
        while rest.starts(with: Metaspace.mark) { rest = rest.dropFirst(Metaspace.mark.count) }
        return rest.indices.contains { rest[$0] == 0xE2 && rest[$0...].starts(with: Metaspace.mark) }
    }
}
