/// What of a chunk's text is compared to tell whether another chunk says the same.
///
/// Texts of ``leastWords`` words and more say the same when their protected words (``WordScanner``: figures, versions,
/// names, negations and the like) are the same in the same order, their sets of three words in a row overlap by
/// ``leastOverlap``, and at most one of them has words that the other lacks (but for ``TurningWords/light``): one may add
/// something, but where each has words of its own, one thing is said instead of another. What adds something has to stand
/// below the same innermost heading, for a word slipped in may be all that two entries of a reference differ by. A shorter text lives by what stands above it: it says the same as another one only when title,
/// headings, words and protected words are all equal. Where to call or write to is the same everywhere, so title and
/// headings of a short text with a mail address or a telephone number don't count.
///
/// ``keys`` find the candidates: texts that say the same share at least one of them almost surely (a key is a minimum
/// over the hashed rows of three words, so two texts share it with a probability of their overlap: of three keys none is
/// shared by one pair in 300 at the least overlap). Every pair is then compared word by word.
///
/// Source: Broder, "On the resemblance and containment of documents", SEQUENCES 1997 (shingles, minima of permutations).
struct TextSketch: Sendable {
    /// Texts with fewer words are compared with their title and headings.
    static let leastWords = 20
    /// The least overlap (Jaccard) of the sets of three words in a row.
    static let leastOverlap = 0.85
    /// Raised whenever equal texts get other keys than before; a migration then makes all of them again.
    static let version = 1

    private static let shingleWords = 3
    private static let keyCount: UInt64 = 3

    /// What texts that say the same share: empty for a text without words, which says nothing.
    let keys: [Int64]
    /// The words in order, each as a hash.
    private let words: [UInt64]
    /// The protected words in order, as one hash.
    private let protected: UInt64
    /// Title and headings, where the text is short.
    private let context: UInt64?
    /// The innermost heading.
    private let heading: UInt64

    /// Reads a chunk.
    /// - Parameters:
    ///   - text: the chunk's text.
    ///   - title: its document's title.
    ///   - headingPath: the headings above it.
    ///   - collectionID: its collection; texts of different collections share no key.
    /// - Complexity: O(bytes of text).
    init(text: String, title: String, headingPath: [String], collectionID: Int64) {
        var scanner = WordScanner()
        scanner.scan(text)
        words = scanner.words
        heading = WordHash(headingPath.last ?? "").value
        protected = scanner.protectedWords.reduce(1) { Self.mixed($0 ^ $1) }
        let seed = Self.mixed(UInt64(bitPattern: collectionID) ^ (protected &* 0x9E37_79B9_7F4A_7C15))
        guard words.count < Self.leastWords else {
            context = nil
            var minima = [UInt64](repeating: .max, count: Int(Self.keyCount))
            Self.forEachShingle(of: words) { shingle in
                for key in minima.indices {
                    minima[key] = min(minima[key], Self.mixed(shingle ^ (UInt64(key + 1) &* 0xD1B5_4A32_D192_ED03)))
                }
            }
            keys = minima.enumerated().map { key, minimum in
                Int64(bitPattern: Self.mixed(seed ^ minimum &+ UInt64(key)))
            }
            return
        }
        var above = WordHash()
        for heading in scanner.hasAddress ? [] : [title] + headingPath {
            for byte in heading.utf8 { above.add(byte) }
            above.add(0)
        }
        context = above.value
        let key = words.reduce(Self.mixed(seed ^ above.value)) { Self.mixed($0 ^ $1) }
        keys = words.isEmpty ? [] : [Int64(bitPattern: key)]
    }

    /// How much of the three-word rows both texts share, 0 to 1; nil when they don't say the same.
    func overlap(with other: TextSketch) -> Double? {
        guard protected == other.protected, context == other.context else { return nil }
        if words == other.words { return words.isEmpty ? nil : 1 }
        guard context == nil, heading == other.heading else { return nil }
        let (mine, theirs) = (shingles, other.shingles)
        let shared = mine.intersection(theirs).count
        let overlap = Double(shared) / Double(mine.count + theirs.count - shared)
        return overlap >= Self.leastOverlap && isAddition(to: other) ? overlap : nil
    }

    /// Whether one of the texts has all the words of the other, as often.
    private func isAddition(to other: TextSketch) -> Bool {
        var surplus: [UInt64: Int] = [:]
        for word in words { surplus[word, default: 0] += 1 }
        for word in other.words { surplus[word, default: 0] -= 1 }
        let weighty = surplus.filter { $0.value != 0 && !TurningWords.light.contains($0.key) }.values
        return weighty.allSatisfy { $0 > 0 } || weighty.allSatisfy { $0 < 0 }
    }

    private var shingles: Set<UInt64> {
        var set = Set<UInt64>(minimumCapacity: words.count)
        Self.forEachShingle(of: words) { set.insert($0) }
        return set
    }

    private static func forEachShingle(of words: [UInt64], _ body: (UInt64) -> Void) {
        guard words.count >= shingleWords else { return }
        for start in 0...(words.count - shingleWords) {
            var hash: UInt64 = 0
            for offset in 0..<shingleWords { hash = mixed(hash &* 31 &+ words[start + offset]) }
            body(hash)
        }
    }

    /// Spreads what differs in any bit over all bits.
    ///
    /// Source: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014 (the finisher of
    /// SplitMix64).
    private static func mixed(_ value: UInt64) -> UInt64 {
        var value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

/// A running hash of bytes.
///
/// Source: Fowler, Noll, Vo, the hash FNV-1a with 64 bits.
struct WordHash {
    private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    init() {}

    init(_ text: some StringProtocol) { for byte in text.utf8 { add(byte) } }

    mutating func add(_ byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
}
