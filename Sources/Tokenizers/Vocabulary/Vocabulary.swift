/// A vocabulary's entries by id: their bytes one after the other, `offsets[id] ..< offsets[id + 1]`.
///
/// Entries are kept as bytes, not as `String`s: two entries that differ only in Unicode normalisation are two tokens,
/// and `String` equality would make them one.
package struct Vocabulary: Sendable {
    /// V: one more than the greatest id; ids that no entry claims are empty.
    package var count: Int { offsets.count - 1 }
    /// From an entry's bytes to its id.
    package let trie: ByteTrie
    private let storage: [UInt8]
    private let offsets: [Int32]

    /// Makes a vocabulary from entries by id; an empty entry is an unclaimed id.
    /// - Parameters:
    ///   - entries: UTF-8 bytes of each entry; where two are equal the later one is found by its bytes.
    ///   - path: the file they come from, for errors.
    /// - Throws: `limitExceeded` when there are more entries or bytes than any model has.
    package init(entries: [[UInt8]], path: String) throws(TokenizerError) {
        guard entries.count <= TokenizerLimits.vocabularySize else {
            throw .limitExceeded(path: path, what: "the vocabulary", limit: TokenizerLimits.vocabularySize)
        }
        var total = 0
        for entry in entries { total += entry.count }
        guard total + entries.count <= TokenizerLimits.vocabularyBytes else {
            throw .limitExceeded(path: path, what: "the vocabulary's bytes", limit: TokenizerLimits.vocabularyBytes)
        }
        var storage: [UInt8] = []
        storage.reserveCapacity(total)
        var offsets: [Int32] = [0]
        offsets.reserveCapacity(entries.count + 1)
        for entry in entries {
            storage += entry
            offsets.append(Int32(storage.count))
        }
        self.storage = storage
        self.offsets = offsets
        trie = ByteTrie(entries: entries)
    }

    /// The bytes of an entry; none for an id outside of the vocabulary.
    package func bytes(of id: TokenID) -> ArraySlice<UInt8> {
        guard id >= 0, Int(id) < count else { return [] }
        return storage[Int(offsets[Int(id)])..<Int(offsets[Int(id) + 1])]
    }

    /// The entry as text; nil for an id that is not in use.
    package func token(of id: TokenID) -> String? {
        let bytes = bytes(of: id)
        return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
    }

    /// The id of the entry with exactly these bytes.
    package func id(of bytes: some Sequence<UInt8>) -> TokenID? {
        trie.id(of: bytes)
    }
}
