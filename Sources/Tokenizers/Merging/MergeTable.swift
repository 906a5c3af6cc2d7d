/// Which two neighbouring symbols merge into which, and how early.
///
/// A symbol is a token id, or from V on a *virtual* symbol: a string that merges pass through and that is no token.
/// Open addressing, one 8-byte slot per merge:
///
///     left (22 bits) | right (22 bits) | rank + 1 (20 bits); 0 is free
struct MergeTable: PairMerging, Sendable {
    /// Up to so many symbols a word is merged by scanning.
    static let scanLimit = 48
    static let symbolLimit = 1 << 22
    static let rankLimit = (1 << 20) - 1

    /// What a merge of each rank makes.
    private(set) var results: [Int32] = []
    private var slots: [UInt64]
    private let shift: UInt64

    init(capacity: Int) {
        var bits: UInt64 = 4
        while (1 << bits) < capacity * 2 { bits += 1 }
        slots = Array(repeating: 0, count: 1 << bits)
        shift = 64 - bits
        results.reserveCapacity(capacity)
    }

    /// Adds the next merge in rank; a pair that is there already keeps its earlier rank.
    mutating func append(left: Int32, right: Int32, result: Int32) {
        let rank = UInt64(results.count)
        results.append(result)
        let pair = Self.pair(left, right)
        var index = slot(of: pair)
        while slots[index] != 0 {
            if slots[index] >> 20 == pair { return }
            index = (index + 1) & (slots.count - 1)
        }
        slots[index] = pair << 20 | (rank + 1)
    }

    /// The rank at which a pair merges, `noMerge` when it never does.
    @inline(__always)
    func rank(of left: Int32, _ right: Int32) -> UInt32 {
        let pair = Self.pair(left, right)
        var index = slot(of: pair)
        while true {
            let slot = slots[index]
            if slot == 0 { return Self.noMerge }
            if slot >> 20 == pair { return UInt32(truncatingIfNeeded: slot & 0xF_FFFF) - 1 }
            index = (index + 1) & (slots.count - 1)
        }
    }

    @inline(__always)
    func result(of left: Int32, _ right: Int32, rank: UInt32) -> Int32 { results[Int(rank)] }

    static let noMerge = UInt32.max

    @inline(__always)
    private static func pair(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 22 | UInt64(UInt32(bitPattern: right))
    }

    @inline(__always)
    private func slot(of pair: UInt64) -> Int {
        Int(truncatingIfNeeded: (pair &* 0x9E37_79B9_7F4A_7C15) >> shift)
    }
}
