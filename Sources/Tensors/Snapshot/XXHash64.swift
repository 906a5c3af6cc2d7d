/// The 64-bit hash that guards every section of a snapshot: four multiply lanes, about memory speed, one pass.
///
/// It finds damage, not malice. Bytes may arrive in pieces of any size; the result depends on their concatenation.
///
/// Source: the xxHash specification, "XXH64 algorithm description" (xxhash_spec.md, version 0.2.0), with seed 0.
package struct XXHash64: Sendable {
    private static let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
    private static let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
    private static let prime3: UInt64 = 0x1656_67B1_9E37_79F9
    private static let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
    private static let prime5: UInt64 = 0x27D4_EB2F_1656_67C5
    private static let stripe = 32

    private var lanes: SIMD4<UInt64> = [prime1 &+ prime2, prime2, 0, 0 &- prime1]
    private var tail: [UInt8] = []  // fewer than 32 bytes that fill no stripe yet
    private var length: UInt64 = 0

    /// Creates a hash of no bytes.
    package init() {
        tail.reserveCapacity(XXHash64.stripe)
    }

    /// The hash of `bytes`.
    package static func hash(_ bytes: RawSpan) -> UInt64 {
        var hash = XXHash64()
        hash.update(bytes)
        return hash.value
    }

    /// The hash of `bytes`.
    package static func hash(_ bytes: [UInt8]) -> UInt64 {
        // Bytes have no padding.
        unsafe hash(bytes.span.bytes)
    }

    /// Appends `bytes`.
    package mutating func update(_ bytes: RawSpan) {
        // Raw loads: this loop runs over whole index files at each load.
        unsafe bytes.withUnsafeBytes { unsafe update($0) }
    }

    private mutating func update(_ bytes: UnsafeRawBufferPointer) {
        length &+= UInt64(bytes.count)
        var offset = 0
        if !tail.isEmpty {
            offset = min(XXHash64.stripe - tail.count, bytes.count)
            unsafe tail.append(contentsOf: bytes[0..<offset])
            guard tail.count == XXHash64.stripe else { return }
            let full = tail
            tail.removeAll(keepingCapacity: true)
            unsafe full.withUnsafeBytes { _ = unsafe consume(stripesOf: $0, from: 0) }
        }
        offset = unsafe consume(stripesOf: bytes, from: offset)
        unsafe tail.append(contentsOf: bytes[offset...])
    }

    /// Consumes the whole stripes of `bytes` from `start`; returns where the rest begins.
    private mutating func consume(stripesOf bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var (a, b, c, d) = (lanes[0], lanes[1], lanes[2], lanes[3])
        var offset = start
        while bytes.count - offset >= XXHash64.stripe {
            a = unsafe XXHash64.round(a, XXHash64.word(bytes, offset))
            b = unsafe XXHash64.round(b, XXHash64.word(bytes, offset + 8))
            c = unsafe XXHash64.round(c, XXHash64.word(bytes, offset + 16))
            d = unsafe XXHash64.round(d, XXHash64.word(bytes, offset + 24))
            offset += XXHash64.stripe
        }
        lanes = [a, b, c, d]
        return offset
    }

    /// The hash of everything appended so far.
    package var value: UInt64 {
        var hash: UInt64
        if length >= UInt64(XXHash64.stripe) {
            hash = XXHash64.rotate(lanes[0], 1) &+ XXHash64.rotate(lanes[1], 7)
            hash = hash &+ XXHash64.rotate(lanes[2], 12) &+ XXHash64.rotate(lanes[3], 18)
            for lane in 0..<4 {
                hash = (hash ^ XXHash64.round(0, lanes[lane])) &* XXHash64.prime1 &+ XXHash64.prime4
            }
        } else {
            hash = XXHash64.prime5
        }
        hash = hash &+ length
        hash = unsafe tail.withUnsafeBytes { unsafe XXHash64.absorb($0, into: hash) }
        hash = (hash ^ (hash >> 33)) &* XXHash64.prime2
        hash = (hash ^ (hash >> 29)) &* XXHash64.prime3
        return hash ^ (hash >> 32)
    }

    private static func absorb(_ tail: UnsafeRawBufferPointer, into start: UInt64) -> UInt64 {
        var hash = start
        var offset = 0
        while tail.count - offset >= 8 {
            hash = unsafe rotate(hash ^ round(0, word(tail, offset)), 27) &* prime1 &+ prime4
            offset += 8
        }
        if tail.count - offset >= 4 {
            let half = unsafe UInt64(UInt32(littleEndian: tail.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
            hash = rotate(hash ^ (half &* prime1), 23) &* prime2 &+ prime3
            offset += 4
        }
        while offset < tail.count {
            hash = unsafe rotate(hash ^ (UInt64(tail[offset]) &* prime5), 11) &* prime1
            offset += 1
        }
        return hash
    }

    @inline(__always)
    private static func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
        unsafe UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    @inline(__always)
    private static func round(_ lane: UInt64, _ input: UInt64) -> UInt64 {
        rotate(lane &+ input &* prime2, 31) &* prime1
    }

    @inline(__always)
    private static func rotate(_ value: UInt64, _ count: UInt64) -> UInt64 {
        value &<< count | value &>> (64 - count)
    }
}
