package import Kernels

/// Which slot each id's vector is in: a table in three steps, for ids that come in runs as row ids do.
///
///     top      by id / 65,536             → block, 0 for none
///     blocks   1,024 words for 65,536 ids → page, 0 for none
///     pages    64 words for 64 ids        → slot + 1, 0 for none
///
/// Four bytes for each id where ids are dense, and a lookup of three loads. Blocks and pages without ids are used
/// again, so ids that only ever grow do not make it grow. Ids go from 0 to `Bitmap.maximumID`.
package struct PlaceTable: Sendable {
    /// The number of ids.
    package private(set) var count = 0
    private var top: [UInt32] = []
    // Number 0 of each is nobody's: a step that leads nowhere leads there.
    private var blocks = Level(width: 1024)
    private var pages = Level(width: 64)

    /// An empty table.
    package init() {}

    /// The slot of `id`.
    @inline(__always)
    package subscript(id: Int64) -> UInt32? {
        let word = Int(id >> 16)
        guard id >= 0, word < top.count else { return nil }
        let slot = pages[blocks[top[word], Int(id >> 6) & 1023], Int(id) & 63]
        return slot == 0 ? nil : slot &- 1
    }

    /// Notes that `id` is in `slot`.
    ///
    /// - Returns: the slot it was in before.
    package mutating func updateValue(_ slot: UInt32, forKey id: Int64) -> UInt32? {
        let (word, inBlock, inPage) = (Int(id >> 16), Int(id >> 6) & 1023, Int(id) & 63)
        if word >= top.count { top.append(contentsOf: repeatElement(0, count: word + 1 - top.count)) }
        if top[word] == 0 { top[word] = blocks.take() }
        if blocks[top[word], inBlock] == 0 { blocks.set(top[word], inBlock, pages.take()) }
        let page = blocks[top[word], inBlock]
        let old = pages[page, inPage]
        pages.set(page, inPage, slot &+ 1)
        guard old == 0 else { return old &- 1 }
        count += 1
        return nil
    }

    /// Forgets `id`.
    ///
    /// - Returns: the slot it was in.
    package mutating func removeValue(forKey id: Int64) -> UInt32? {
        guard let slot = self[id] else { return nil }
        let (word, inBlock) = (Int(id >> 16), Int(id >> 6) & 1023)
        let page = blocks[top[word], inBlock]
        count -= 1
        if pages.clear(page, Int(id) & 63), blocks.clear(top[word], inBlock) { top[word] = 0 }
        return slot
    }

    /// The slots of those ids of `allowed` that are in the table.
    package func slots(of allowed: Bitmap) -> [UInt32] {
        var slots: [UInt32] = []
        slots.reserveCapacity(Swift.min(allowed.count, count))
        // A word of the bitmap is a page.
        allowed.forEachWord { word, bits in
            guard word >> 10 < top.count else { return }
            let page = blocks[top[word >> 10], word & 1023]
            guard page != 0 else { return }
            var rest = bits
            while rest != 0 {
                let slot = pages[page, rest.trailingZeroBitCount]
                if slot != 0 { slots.append(slot &- 1) }
                rest &= rest &- 1
            }
        }
        return slots
    }

    /// Rows of `width` words, counted, and used again when they are empty.
    private struct Level: Sendable {
        private let width: Int
        private var words: [UInt32]
        private var used: [UInt16] = [0]
        private var free: [UInt32] = []

        init(width: Int) {
            self.width = width
            words = [UInt32](repeating: 0, count: width)
        }

        @inline(__always)
        subscript(row: UInt32, column: Int) -> UInt32 { words[Int(row) * width + column] }

        /// An empty row.
        mutating func take() -> UInt32 {
            if let row = free.popLast() { return row }
            words.append(contentsOf: repeatElement(0, count: width))
            used.append(0)
            return UInt32(used.count - 1)
        }

        mutating func set(_ row: UInt32, _ column: Int, _ value: UInt32) {
            let index = Int(row) * width + column
            if words[index] == 0 { used[Int(row)] += 1 }
            words[index] = value
        }

        /// Clears a word that is set; returns whether the row was given up as empty.
        mutating func clear(_ row: UInt32, _ column: Int) -> Bool {
            words[Int(row) * width + column] = 0
            used[Int(row)] -= 1
            guard used[Int(row)] == 0 else { return false }
            free.append(row)
            return true
        }
    }
}
