/// Searches for bytes, eight at a time.
enum ByteScan {
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highs: UInt64 = 0x8080_8080_8080_8080

    /// Bytes of a word that are zero have their highest bit set in the result, at least up to the first of them.
    @inline(__always)
    private static func zeros(_ word: UInt64) -> UInt64 { (word &- ones) & ~word & highs }

    /// The index of the first `byte` at or after `start`, or the count.
    @inline(__always)
    static func find(_ byte: UInt8, in bytes: Span<UInt8>, from start: Int) -> Int {
        find(byte, or: byte, in: bytes, from: start)
    }

    /// The index of the first of two bytes at or after `start`, or the count.
    @inline(__always)
    static func find(_ first: UInt8, or second: UInt8, in bytes: Span<UInt8>, from start: Int) -> Int {
        let raw = unsafe bytes.bytes
        let count = raw.byteCount
        let firsts = ones &* UInt64(first)
        let seconds = ones &* UInt64(second)
        var index = start
        while index + 8 <= count {
            // The eight bytes are inside, as the line above says.
            let word = unsafe raw.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self).littleEndian
            let found = zeros(word ^ firsts) | zeros(word ^ seconds)
            if found != 0 { return index + found.trailingZeroBitCount >> 3 }
            index += 8
        }
        while index < count, bytes[index] != first, bytes[index] != second { index += 1 }
        return index
    }

    /// Whether there is a control character that means nothing in text: any but tab, line feed and carriage return.
    static func holdsControl(_ bytes: Span<UInt8>) -> Bool {
        holds(bytes, { ($0 &- ones &* 0x20) & ~$0 & highs != 0 }) { $0 < 0x20 && $0 != 9 && $0 != 10 && $0 != 13 }
    }

    /// Whether at least `count` characters of UTF-8 are not ASCII.
    static func holdsMultibyte(_ bytes: Span<UInt8>, count: Int) -> Bool {
        var left = count
        return holds(bytes, { $0 & highs != 0 }) { byte in
            if byte >= 0xC0 { left -= 1 }
            return left <= 0
        }
    }

    /// Whether a byte is so; `mayHold` sorts out words of eight bytes in which none can be.
    @inline(__always)
    private static func holds(
        _ bytes: Span<UInt8>, _ mayHold: (UInt64) -> Bool, _ isSo: (UInt8) -> Bool
    ) -> Bool {
        let raw = unsafe bytes.bytes
        var index = 0
        while index + 8 <= bytes.count {
            // The eight bytes are inside, as the line above says.
            let word = unsafe raw.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self)
            if mayHold(word) { for at in index..<(index + 8) where isSo(bytes[at]) { return true } }
            index += 8
        }
        while index < bytes.count {
            if isSo(bytes[index]) { return true }
            index += 1
        }
        return false
    }
}

extension UInt8 {
    /// Tab, line feed, form feed, carriage return or space: what HTML takes for white space.
    @inline(__always)
    var isHTMLSpace: Bool { self == 0x20 || self <= 13 && self >= 9 && self != 11 }

    /// An ASCII letter.
    @inline(__always)
    var isLetter: Bool { (self | 0x20) &- 0x61 < 26 }

    /// An ASCII letter or digit.
    @inline(__always)
    var isAlphanumeric: Bool { isLetter || self &- 0x30 < 10 }

    /// The byte, an upper-case ASCII letter as a lower-case one.
    @inline(__always)
    var lowercased: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }
}
