/// A zip file of texts, stored without compression.
///
/// Source: PKWARE APPNOTE 6.3, sections 4.3.7 (local headers), 4.3.12 and 4.3.16 (central directory).
struct StoredZip {
    /// The file.
    private(set) var bytes: [UInt8] = []

    /// Packs `files`, by the alphabet of their names.
    init(_ files: [String: String]) {
        var directory: [UInt8] = []
        for (name, text) in files.sorted(by: { $0.key < $1.key }) {
            let content = Array(text.utf8)
            let offset = UInt32(bytes.count)
            let fields: [[UInt8]] = [
                Self.little(UInt16(20)), Self.little(UInt16(0)), Self.little(UInt16(0)), Self.little(UInt32(0)),
                Self.little(Self.checksum(content)), Self.little(UInt32(content.count)),
                Self.little(UInt32(content.count)), Self.little(UInt16(name.utf8.count)), Self.little(UInt16(0)),
            ]
            bytes += [0x50, 0x4B, 3, 4] + fields.joined() + Array(name.utf8) + content
            directory += [0x50, 0x4B, 1, 2] + Self.little(UInt16(20)) + fields.joined()
            directory += [UInt8](repeating: 0, count: 10) + Self.little(offset) + Array(name.utf8)
        }
        let start = UInt32(bytes.count)
        let count = UInt16(files.count)
        bytes += directory
        bytes += [0x50, 0x4B, 5, 6, 0, 0, 0, 0] + Self.little(count) + Self.little(count)
        bytes += Self.little(UInt32(directory.count)) + Self.little(start) + [0, 0]
    }

    private static func little<Number: FixedWidthInteger>(_ value: Number) -> [UInt8] {
        (0..<Number.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> Number($0 * 8)) }
    }

    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~0) { sum, byte in
            (0..<8).reduce(sum ^ UInt32(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
        }
    }
}
