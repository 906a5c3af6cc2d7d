/// A growable set of chunk ids as one bit each: the form filters take on their way to the indexes.
///
/// Ids are SQLite row ids, dense from 1, so 64-bit words indexed by `id / 64` cost an eighth of a byte per chunk and
/// make membership one load. Ids outside `0...maximumID` are never members: `insert` refuses them and says so.
///
///     word 0               word 1
///     ids 0 … 63           ids 64 … 127          …  bit `id % 64` of word `id / 64`
///
/// Two bitmaps are equal when they hold the same ids, whatever they once held.
public struct Bitmap: Sendable {
    /// The greatest id a bitmap holds: 2³² − 1, a bitmap of 512 MiB.
    public static let maximumID: Int64 = 0xFFFF_FFFF

    @usableFromInline
    internal var words: [UInt64]

    /// The number of ids in the set.
    ///
    /// O(1).
    public private(set) var count: Int

    /// Whether no id is in the set.
    public var isEmpty: Bool { count == 0 }

    /// Creates an empty set.
    public init() {
        words = []
        count = 0
    }

    /// Creates an empty set with room for ids up to `capacity` without growing.
    public init(capacity: Int64) {
        self.init()
        words.reserveCapacity(Int(Swift.min(Swift.max(capacity, 0), Bitmap.maximumID)) / 64 + 1)
    }

    /// Creates a set of `ids`; ids out of range are left out.
    public init(_ ids: some Sequence<Int64>) {
        self.init()
        for id in ids { insert(id) }
    }

    /// Creates the set of all ids from 0 to `id`; empty when `id` is negative, up to ``maximumID`` when it is beyond.
    public init(through id: Int64) {
        guard id >= 0 else {
            self.init()
            return
        }
        let (full, rest) = (Swift.min(id, Bitmap.maximumID) + 1).quotientAndRemainder(dividingBy: 64)
        let tail: [UInt64] = rest > 0 ? [(1 << UInt64(rest)) - 1] : []
        self.init(words: [UInt64](repeating: .max, count: Int(full)) + tail)
    }

    private init(words: [UInt64]) {
        self.words = words
        count = words.reduce(0) { $0 + $1.nonzeroBitCount }
    }

    /// Whether `id` is in the set.
    ///
    /// O(1).
    @inlinable
    public func contains(_ id: Int64) -> Bool {
        let word = id >> 6
        guard word >= 0, word < Int64(words.count) else { return false }
        return words[Int(word)] & (1 &<< UInt64(truncatingIfNeeded: id)) != 0
    }

    /// Adds `id`.
    ///
    /// Amortised O(1), growing to the id's word.
    /// - Returns: false, with nothing changed, when `id` is outside `0...maximumID`.
    @discardableResult
    public mutating func insert(_ id: Int64) -> Bool {
        guard id >= 0, id <= Bitmap.maximumID else { return false }
        let word = Int(id >> 6)
        if word >= words.count { grow(toHold: word) }
        let bit: UInt64 = 1 &<< UInt64(truncatingIfNeeded: id)
        if words[word] & bit == 0 {
            words[word] |= bit
            count += 1
        }
        return true
    }

    /// Takes `id` out.
    ///
    /// O(1).
    /// - Returns: whether it was in the set.
    @discardableResult
    public mutating func remove(_ id: Int64) -> Bool {
        guard contains(id) else { return false }
        words[Int(id >> 6)] &= ~(1 &<< UInt64(truncatingIfNeeded: id))
        count -= 1
        return true
    }

    /// Calls `body` for each word that is not zero with its number and its bits: 64 ids at a time.
    @inlinable
    package func forEachWord(_ body: (_ word: Int, _ bits: UInt64) -> Void) {
        for word in words.indices where words[word] != 0 { body(word, words[word]) }
    }

    /// Calls `body` with the words: bit `id % 64` of word `id / 64` says whether `id` is in the set.
    package func withWords<Result>(_ body: (UnsafeBufferPointer<UInt64>) -> Result) -> Result {
        // For kernels, which read the words and keep nothing.
        unsafe words.withUnsafeBufferPointer { unsafe body($0) }
    }

    private mutating func grow(toHold word: Int) {
        // Doubling keeps ascending inserts linear; the cap bounds what one far id can cost.
        let target = Swift.max(word + 1, Swift.min(words.count * 2, Int(Bitmap.maximumID >> 6) + 1))
        words.append(contentsOf: repeatElement(0, count: target - words.count))
    }
}

// MARK: - Set algebra

extension Bitmap {
    /// The ids in both sets.
    public func intersection(_ other: Bitmap) -> Bitmap {
        let shared = Swift.min(words.count, other.words.count)
        return Bitmap(words: (0..<shared).map { words[$0] & other.words[$0] })
    }

    /// The ids in either set.
    public func union(_ other: Bitmap) -> Bitmap {
        var (long, short) = words.count >= other.words.count ? (words, other.words) : (other.words, words)
        for index in short.indices { long[index] |= short[index] }
        short = []
        return Bitmap(words: long)
    }

    /// The ids of this set that are not in `other`.
    public func subtracting(_ other: Bitmap) -> Bitmap {
        var left = words
        for index in 0..<Swift.min(words.count, other.words.count) { left[index] &= ~other.words[index] }
        return Bitmap(words: left)
    }

    /// The number of ids in both sets, without building the intersection.
    public func intersectionCount(_ other: Bitmap) -> Int {
        var total = 0
        for index in 0..<Swift.min(words.count, other.words.count) {
            total += (words[index] & other.words[index]).nonzeroBitCount
        }
        return total
    }
}

extension Bitmap: Equatable {
    /// Whether both hold the same ids.
    public static func == (left: Bitmap, right: Bitmap) -> Bool {
        guard left.count == right.count else { return false }
        // Equal counts and equal shared words leave nothing for the longer one's tail.
        return (0..<Swift.min(left.words.count, right.words.count)).allSatisfy { left.words[$0] == right.words[$0] }
    }
}

// MARK: - Iteration

extension Bitmap: Sequence, ExpressibleByArrayLiteral {
    /// Creates a set of the listed ids; ids out of range are left out.
    public init(arrayLiteral ids: Int64...) {
        self.init(ids)
    }

    /// Walks the ids upwards, one trailing-zero count per id.
    public struct Iterator: IteratorProtocol, Sendable {
        private let words: [UInt64]
        private var index = 0
        private var rest: UInt64

        init(words: [UInt64]) {
            self.words = words
            rest = words.first ?? 0
        }

        /// The next greater id, or nil after the last one.
        public mutating func next() -> Int64? {
            while rest == 0 {
                index += 1
                guard index < words.count else { return nil }
                rest = words[index]
            }
            let bit = rest.trailingZeroBitCount
            rest &= rest - 1
            return Int64(index) << 6 | Int64(bit)
        }
    }

    /// The ids in ascending order.
    public func makeIterator() -> Iterator { Iterator(words: words) }

    /// The number of ids: what algorithms over sequences use to reserve room.
    public var underestimatedCount: Int { count }
}
