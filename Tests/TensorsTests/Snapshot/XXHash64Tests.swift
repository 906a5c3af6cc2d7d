import Tensors
import TestSupport
import Testing

@Suite("XXH64")
struct XXHash64Tests {
    /// The specification's sanity buffer: bytes from a generator of 64-bit products.
    private func sanityBuffer(_ count: Int) -> [UInt8] {
        var state: UInt64 = 2_654_435_761
        return (0..<count).map { _ in
            defer { state = state &* 11_400_714_785_074_694_797 }
            return UInt8(truncatingIfNeeded: state >> 56)
        }
    }

    @Test(
        "agrees with the reference implementation",
        arguments: [
            ("", 0xEF46_DB37_51D8_E999), ("a", 0xD24E_C4F1_A98C_6E5B), ("abc", 0x44BC_2CF5_AD77_0999),
            ("Nobody inspects the spammish repetition", 0xFBCE_A83C_8A37_8BF1),
        ] as [(String, UInt64)])
    func knownAnswers(text: String, hash: UInt64) {
        let bytes = Array(text.utf8)
        #expect(XXHash64.hash(bytes) == hash)
    }

    @Test("does not depend on how the bytes were cut", arguments: [0, 1, 7, 31, 32, 33, 64, 100, 1000, 4097])
    func pieces(count: Int) {
        let bytes = sanityBuffer(count)
        let whole = XXHash64.hash(bytes)
        for piece in [1, 3, 31, 32, 33, 500] {
            var hash = XXHash64()
            var start = 0
            while start < count {
                let end = min(start + piece, count)
                unsafe hash.update(bytes.span.bytes.extracting(start..<end))
                start = end
            }
            #expect(hash.value == whole)
        }
    }

    @Test("every single flipped bit changes the hash")
    func flips() {
        var bytes = sanityBuffer(200)
        let whole = XXHash64.hash(bytes)
        for bit in 0..<bytes.count * 8 {
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(XXHash64.hash(bytes) != whole)
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
        }
    }
}
