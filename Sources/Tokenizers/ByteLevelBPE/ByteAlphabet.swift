/// The printable alphabet in which byte-level vocabularies are written: one character for each of the 256 bytes.
///
/// Printable Latin-1 characters stand for their own byte; the other 68 bytes get U+0100, U+0101, … in order, so that
/// a space is written `Ġ`. Source: Radford et al. 2019, GPT-2 (`encoder.py`).
enum ByteAlphabet {
    /// The scalar that stands for each byte.
    static let scalars: [UInt32] = {
        var next: UInt32 = 0x100
        return (0..<256).map { (byte: UInt32) in
            if isPrintable(byte) { return byte }
            defer { next += 1 }
            return next
        }
    }()

    /// The byte of each scalar below U+0144, -1 where a scalar stands for none.
    private static let bytes: [Int16] = {
        var bytes = Array(repeating: Int16(-1), count: 0x144)
        for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar)] = Int16(byte) }
        return bytes
    }()

    private static func isPrintable(_ byte: UInt32) -> Bool {
        (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || (0xAE...0xFF).contains(byte)
    }

    /// How a byte is written in a vocabulary, as UTF-8.
    static func encoded(_ byte: UInt8) -> [UInt8] {
        var result: [UInt8] = []
        result.append(scalar: scalars[Int(byte)])
        return result
    }

    /// The bytes that an entry stands for.
    ///
    /// A character outside of the alphabet stands for its own UTF-8 bytes.
    static func decoded(_ entry: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(entry.count)
        for scalar in String(decoding: entry, as: UTF8.self).unicodeScalars {
            if scalar.value < 0x144, bytes[Int(scalar.value)] >= 0 {
                result.append(UInt8(bytes[Int(scalar.value)]))
            } else {
                result.append(scalar: scalar.value)
            }
        }
        return result
    }
}
