/// A trie over the bytes of a vocabulary: one walk finds the longest entry that a text starts with.
///
/// Edges live in one open-addressed table, so a step is one multiplication and, nearly always, one cache line:
///
///     slot = (parent << 8 | byte) + 1 in the high 32 bits, child in the low 32 bits; 0 is free
///
/// Nodes are numbered so that no second lookup asks "is this an entry?": a node where entry *id* ends *is* number
/// *id*, inner nodes and the root come after the last id.
package struct ByteTrie: Sendable {
    /// A node: an entry's id when less than `entryCount`.
    package typealias Node = UInt32

    /// Ids are 0..<entryCount.
    package let entryCount: UInt32
    /// Where every walk starts.
    package let root: Node
    private let slots: [UInt64]
    private let shift: UInt32

    /// Builds the trie in O(total bytes).
    /// - Parameter entries: the bytes of each id, empty ones left out; where two are equal, the later one stays.
    init(entries: [[UInt8]]) {
        // First pass: nodes in order of appearance; `ends` says which entry ends there.
        var edges = EdgeTable(capacity: entries.reduce(1) { $0 + $1.count })
        var ends: [Int32] = [-1]
        for (id, entry) in entries.enumerated() where !entry.isEmpty {
            var node: UInt32 = 0
            for byte in entry {
                let next = UInt32(ends.count)
                node = edges.child(of: node, byte: byte, orInsert: next)
                if node == next { ends.append(-1) }
            }
            ends[Int(node)] = Int32(id)
        }
        // Second pass: renumber.
        entryCount = UInt32(entries.count)
        var numbers: [UInt32] = []
        numbers.reserveCapacity(ends.count)
        var inner = entryCount
        for end in ends {
            if end >= 0 {
                numbers.append(UInt32(end))
            } else {
                numbers.append(inner)
                inner += 1
            }
        }
        var renumbered = EdgeTable(capacity: ends.count)
        for slot in edges.slots where slot != 0 {
            let key = UInt32(slot >> 32) - 1
            renumbered.insert(
                parent: numbers[Int(key >> 8)], byte: UInt8(key & 0xFF), child: numbers[Int(slot & 0xFFFF_FFFF)])
        }
        root = numbers[0]
        slots = renumbered.slots
        shift = renumbered.shift
    }

    /// The node one byte further, or nil where no entry goes on like this.
    @inline(__always)
    package func child(of node: Node, byte: UInt8) -> Node? {
        let key = UInt64(node << 8 | UInt32(byte)) + 1
        var index = EdgeTable.slot(of: key, shift: shift)
        while true {
            let slot = slots[index]
            if slot >> 32 == key { return UInt32(truncatingIfNeeded: slot) }
            if slot == 0 { return nil }
            index = (index + 1) & (slots.count - 1)
        }
    }

    /// The node after walking `bytes` from the root.
    package func node(after bytes: some Sequence<UInt8>) -> Node? {
        var node = root
        for byte in bytes {
            guard let next = child(of: node, byte: byte) else { return nil }
            node = next
        }
        return node
    }

    /// The id of the entry with exactly these bytes.
    package func id(of bytes: some Sequence<UInt8>) -> TokenID? {
        guard let node = node(after: bytes), node < entryCount else { return nil }
        return TokenID(node)
    }
}

/// Open addressing with linear probing over a power of two of slots, at most half full.
private struct EdgeTable {
    var slots: [UInt64]
    let shift: UInt32

    init(capacity: Int) {
        var bits: UInt32 = 4
        while (1 << bits) < capacity * 2 { bits += 1 }
        slots = Array(repeating: 0, count: 1 << bits)
        shift = 64 - bits
    }

    @inline(__always)
    static func slot(of key: UInt64, shift: UInt32) -> Int {
        Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> UInt64(shift))
    }

    mutating func child(of parent: UInt32, byte: UInt8, orInsert child: UInt32) -> UInt32 {
        let key = UInt64(parent << 8 | UInt32(byte)) + 1
        var index = Self.slot(of: key, shift: shift)
        while slots[index] != 0 {
            if slots[index] >> 32 == key { return UInt32(truncatingIfNeeded: slots[index]) }
            index = (index + 1) & (slots.count - 1)
        }
        slots[index] = key << 32 | UInt64(child)
        return child
    }

    mutating func insert(parent: UInt32, byte: UInt8, child: UInt32) {
        _ = self.child(of: parent, byte: byte, orInsert: child)
    }
}
