/// How the entries of a vocabulary split into two symbols each.
///
/// A vocabulary of 262,000 entries has millions of places to cut. Parts are looked up by a hash that grows byte by byte
/// at either end, Σ b[i] · base^i, so that a cut costs two look-ups whatever the parts' lengths.
struct EntrySplits {
    struct Pair {
        var left: Int32
        var right: Int32
        var result: Int32
    }

    private let vocabulary: Vocabulary
    /// UTF-8 of the characters that are no entries: symbols from V on.
    private(set) var virtual: [[UInt8]] = []
    private var numbers: [[UInt8]: Int32] = [:]
    /// Ids of the entries that merge, at the slot of their hash or behind it; -1 is free.
    private var slots: [Int32]
    private let mask: Int
    // Buffers of one entry: the hashes of what begins at each byte, and of what ends before it.
    private var suffixes: [UInt64] = []
    private var prefixes: [UInt64] = []

    private static let base: UInt64 = 0x9E37_79B9_7F4A_7C15

    /// - Parameters:
    ///   - vocabulary: the entries, well-formed UTF-8.
    ///   - isMerged: whether an entry may be merged into and be part of others; [V].
    init(vocabulary: Vocabulary, isMerged: [Bool]) {
        self.vocabulary = vocabulary
        var bits = 4
        while (1 << bits) < vocabulary.count * 2 { bits += 1 }
        mask = (1 << bits) - 1
        slots = Array(repeating: -1, count: 1 << bits)
        for id in 0..<TokenID(vocabulary.count) where isMerged[Int(id)] {
            let entry = vocabulary.bytes(of: id)
            // An entry that another of the same spelling hides is never merged.
            guard !entry.isEmpty, vocabulary.id(of: entry) == id else { continue }
            var hash: UInt64 = 0
            for byte in entry.reversed() { hash = hash &* Self.base &+ UInt64(byte) &+ 1 }
            var index = slot(of: hash)
            while slots[index] >= 0 { index = (index + 1) & mask }
            slots[index] = id
        }
    }

    /// Appends the pairs that merge into an entry that merges.
    mutating func appendPairs(of id: TokenID, to pairs: inout [Pair]) {
        let entry = vocabulary.bytes(of: id)
        guard entry.count > 1 else { return }
        setHashes(of: entry)
        guard symbol(of: entry[...], hash: suffixes[0]) == id else { return }
        for cut in 1..<entry.count where entry[entry.startIndex + cut] & 0xC0 != 0x80 {
            let place = entry.startIndex + cut
            guard let left = symbol(of: entry[..<place], hash: prefixes[cut]),
                let right = symbol(of: entry[place...], hash: suffixes[cut])
            else { continue }
            pairs.append(Pair(left: left, right: right, result: id))
        }
    }

    private mutating func setHashes(of entry: ArraySlice<UInt8>) {
        suffixes.removeAll(keepingCapacity: true)
        suffixes.append(contentsOf: repeatElement(0, count: entry.count + 1))
        prefixes.removeAll(keepingCapacity: true)
        prefixes.append(0)
        var power: UInt64 = 1
        for (offset, byte) in entry.enumerated() {
            prefixes.append(prefixes[offset] &+ (UInt64(byte) &+ 1) &* power)
            power = power &* Self.base
        }
        for offset in stride(from: entry.count - 1, through: 0, by: -1) {
            let byte = entry[entry.startIndex + offset]
            suffixes[offset] = suffixes[offset + 1] &* Self.base &+ UInt64(byte) &+ 1
        }
    }

    private func slot(of hash: UInt64) -> Int {
        Int(truncatingIfNeeded: ((hash ^ hash >> 29) &* 0xBF58_476D_1CE4_E5B9) >> 32) & mask
    }

    /// The symbol of a part: an entry that merges, or else a single character.
    private mutating func symbol(of part: ArraySlice<UInt8>, hash: UInt64) -> Int32? {
        var index = slot(of: hash)
        while slots[index] >= 0 {
            if vocabulary.bytes(of: slots[index]) == part { return slots[index] }
            index = (index + 1) & mask
        }
        guard part.count <= 4, part.dropFirst().allSatisfy({ $0 & 0xC0 == 0x80 }) else { return nil }
        let character = Array(part)
        if let number = numbers[character] { return number }
        let number = Int32(vocabulary.count + virtual.count)
        numbers[character] = number
        virtual.append(character)
        return number
    }
}
