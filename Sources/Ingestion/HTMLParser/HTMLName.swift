/// The names of elements and attributes as small integers.
///
/// Names are hashed while they are read; the hash of a known name stands for it, that of an unknown one tells it from
/// other unknown ones. 64 bits make an accidental meeting of two names no concern, and a made one only a misread tag.
enum HTMLName {
    /// The hash of no bytes (FNV-1a).
    static let emptyHash: UInt64 = 0xCBF2_9CE4_8422_2325

    /// The hash with one more byte, which must be in lower case.
    @inline(__always)
    static func step(_ hash: UInt64, _ byte: UInt8) -> UInt64 { (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }

    /// The hash of a name in lower case.
    static func hash(_ name: some Sequence<UInt8>) -> UInt64 { name.reduce(emptyHash, step) }

    /// Elements by the hash of their name.
    static let tags = HashTable<HTMLTag>(
        HTMLTag.allCases.map { (hash($0.name.utf8), $0) }, missing: .other)

    /// Attributes by the hash of their name.
    static let attributes = HashTable<HTMLAttribute>(
        HTMLAttribute.allCases.map { (hash($0.rawValue.utf8), $0) }, missing: .other)
}

/// A fixed table from hashes to values: open addressing, half empty, no second hash.
struct HashTable<Value: Sendable>: Sendable {
    private let keys: [UInt64]
    private let values: [Value]
    private let mask: Int
    private let missing: Value

    /// A table of `pairs`, whose hashes differ; `missing` is found for all others.
    init(_ pairs: [(hash: UInt64, value: Value)], missing: Value) {
        var capacity = 16
        while capacity < pairs.count * 2 { capacity *= 2 }
        var keys = [UInt64](repeating: 0, count: capacity)
        var values = [Value](repeating: missing, count: capacity)
        for pair in pairs {
            var slot = Self.slot(pair.hash, capacity - 1)
            while keys[slot] != 0, keys[slot] != pair.hash { slot = (slot + 1) & (capacity - 1) }
            keys[slot] = pair.hash
            values[slot] = pair.value
        }
        (self.keys, self.values, self.missing, mask) = (keys, values, missing, capacity - 1)
    }

    /// The value of a hash.
    @inline(__always)
    subscript(hash: UInt64) -> Value {
        var slot = Self.slot(hash, mask)
        while true {
            let key = keys[slot]
            if key == hash { return values[slot] }
            if key == 0 { return missing }
            slot = (slot + 1) & mask
        }
    }

    @inline(__always)
    private static func slot(_ hash: UInt64, _ mask: Int) -> Int {
        Int(truncatingIfNeeded: hash ^ hash >> 29) & mask
    }
}
